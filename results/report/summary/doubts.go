package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// Mark stands behind a line of figures when a run behind them is SUSPECT; the notes below the table
// begin with it.
const Mark = "*"

// Doubted gives the marks for a mode's figures of some rungs: those of what the load saw, and those
// of what the server used.
func Doubted(r *results.Record, w results.Workload, mode string, of ...results.At) (load, server string) {
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

// tally counts runs, by mode.
type tally map[string]int

func (t tally) sum() (n int) {
	for _, of := range t {
		n += of
	}
	return n
}

// list is "blocking 3, async 1", in the order of the table's columns; with one column, nothing.
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

// Doubts are the notes below a workload's table, one for each rule that fired, however often: first
// on the SUSPECT runs that are in some figure, then on the VOID ones that are in no figure, then on
// those that were made again.
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
			_, usable := t.Rung(results.At{Load: rung.Load, Connections: rung.Connections})
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
		if n := void[rule.Name]; n != nil && rule.Void != "" { // one that never gives VOID fired beside one that did
			notes = append(notes,
				fmt.Sprintf("VOID, and left out: %d of %d runs%s: %s.", n.sum(), all, n.list(r), rule.Plain))
		}
	}
	if n := again.sum(); n > 0 {
		notes = append(notes,
			fmt.Sprintf("Repeated, because the first run was VOID: %d of %d runs%s.", n, all, again.list(r)))
	}
	return slices.Concat(notes, groups(r, w), fewer(r, w), offset(r, w))
}

// groups says of which modes the trials fall into two groups.
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

// fewer says it where so few rounds are left of a figure that its interval is less sure than the
// page's head says.
func fewer(r *results.Record, w results.Workload) []string {
	of := func(rounds int) float64 { return stat.Median(make([]float64, rounds)).Confidence }
	least := r.Settings.Rounds
	for _, m := range r.Settings.Modes {
		for _, at := range []results.At{results.Conns(w.Base), results.AtCommon} {
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
