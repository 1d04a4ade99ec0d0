package gate

import (
	"slices"
	"time"

	"nodecompare/results"
	"nodecompare/results/stat"
)

// History is what several records say one after the other, the oldest first.
type History struct {
	Moments []Moment `json:"moments"`
	Lines   []Line   `json:"lines"`
	// Since is the first record from which on each can be compared with the one before it.
	Since  int     `json:"since"`
	Latest *Result `json:"latest,omitempty"` // the latest record against that one; nil where they are the same
}

// Moment is a record of a history.
type Moment struct {
	Side
	Name string `json:"name"` // of its file
	// why it cannot be compared with the one before; empty where it can
	Apart []string `json:"apart,omitempty"`
}

// Line is a figure of one mode on one workload, from record to record.
type Line struct {
	Workload     string          `json:"workload"`
	Mode         string          `json:"mode"`
	Metric       string          `json:"metric"`
	At           results.RungKey `json:"at"`
	Unit         string          `json:"unit"`
	LessIsBetter bool            `json:"less_is_better"`
	// Relative says that the figures are those that the server would have with the yardstick as
	// fast as in the first record that these can be compared with.
	Relative bool            `json:"relative"`
	Figures  []stat.Estimate `json:"figures"` // one a moment; n is 0 where a record has none
}

// Named is a record and the name of its file.
type Named struct {
	Name string
	*results.Record
}

// Trace follows each figure that a gate looks at through some records. It sorts them by when they
// were made.
func Trace(records []Named) History {
	slices.SortStableFunc(records, func(a, b Named) int { return a.Started.Compare(b.Started) })
	h := History{Moments: []Moment{}, Lines: []Line{}}
	for i, r := range records {
		m := Moment{Side: side(r.Record), Name: r.Name}
		if i > 0 {
			m.Apart = incomparable(records[i-1].Record, r.Record)
		}
		if len(m.Apart) > 0 {
			h.Since = i
		}
		h.Moments = append(h.Moments, m)
	}
	if last := len(records) - 1; last > h.Since {
		latest := Compare(records[h.Since].Record, records[last].Record)
		h.Latest = &latest
	}
	for _, p := range pairsOf(records) {
		for _, metric := range Metrics {
			for _, at := range metric.places(p, records) {
				l := metric.line(p, at, records, h.Moments)
				if !slices.ContainsFunc(h.Lines, l.same) && slices.ContainsFunc(l.Figures, known) {
					h.Lines = append(h.Lines, l)
				}
			}
		}
	}
	return h
}

func known(e stat.Estimate) bool { return e.N > 0 }

func (l Line) same(o Line) bool {
	return l.Workload == o.Workload && l.Mode == o.Mode && l.Metric == o.Metric && l.At == o.At
}

// pairsOf are the modes and workloads of all records, in the order of the latest.
func pairsOf(records []Named) (all []Pair) {
	for _, r := range slices.Backward(records) {
		for _, w := range r.Settings.Workloads {
			for _, m := range r.Settings.Modes {
				if p := (Pair{w.Name, m.Name}); measured(r.Record, p.Workload, p.Mode) && !slices.Contains(all, p) {
					all = append(all, p)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Pair) int { return firstOf(all, a) - firstOf(all, b) })
	return all
}

// firstOf is where the first pair of a workload stands.
func firstOf(all []Pair, p Pair) int {
	return slices.IndexFunc(all, func(o Pair) bool { return o.Workload == p.Workload })
}

// places returns where the records read a metric of a pair: one place, as long as ladders stay the
// same.
func (m Metric) places(p Pair, records []Named) (all []results.RungKey) {
	for _, r := range records {
		if w, ok := workloadOf(r.Record, p); ok && !slices.Contains(all, m.at(w)) {
			all = append(all, m.at(w))
		}
	}
	return all
}

func workloadOf(r *results.Record, p Pair) (results.Workload, bool) {
	i := slices.IndexFunc(r.Settings.Workloads, func(w results.Workload) bool { return w.Name == p.Workload })
	if i < 0 || !measured(r, p.Workload, p.Mode) {
		return results.Workload{}, false
	}
	return r.Settings.Workloads[i], true
}

// line reads a metric of all records. Figures over the yardstick's are brought back to the measured
// ones of the first record that they can be compared with.
func (m Metric) line(p Pair, at results.RungKey, records []Named, moments []Moment) Line {
	l := Line{Workload: p.Workload, Mode: p.Mode, Metric: m.Name, At: at, Unit: m.Unit,
		LessIsBetter: m.LessIsBetter, Relative: m.relative != nil && !m.milder}
	samples := make([]sample, len(records))
	for i, r := range records {
		if w, ok := workloadOf(r.Record, p); ok && m.at(w) == at {
			samples[i] = m.sample(r.Trials, w, p.Mode)
		}
		l.Relative = l.Relative && !samples[i].alone()
	}
	scale := 0.0
	for i, s := range samples {
		if len(moments[i].Apart) > 0 {
			scale = 0
		}
		e := stat.Median(s.seen)
		if over := stat.Median(s.relative); l.Relative && e.N > 0 {
			if scale == 0 {
				scale = e.Value / over.Value
			}
			over.Value, over.Low, over.High = scale*over.Value, scale*over.Low, scale*over.High
			e = over
		}
		l.Figures = append(l.Figures, e)
	}
	return l
}

// Span is from the first record to the last.
func (h History) Span() (from, to time.Time) {
	return h.Moments[0].Started, h.Moments[len(h.Moments)-1].Started
}
