package summary

import (
	"fmt"
	"slices"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// A bench of one mode against itself (--null) has another table: how much each figure differs
// though nothing does.

// NullHead heads the columns of NullRows.
var NullHead = []string{"Figure", "Load", "Noise", "Detectable from"}

// NullRows returns the smallest differences that this machine can tell from noise.
func NullRows(v results.Verdict) [][]string {
	var rows [][]string
	for _, s := range v.Detectable {
		rows = append(rows,
			[]string{s.Metric, LoadName(s.At), "±" + unit.Difference(s.Ratio),
				unit.Difference(s.Ratio * (1 + s.Floor))})
	}
	return rows
}

// tells says in one line what this machine can tell, for the first figure that words rest on.
func tells(v results.Verdict) []string {
	i := slices.IndexFunc(v.Detectable, func(s results.MinDetectable) bool { return s.Rests })
	if i < 0 {
		return nil
	}
	s := v.Detectable[i]
	return []string{fmt.Sprintf("This machine can detect a difference of about %[2]s or more in %[1]s, in %[3]s.",
		s.Metric, unit.Difference(s.Ratio*(1+s.Floor)), unit.Counted(s.Rounds, "round"))}
}

// LoadName names a rung.
func LoadName(at results.RungKey) string {
	if at.Load == results.Closed {
		return unit.Counted(at.Connections, "connection")
	}
	return at.Load
}

// NullNotes explain the table, and say whether the verdicts rightly found no difference.
func NullNotes(r *results.Record, v results.Verdict) []string {
	var all []string
	if len(v.Detectable) == 0 {
		all = append(all, "NOTHING FOUND: intervals need six usable rounds, and there were fewer: "+
			"give --rounds=6 or more.")
	} else {
		all = append(all, tells(v)...)
		all = append(all, fmt.Sprintf("Noise: how far apart two columns of the same mode come out by chance: "+
			"half of the 95%% interval of their ratio over %s, of 99%% where words rest on it.",
			unit.Counted(v.Detectable[0].Rounds, "round")),
			"Detectable from: about the smallest difference between two modes that would be reported here. "+
				"It is beyond the noise, and large enough to matter.")
	}
	for _, f := range v.Findings {
		if f.Row == results.RowExecution {
			continue
		}
		alarm := slices.ContainsFunc(f.Words, func(w results.Word) bool {
			return w.Word != results.NoDifference && w.Word != results.CannotTell && w.Word != ""
		})
		if alarm {
			all = append(all, "FALSE ALARM: "+f.Row+" says that the columns differ, though all of them are one mode.")
		}
	}
	return all
}
