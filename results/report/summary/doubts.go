package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Mark follows a line of figures if a run behind them is SUSPECT. The notes below the table begin
// with it.
const Mark = "*"

// Doubted returns the marks for a mode's figures of some rungs: for what the load saw, and for what
// the server used.
func Doubted(r *results.Record, w results.Workload, mode string, of ...results.RungKey) (load, server string) {
	for _, t := range r.Trials {
		if t.Workload != w.Name || t.Mode != mode {
			continue
		}
		for _, at := range of {
			rung, ok := t.Rung(at)
			if !ok || rung.Trust == nil {
				continue
			}
			for _, rule := range results.Rules {
				if slices.Contains(rung.Trust.Rules, rule.Name) {
					load = Mark
					if !rule.LoadOnly {
						server = Mark
					}
				}
			}
		}
	}
	return load, server
}

// tally counts runs by mode.
type tally map[string]int

func (t tally) sum() (n int) {
	for _, of := range t {
		n += of
	}
	return n
}

// list returns "blocking 3, async 1", in the order of the table's columns; "" with one column.
func (t tally) list(r *results.Record) string {
	if len(r.Settings.Modes) < 2 {
		return ""
	}
	var parts []string
	for _, m := range r.Settings.Modes {
		if t[m.Name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", m.Name, t[m.Name]))
		}
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// Doubts returns the notes below a workload's table, one for each rule that fired, however often:
// first on SUSPECT runs behind some figure, then on VOID ones behind none, then on repeated ones.
func Doubts(r *results.Record, w results.Workload) []string {
	suspect, void, again := map[string]tally{}, map[string]tally{}, tally{}
	used, all := 0, 0
	add := func(to map[string]tally, rule, mode string) {
		if to[rule] == nil {
			to[rule] = tally{}
		}
		to[rule][mode]++
	}
	for _, t := range r.Trials {
		if t.Workload != w.Name {
			continue
		}
		for _, rung := range t.Rungs {
			all++
			if rung.Voided != nil {
				again[t.Mode]++
			}
			_, usable := t.Rung(results.RungKey{Load: rung.Load, Connections: rung.Connections})
			if usable {
				used++
			}
			if rung.Trust == nil {
				continue
			}
			for _, rule := range rung.Trust.Rules {
				switch {
				case rung.Trust.Status == results.Void:
					add(void, rule, t.Mode)
				case usable:
					add(suspect, rule, t.Mode)
				}
			}
		}
	}
	var notes []string
	for _, rule := range results.Rules {
		if n := suspect[rule.Name]; n != nil {
			notes = append(notes,
				fmt.Sprintf("%s SUSPECT: %d of %d runs%s: %s.", Mark, n.sum(), used, n.list(r), rule.Plain))
		}
	}
	for _, rule := range results.Rules {
		// a rule that never gives VOID fired beside one that did
		if n := void[rule.Name]; n != nil && rule.Void != "" {
			notes = append(notes,
				fmt.Sprintf("VOID, and left out: %d of %d runs%s: %s.", n.sum(), all, n.list(r), rule.Plain))
		}
	}
	if n := again.sum(); n > 0 {
		notes = append(notes,
			fmt.Sprintf("Repeated, because the first run was VOID: %d of %d runs%s.", n, all, again.list(r)))
	}
	return slices.Concat(notes, groups(r, w), fewer(r, w), few(r, w), offset(r, w))
}

// groups names the modes whose trials fall into two groups.
func groups(r *results.Record, w results.Workload) (notes []string) {
	for _, g := range r.Groups(w) {
		notes = append(notes,
			fmt.Sprintf(
				"Two groups: of the trials of %s %d took some %s the yardstick's CPU per request, and %d some %s: "+
					"its figures here depend on how many of either there were.", g.Mode, g.AtLow,
				unit.Times(g.Low), g.AtHigh, unit.Times(g.High)))
	}
	return notes
}

// fewer says that a figure has so few rounds left that its interval is less certain than the page's
// head says.
func fewer(r *results.Record, w results.Workload) []string {
	of := func(rounds int) float64 { return stat.Median(make([]float64, rounds)).Confidence }
	least := r.Settings.Rounds
	for _, m := range r.Settings.Modes {
		for _, at := range []results.RungKey{results.ClosedAt(w.Base), results.AtCommon} {
			if n := len(r.Values(w.Name, m.Name, at, results.Throughput)); n > 0 {
				least = min(least, n)
			}
		}
	}
	if least == 0 || of(least) >= min(stat.Confidence, of(r.Settings.Rounds)) {
		return nil
	}
	if least == 1 {
		return []string{"Few rounds: of some figures one is left, which has no interval."}
	}
	return []string{
		fmt.Sprintf(
			"Few rounds: of some figures %d are left: there ± is the range of these, a %s interval.", least,
			Confidence(of(least)))}
}
