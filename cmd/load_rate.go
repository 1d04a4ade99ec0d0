package cmd

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nodecompare/loadgen"
)

// rateFlag is an attack's rate: one number, or two that begin and end a ramp.
type rateFlag loadgen.Attack

func (r *rateFlag) Set(text string) error {
	from, to, ramp := strings.Cut(text, "..")
	var err error
	if r.Rate, err = strconv.ParseFloat(from, 64); err == nil {
		if r.To = 0; ramp {
			r.To, err = strconv.ParseFloat(to, 64)
		}
	}
	if err != nil {
		return fmt.Errorf("%q is no rate: give a number, as in 2000, or two for a ramp, as in 100..5000", text)
	}
	if ramp && !(r.To > 0 && !math.IsInf(r.To, 0)) {
		return fmt.Errorf("%q: a ramp ends above 0", text)
	}
	return nil
}

func (r *rateFlag) String() string {
	if r.To > 0 {
		return fmt.Sprintf("%v..%v", r.Rate, r.To)
	}
	return fmt.Sprint(r.Rate)
}

func (*rateFlag) Type() string { return "RATE" }
