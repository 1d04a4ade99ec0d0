package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// flagKinds say how to write a flag's value, by its type.
var flagKinds = map[string]string{
	"int": "a whole number", "uint64": "a whole number", "intSlice": "whole numbers with commas between them",
	"float64": "a number", "bool": "true or false",
	"duration":      "a time with its unit, such as 500ms, 5s or 1m",
	"durationSlice": "times with their units, such as 0,5ms,1s",
}

// flagError says what is wrong with a flag's value in words of this program: pflag quotes the
// functions of Go's library that did not take it.
func flagError(err error) error {
	invalid, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	flag, value := invalid.GetFlag(), invalid.GetValue()
	kind, ok := flagKinds[flag.Value.Type()]
	if !ok { // one of this program's own, which says what it wants
		return fmt.Errorf("--%s=%s: %w", flag.Name, value, invalid.Unwrap())
	}
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("--%s=%s: that is too large", flag.Name, value)
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil && strings.HasPrefix(flag.Value.Type(), "duration") {
		return fmt.Errorf("--%s=%s: the unit is missing: %ss or %sms?", flag.Name, value, value, value)
	}
	return fmt.Errorf("--%s=%s: give %s", flag.Name, value, kind)
}

// atLeastOne refuses a count of nothing where somebody asked for one.
func atLeastOne(flags *pflag.FlagSet, name, most string) error {
	if f := flags.Lookup(name); f.Changed && f.Value.String() == "0" {
		return exitError{exitUsage, fmt.Errorf("--%s=0: %s", name, most)}
	}
	return nil
}
