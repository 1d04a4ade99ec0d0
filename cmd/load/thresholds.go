package load

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"nodecompare/results"
)

// Limit is a threshold that users can set: its name, which is its flag's, and its figure.
type Limit struct {
	Name  string
	Help  string
	unit  string
	parse func(text string) (float64, error)
	read  func(*results.LoadRun) (value float64, ok bool)

	percentile float64 // of the latency, in percent; 0 for other figures
}

// Limits are all limits. A figure whose limit's name begins with max may be at most that; the
// others must be at least that.
var Limits = []Limit{
	ofLatency("max-p50", 50, func(l results.Latency) float64 { return l.P50 }),
	ofLatency("max-p90", 90, func(l results.Latency) float64 { return l.P90 }),
	ofLatency("max-p99", 99, func(l results.Latency) float64 { return l.P99 }),
	ofLatency("max-p999", 99.9, func(l results.Latency) float64 { return l.P999 }),
	{
		Name: "max-errors", Help: "fail if more than this `share` of the requests failed, e.g. 0.1%",
		unit: "%", parse: share,
		read: func(r *results.LoadRun) (float64, bool) {
			return 100 * float64(r.Errors) / float64(max(r.Requests, 1)), r.Requests > 0
		},
	},
	{
		Name: "max-missed",
		Help: "of subscribers and members: fail if more than this `share` of what was due never came, " +
			"e.g. 0%",
		unit: "%", parse: share,
		read: func(r *results.LoadRun) (float64, bool) {
			if r.Deliveries == nil || r.Requests == r.Errors {
				return 0, false
			}
			d := r.Deliveries
			return 100 * float64(d.Absent()) / float64(d.Owed(r.Requests-r.Errors)), d.Numbered
		},
	},
	{
		Name: "min-smooth", Help: "with --play: fail if fewer than this `share` of the viewers had no stall, e.g. 99%",
		unit: "%", parse: share,
		read: func(r *results.LoadRun) (float64, bool) {
			if r.Viewing == nil || r.Viewing.Viewers == 0 {
				return 0, false
			}
			return 100 * r.Viewing.Share(), true
		},
	},
	{
		Name: "min-rate",
		Help: "fail if fewer `requests` (or deliveries, segments) per second than this were answered without an error",
		unit: "requests/s", parse: perSecond,
		read: func(r *results.LoadRun) (float64, bool) { return r.RateRPS, r.Requests > 0 },
	},
}

func ofLatency(name string, percentile float64, of func(results.Latency) float64) Limit {
	return Limit{
		Name: name,
		Help: fmt.Sprintf(
			"fail (exit code 3) if the fastest %g%% of the requests took longer than this, e.g. 20ms", percentile),
		unit: "us", parse: latency, percentile: percentile,
		read: func(r *results.LoadRun) (float64, bool) {
			return of(r.LatencyUS), r.Requests > r.Errors && !r.Untimed() && results.Resolves(r.Timed(), percentile)
		},
	}
}

// Threshold parses a limit as typed.
func (l Limit) Threshold(text string) (results.Threshold, error) {
	limit, err := l.parse(strings.TrimSpace(text))
	return results.Threshold{Name: l.Name, Limit: limit, Unit: l.unit}, err
}

func latency(text string) (float64, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, errors.New("write it as a time of more than 0, e.g. 20ms")
	}
	return float64(d) / float64(time.Microsecond), nil
}

func share(text string) (float64, error) {
	percent, marked := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(percent, 64)
	if err != nil || !(v >= 0 && v <= 100) || !marked && v != 0 {
		return 0, errors.New("write it as a part of the requests, from 0% to 100%, e.g. 0.1%")
	}
	return v, nil
}

func perSecond(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return 0, errors.New("write it as requests per second, more than 0, e.g. 1000")
	}
	return v, nil
}

// Judge checks a run against thresholds, and stores them in it. A threshold on a VOID or
// interrupted run is undecided.
func Judge(r *results.LoadRun, thresholds []results.Threshold) {
	decides := !r.Partial && r.Trust.Status != results.Void && (r.Capacity == nil || r.Capacity.RPS > 0)
	for _, l := range Limits { // in their order
		for _, t := range thresholds {
			if t.Name != l.Name {
				continue
			}
			value, ok := l.read(r)
			if ok {
				t.Value = &value
			} else {
				t.Unknown = unknown(r, l)
			}
			if decides {
				most := strings.HasPrefix(t.Name, "max-")
				met := ok && (most && value <= t.Limit || !most && value >= t.Limit)
				t.Met = &met
			}
			r.Thresholds = append(r.Thresholds, t)
		}
	}
}

// unknown says why a run has no figure for a limit.
func unknown(r *results.LoadRun, l Limit) string {
	switch {
	case r.Requests == 0:
		return "no request was sent"
	case r.Requests == r.Errors:
		return "no request was answered"
	case l.Name == "max-missed":
		return "the events have no ids that rise by one"
	case l.Name == "min-smooth":
		return "no viewer began"
	case !r.Untimed():
		return fmt.Sprintf("it needs at least %d answers, and there are %d: send more, or limit another percentile",
			results.Resolving(l.percentile), r.Timed())
	}
	return `no "due_us" in the data says when the events were due`
}
