package summary

import (
	"fmt"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// offsetShare is the part of a latency from which the machine's offset is worth mentioning.
const offsetShare = 0.1

// offset names the latencies of a workload's table to which the machine's own delay may contribute
// noticeably. It says nothing if the delay is unknown.
func offset(r *results.Record, w results.Workload) []string {
	if r.Selftest == nil || r.Selftest.OffsetUS <= 0 {
		return nil
	}
	var concerned []string
	for _, s := range latenciesShown(r, w) {
		var names []string
		for _, f := range s.figures {
			if offsetMatters(r, w, s.at, f) {
				names = append(names, f.Name)
			}
		}
		if names != nil {
			concerned = append(concerned, strings.Join(names, " and ")+" "+s.where)
		}
	}
	if concerned == nil {
		return nil
	}
	return []string{fmt.Sprintf(
		"Offset: on this machine a request may take %s longer with nothing wrong, in all modes alike, since "+
			"timers and threads wake up late. That is a tenth or more of: %s.",
		unit.Micros(r.Selftest.OffsetUS), strings.Join(concerned, ", "))}
}

// offsetMatters reports whether the offset is a noticeable part of some mode's latency.
func offsetMatters(r *results.Record, w results.Workload, at results.RungKey, f results.Figure) bool {
	for _, m := range r.Settings.Modes {
		if e, ok := r.Estimate(w.Name, m.Name, at, f); ok && r.Selftest.OffsetUS >= offsetShare*e.Value {
			return true
		}
	}
	return false
}
