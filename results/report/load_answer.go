package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// loadAnswer is what a load comes to, for people.
func loadAnswer(r *results.LoadRun) string {
	answered := r.Requests - r.Errors
	switch {
	case r.Capacity != nil:
		return capacityAnswer(r.Capacity)
	case r.Ramp != nil && r.Requests > r.Errors && !r.Partial:
		return rampAnswer(r)
	case r.Requests == 0:
		return "No request was sent."
	case answered == 0:
		return fmt.Sprintf("No request was answered as it should be: %s failed (%s).", failed(r),
			strings.Join(slices.Sorted(maps.Keys(r.ErrorKinds)), ", "))
	}
	text := fmt.Sprintf("%s requests/s", unit.Rate(r.RateRPS))
	if r.OfferedRPS > 0 {
		all := "all answered"
		if answered < r.Requests+r.Unsent {
			all = fmt.Sprintf("%s of %s answered", unit.Count(answered), unit.Counted(r.Requests+r.Unsent, "request"))
		}
		text = fmt.Sprintf("%s requests/s offered, %s", unit.Rate(r.OfferedRPS), all)
	}
	text += ": " + spread(answered, r.LatencyUS)
	if r.Errors == 0 {
		return text + "; no errors."
	}
	return text + fmt.Sprintf("; %s failed (%s).", failed(r), unit.Share(r.Errors, r.Requests))
}

func failed(r *results.LoadRun) string { return unit.Counted(r.Errors, "request") }

// spread says how long the usual request took, and how long the slow ones did, as far as so many
// requests tell.
func spread(n uint64, l results.Latency) string {
	var parts []string
	if results.Resolves(n, 50) {
		parts = append(parts, "half took no longer than "+unit.Micros(l.P50))
	}
	if results.Resolves(n, 99) {
		parts = append(parts, fmt.Sprintf("the slowest 1 in 100 took %s or more", unit.Micros(l.P99)))
	} else {
		parts = append(parts, "the slowest took "+unit.Micros(l.Max))
	}
	return strings.Join(parts, ", ")
}

func capacityAnswer(c *results.Capacity) string {
	slo := unit.Micros(c.SLOUS)
	switch {
	case c.RPS == 0:
		text := fmt.Sprintf("No capacity was found: no rate kept the slowest 1 in 100 within %s without an error.", slo)
		if c.FailsRPS > 0 {
			text += fmt.Sprintf(" At %s/s: %s.", unit.Rate(c.FailsRPS), c.Limit)
		}
		return text
	case c.FailsRPS == 0:
		return fmt.Sprintf("The server holds %s requests/s or more: 99 of 100 are answered within %s, and none fails.",
			unit.Rate(c.RPS), slo)
	}
	return fmt.Sprintf("The server holds %s requests/s: 99 of 100 are answered within %s, and none fails. "+
		"At %s/s it fails: %s.", unit.Rate(c.RPS), slo, unit.Rate(c.FailsRPS), c.Limit)
}

// loadFigures is the same in the field's terms, with the thresholds that were missed.
func loadFigures(r *results.LoadRun) string {
	var parts []string
	if c := r.Capacity; c != nil {
		parts = append(parts, fmt.Sprintf("capacity %s requests/s at p99 ≤ %s", unit.Rate(c.RPS), unit.Micros(c.SLOUS)))
	} else {
		parts = append(parts, unit.Rate(r.RateRPS)+" requests/s")
		for _, q := range []struct{ q, us float64 }{{50, r.LatencyUS.P50}, {99, r.LatencyUS.P99}} {
			if results.Resolves(r.Requests-r.Errors, q.q) {
				parts = append(parts, fmt.Sprintf("p%.0f %s", q.q, unit.Micros(q.us)))
			}
		}
		parts = append(parts, unit.Counted(r.Errors, "error"))
	}
	return concluded(r, strings.Join(parts, ", "))
}

// concluded adds the thresholds that were missed, and how far the figures can be trusted.
func concluded(r *results.LoadRun, text string) string {
	missed := 0
	for _, t := range r.Thresholds {
		if t.Missed() {
			missed++
		}
	}
	if missed > 0 {
		text += fmt.Sprintf(", %d of %s missed", missed, unit.Counted(len(r.Thresholds), "threshold"))
	}
	text += "."
	switch r.Trust.Status {
	case results.Void:
		return "do not use these figures: " + text
	case results.Suspect:
		return text + " Something disturbed the measurement: see above."
	}
	return text
}
