package html

import (
	"fmt"
	"math"
	"slices"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// timeline is what went on in each of a workload's trials, for the reader to choose from.
type timeline struct {
	ID     string          `json:"id"`
	Trials []trialTimeline `json:"trials"`
	Tracks []track         `json:"tracks"`
}

// track is one of the plots that a timeline is made of.
type track struct {
	ID     string `json:"id"`
	Figure string `json:"figure"`
	Title  string `json:"title"`
	Unit   string `json:"unit"`
}

type trialTimeline struct {
	Name  string         `json:"name"`
	Mode  int            `json:"mode"`
	Rungs []rungTimeline `json:"rungs"`
}

// rungTimeline is one rung: figures every Step seconds from From on. One that is VOID has none.
type rungTimeline struct {
	Name    string       `json:"name"`
	From    plotNumber   `json:"from"`
	To      plotNumber   `json:"to"`
	Step    plotNumber   `json:"step"`
	Void    bool         `json:"void,omitempty"`
	Rate    []plotNumber `json:"rate"`
	Cores   []plotNumber `json:"cores"` // CPU time per time: of how many cores the server had the use
	Threads []plotNumber `json:"threads"`
}

const (
	timelinePoints = 14_000 // of all trials of a record together, with three figures each
	timelineFinest = 60     // points of a rung, about as many as its place on the page can show
	timelineLeast  = 6
)

// trialTimelines thins each rung's timeline so that the page stays small however many trials there
// are.
func trialTimelines(r *results.Record, w results.Workload, id string) timeline {
	rungs := 0
	for _, t := range r.Trials {
		rungs += len(t.Rungs)
	}
	points := max(timelineLeast, min(timelineFinest, timelinePoints/max(1, rungs)))
	all := timeline{ID: id + "-timeline"}
	for _, t := range r.Trials {
		mode := modeIndex(r, t.Mode)
		if t.Workload != w.Name || mode < 0 {
			continue
		}
		of := trialTimeline{Name: fmt.Sprintf("%s, round %d", t.Mode, t.Round), Mode: mode}
		any := false
		for _, rung := range t.Rungs {
			if rung.Timeline == nil || rung.Timeline.IntervalS <= 0 {
				continue
			}
			any = true
			of.Rungs = append(of.Rungs, thinned(rung, points))
		}
		if any {
			all.Trials = append(all.Trials, of)
		}
	}
	all.addTracks(w)
	return all
}

// addTracks names the plots for which any trial has figures.
func (h *timeline) addTracks(w results.Workload) {
	for _, track := range []struct {
		track
		of func(rungTimeline) []plotNumber
	}{
		{track{h.ID + "-rate", "rate", "Throughput", summary.InTerms(w, "requests per second")},
			func(r rungTimeline) []plotNumber { return r.Rate }},
		{track{h.ID + "-cores", "cores", "CPU", "cores that the server used"},
			func(r rungTimeline) []plotNumber { return r.Cores }},
		{track{h.ID + "-threads", "threads", "Threads", "threads of the operating system"},
			func(r rungTimeline) []plotNumber { return r.Threads }},
	} {
		if slices.ContainsFunc(h.Trials, func(t trialTimeline) bool {
			return slices.ContainsFunc(t.Rungs, func(r rungTimeline) bool { return len(track.of(r)) > 0 })
		}) {
			h.Tracks = append(h.Tracks, track.track)
		}
	}
}

// ended returns when a run was over, in seconds from its start, which cuts the last interval of its
// timeline short. Older records do not say when the last answer came: there that interval is whole.
func ended(rung results.Rung) float64 {
	n := float64(len(rung.Timeline.Requests))
	last := max(rung.ElapsedS, rung.EndedS)
	if last <= (n-1)*rung.Timeline.IntervalS {
		return n * rung.Timeline.IntervalS
	}
	return last
}

// thinned joins neighbouring intervals until there are no more than points of them. The sums stay
// what they were, and of threads it is the most. A rest that is shorter than half a point's time
// belongs to the point before it.
func thinned(rung results.Rung, points int) rungTimeline {
	line := rung.Timeline
	n := len(line.Requests)
	each := max(1, (n+points-1)/points)
	step := line.IntervalS * float64(each)
	end := ended(rung)
	r := rungTimeline{
		Name: rungName(rung), From: plotNumber(rung.StartS), To: plotNumber(rung.StartS + end),
		Step: plotNumber(step), Void: rung.Trust != nil && rung.Trust.Status == results.Void,
	}
	if r.Void {
		return r
	}
	for from, to := 0, 0; from < n; from = to {
		to = min(from+each, n)
		if end-line.IntervalS*float64(to) < step/2 { // what is left is too short for a rate of its own
			to = n
		}
		seconds := min(line.IntervalS*float64(to), end) - line.IntervalS*float64(from)
		requests, cpu, threads := uint64(0), 0.0, 0
		for i := from; i < to; i++ {
			requests += line.Requests[i]
			if i < len(line.CPUS) {
				cpu += line.CPUS[i]
			}
			if i < len(line.Threads) {
				threads = max(threads, line.Threads[i])
			}
		}
		r.Rate = append(r.Rate, coarse(float64(requests)/seconds))
		if len(line.CPUS) > 0 {
			r.Cores = append(r.Cores, coarse(cpu/seconds))
		}
		if len(line.Threads) > 0 {
			r.Threads = append(r.Threads, plotNumber(threads))
		}
	}
	return r
}

// coarse keeps three digits, which is more than a timeline shows: what varies by chance is most of
// the page.
func coarse(v float64) plotNumber {
	if v == 0 {
		return 0
	}
	one := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
	return plotNumber(math.Round(v/one) * one)
}

// rungName is "64" for a closed load, and the load's name for an open one.
func rungName(r results.Rung) string {
	if r.Load == results.Closed {
		return unit.Count(r.Connections)
	}
	return r.Load
}
