package cmd

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"nodecompare/cmd/fileio"
	"nodecompare/cmd/lookup"
)

// mostConfig bounds the size of a settings file.
const mostConfig = 1 << 20

// configurable gives a command the flag --config: a TOML file whose keys are the command's flags.
// The command line takes precedence over the file.
func configurable(c *cobra.Command) {
	path := c.Flags().String("config", "", "take flags that are not given from this TOML `file`: a key for each")
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		if *path == "" {
			return nil
		}
		text, err := fileio.Read(c.Context(), *path)
		if err != nil {
			return fmt.Errorf("--config: %w", err)
		}
		if err := configure(c, *path, text); err != nil {
			return exitError{exitUsage, err}
		}
		return nil
	}
}

// configure sets the flags that a file names. Errors say where in the file.
func configure(c *cobra.Command, path string, text []byte) error {
	if len(text) > mostConfig {
		return fmt.Errorf("--config: %s holds more than %d MiB, which is the most", path, mostConfig>>20)
	}
	settings, err := readSettings(text)
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := at.Position()
		return fmt.Errorf("%s:%d: %w", path, line, err)
	}
	if err != nil {
		return fmt.Errorf("%s:%w", path, err)
	}
	for _, s := range settings {
		if err := s.apply(c.Flags()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, s.line, err)
		}
	}
	return nil
}

// setting is a file's value of one flag.
type setting struct {
	flag   string
	line   int // where the file first names it
	values []string
	many   bool // an array or a table
}

// readSettings reads a file, in its order. An entry of a table is the flag's NAME=VALUE, and a
// nested table's name has colons between its parts: an entry below [path.mine] is --path
// mine:WORKLOAD.
func readSettings(text []byte) ([]setting, error) {
	// it detects more mistakes than the parser below
	if err := toml.Unmarshal(text, &map[string]any{}); err != nil {
		return nil, err
	}
	var all []setting
	var table []string
	p := unstable.Parser{}
	p.Reset(text)
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = keyOf(e)
		case unstable.ArrayTable:
			return nil,
				fmt.Errorf("%d: [[%s]] is no table of a flag: write [%[2]s]", lineOf(&p, e),
					strings.Join(keyOf(e), "."))
		case unstable.KeyValue:
			var err error
			if all, err = add(all, &p, table, e); err != nil {
				return nil, err
			}
		}
	}
	return all, p.Error()
}

// add adds a key of a table with its value.
func add(all []setting, p *unstable.Parser, table []string, e *unstable.Node) ([]setting, error) {
	key := slices.Concat(table, keyOf(e))
	if e.Value().Kind == unstable.InlineTable {
		for each := e.Value().Children(); each.Next(); {
			var err error
			if all, err = add(all, p, key, each.Node()); err != nil {
				return nil, err
			}
		}
		return all, nil
	}
	line := lineOf(p, e)
	values, err := valuesOf(e.Value())
	if err != nil {
		return nil, fmt.Errorf("%d: %s: %w", line, strings.Join(key, "."), err)
	}
	s := setting{key[0], line, values, e.Value().Kind == unstable.Array}
	if len(key) > 1 {
		if s.many {
			return nil, fmt.Errorf("%d: %s: an entry of a table has one value", line, strings.Join(key, "."))
		}
		s.many, s.values = true, []string{strings.Join(key[1:], ":") + "=" + values[0]}
	}
	if i := slices.IndexFunc(all, func(other setting) bool { return other.flag == s.flag }); i >= 0 {
		all[i].values = append(all[i].values, s.values...)
		return all, nil
	}
	return append(all, s), nil
}

func keyOf(e *unstable.Node) (parts []string) {
	for key := e.Key(); key.Next(); {
		parts = append(parts, string(key.Node().Data))
	}
	return parts
}

func lineOf(p *unstable.Parser, e *unstable.Node) int {
	key := e.Key()
	key.Next()
	return p.Shape(key.Node().Raw).Start.Line
}

var errNoValue = errors.New("a flag's value is a text, a number, true or false, or an array of them")

// valuesOf returns a value, or the values of an array.
func valuesOf(v *unstable.Node) ([]string, error) {
	switch v.Kind {
	case unstable.String, unstable.Integer, unstable.Float, unstable.Bool:
		return []string{string(v.Data)}, nil
	case unstable.Array:
		var all []string
		for each := v.Children(); each.Next(); {
			one, err := valuesOf(each.Node())
			if err != nil {
				return nil, err
			}
			if each.Node().Kind == unstable.Array {
				return nil, errNoValue
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, errNoValue
}

// apply sets the flag, unless the command line has set it.
func (s setting) apply(flags *pflag.FlagSet) error {
	f := flags.Lookup(s.flag)
	if f == nil || f.Name == "config" || f.Name == "help" {
		return fmt.Errorf("there is no flag --%s%s", s.flag, nearFlag(flags, s.flag))
	}
	if f.Changed {
		return nil
	}
	if !s.many {
		return flagError(flags.Set(f.Name, s.values[0]))
	}
	list, ok := f.Value.(pflag.SliceValue)
	if !ok {
		return fmt.Errorf("--%s has one value, and is no array or table", f.Name)
	}
	if err := list.Replace(s.values); err != nil {
		return fmt.Errorf("--%s: give %s", f.Name, cmp.Or(flagKinds[f.Value.Type()], err.Error()))
	}
	f.Changed = true
	return nil
}

// nearFlag asks whether a flag with a similar name was meant.
func nearFlag(flags *pflag.FlagSet, name string) string {
	var known []string
	flags.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := lookup.Near(name, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}
