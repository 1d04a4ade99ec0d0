package html

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// runsTable has every run of a workload as it was measured, in the order in which they ran, VOID
// ones and all.
func runsTable(r *results.Record, w results.Workload) dataTable {
	t := dataTable{
		Long:    true,
		Caption: "Every run of " + w.Name + ", in the order in which they ran",
		Head: []string{"Trial", "Load", "Connections", "Requests/s", "p50", "p99", "CPU/request",
			"Threads", "Memory", "Errors", "Trust"},
	}
	for _, trial := range r.Trials {
		if trial.Workload != w.Name {
			continue
		}
		name := fmt.Sprintf("%s, round %d", trial.Mode, trial.Round)
		for _, rung := range trial.Rungs {
			t.Rows = append(t.Rows, runRow(name, trial, rung))
		}
		if len(trial.Rungs) == 0 {
			t.Rows = append(t.Rows,
				dataRow{Name: name, Void: true,
					Cells: plainCells(unit.Missing, unit.Missing, unit.Missing, unit.Missing, unit.Missing,
						unit.Missing, unit.Missing, unit.Missing, unit.Missing, became(trial))})
		}
	}
	return t
}

func runRow(name string, trial results.Trial, rung results.Rung) dataRow {
	at := results.RungKey{Load: rung.Load, Connections: rung.Connections}
	_, usable := trial.Rung(at)
	figure := func(f results.Figure) string {
		if v, ok := f.Read(rung); ok {
			return unit.Writer(f.Unit)(v)
		}
		return unit.Missing
	}
	return dataRow{Name: name, Void: !usable, Cells: plainCells(
		rung.Load, unit.Count(rung.Connections),
		figure(results.Throughput), figure(results.P50), figure(results.P99), figure(results.CPUPerRequest),
		figure(results.Threads), figure(results.Memory), unit.Count(rung.Errors), trustOf(trial, rung),
	)}
}

// trustOf is the word of a run, and the rules behind it.
func trustOf(trial results.Trial, rung results.Rung) string {
	word := unit.Missing
	if rung.Trust != nil {
		word = rung.Trust.Status
		if len(rung.Trust.Rules) > 0 {
			word += ": " + strings.Join(rung.Trust.Rules, ", ")
		}
	}
	if rung.Voided != nil {
		word += " (repeated)"
	}
	if of := became(trial); of != "" {
		word += " (its trial: " + of + ")"
	}
	return word
}

// became says what became of a trial that did not end as it should.
func became(t results.Trial) string {
	switch {
	case t.Lost != "":
		return "lost"
	case t.Failure != "":
		return "failed"
	case t.Interrupted:
		return "interrupted"
	}
	return ""
}
