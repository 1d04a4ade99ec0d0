package report

import (
	"cmp"
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// thresholds writes a line for each threshold: ✓ p99 18 ms, at most 20 ms.
func (p *page) thresholds(r *results.LoadRun) {
	name := "thresholds"
	for _, t := range r.Thresholds {
		text := Threshold(t)
		switch {
		case t.Met == nil:
			text = p.paint(lesser, "?") + " " + text + ": not decided, since " + undecided(r)
		case *t.Met:
			text = p.paint(good, "✓") + " " + text
		default:
			text = p.paint(bad, "✗") + " " + text
		}
		p.field(name, text)
		name = ""
	}
}

func undecided(r *results.LoadRun) string {
	switch {
	case r.Trust.Status == results.Void:
		return "the measurement is VOID"
	case r.Partial:
		return "the load was interrupted"
	}
	return "no rate met the objective"
}

// Threshold describes a threshold with its figure: p99 18 ms, at most 20 ms.
func Threshold(t results.Threshold) string {
	kind, figure, _ := strings.Cut(t.Name, "-")
	bound := "at most"
	if kind == "min" {
		bound = "at least"
	}
	if figure == "p999" {
		figure = "p99.9"
	}
	if t.Value == nil {
		return fmt.Sprintf("%s unknown, as %s; %s %s", figure, cmp.Or(t.Unknown, "no request was answered"), bound,
			limit(t.Limit, t.Unit, unit.Small))
	}
	value, most := limit(*t.Value, t.Unit, unit.Small), limit(t.Limit, t.Unit, unit.Small)
	if value == most && t.Missed() { // a miss by less than three digits show
		exact := func(v float64) string { return unit.Number(unit.Short(v)) }
		value, most = limit(*t.Value, t.Unit, exact), limit(t.Limit, t.Unit, exact)
	}
	return fmt.Sprintf("%s %s, %s %s", figure, value, bound, most)
}

// limit writes a threshold's figure or limit.
func limit(v float64, of string, write func(float64) string) string {
	switch of {
	case "us":
		one := unit.Fitting(v, unit.Durations)
		return write(v/one.One) + " " + one.Name
	case "%":
		return write(v) + "%"
	}
	one := unit.Fitting(v, unit.Rates)
	return write(v/one.One) + one.Name + "/s"
}
