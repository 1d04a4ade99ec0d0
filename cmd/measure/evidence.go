// Package measure holds the common parts of bench, load, map and selftest: it describes the host,
// starts servers beside the load, and converts loadgen's measurements into the inputs of
// results.Weigh, so that neither loadgen nor results imports the other.
package measure

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

// Evidence returns what is known about one run of an attack. m's window and interference must cover
// exactly that run; nil stands for unknown, which fires no rule. The loop engine counts as no more
// cores than it has threads, whatever m says. The caller adds what only a trial knows.
func Evidence(a loadgen.Attack, m *loadgen.Measurement) results.Evidence {
	r := m.Result
	sent := r.Requests + r.Aborted
	e := results.Evidence{
		Conversation: a.Conversation,
		Open:         a.Rate > 0, Elapsed: r.Elapsed, Ended: r.Ended, Starting: r.Starting,
		Requests: r.Requests, Errors: r.Errors, Recorded: uint64(r.Latency.TotalCount()),
		// A response with an unexpected status or body is a complete one all the same.
		Unanswered: r.Errors - r.ErrorKinds[loadgen.Status] - r.ErrorKinds[loadgen.Body],
		LatencyUS:  Latency(r.Latency),
	}
	if r.Aborted == 0 { // else it was cut short
		e.Duration = r.Duration
	}
	switch a.Conversation {
	case loadgen.Subscribe:
		e.Deliveries = Deliveries(r.Deliveries)
		e.OtherClock = a.Server != nil && len(a.Server) == 0
	case loadgen.Chat:
		e.Deliveries, e.Connections, e.CutShort = Deliveries(r.Deliveries), a.Connections, r.Aborted > 0
		sent = r.Said
	}
	if a.Conversation == loadgen.Play {
		e.Viewing = Viewing(a.Video, r.Viewing)
		e.SendLagUS = Lag(r.SendLag)
	}
	for _, n := range r.ErrorKinds {
		e.ErrorsByKind += n
	}
	for _, n := range r.Codes {
		e.Answers += n
	}
	if e.Open {
		// What nobody was let in to say is the server's doing.
		e.Offered, e.Sent = sent+r.Unsent-min(r.Unsent, r.Deliveries.Vacant), sent
		e.SendLagUS = Lag(r.SendLag)
	} else {
		e.Connections = a.Connections * max(a.Connect.Streams, 1)
		// closing connections is no part of a latency
		e.AlwaysInFlight = a.Engine == loadgen.Loop && !a.Connect.New
	}
	if m.Generator != nil {
		w := m.Generator
		e.Generator = results.Generator{
			CPU: within(w, w.CPU, r.Ended), Cores: m.Cores, Waited: within(w, w.Waited, r.Ended),
			EachWait: w.EachWait,
		}
		if a.Engine == loadgen.Loop {
			e.Generator.Cores = min(max(len(r.Threads), 1), m.Cores)
		}
	}
	for _, t := range r.Threads {
		e.Generator.Threads = append(e.Generator.Threads, results.GeneratorThread{
			CPU: t.CPU, Waited: t.Waited, EachWait: t.Waited / time.Duration(max(t.Runs, 1))})
	}
	if i := m.Host; i != nil {
		e.CPUs = i.CPUs
		e.Stolen, e.Busy = i.Stolen, i.Busy
		e.Throttles, e.Throttled = i.Throttles, i.Throttled
	}
	e.Others, e.All = m.Others()
	e.Stopped = m.Stopped
	return e
}

// Deliveries converts the counts of a load of subscribers or members into the record's.
func Deliveries(d loadgen.Deliveries) *results.Deliveries {
	return &results.Deliveries{Expected: d.Expected, Numbered: d.Next > 0 || d.Expected > 0, Missed: d.Missed,
		Doubled: d.Doubled, OutOfOrder: d.Disordered, Overdue: d.Overdue, Silent: d.Silent, Untimed: d.Untimed,
		Early: d.Early, Strange: d.Strange}
}

// Viewing converts the counts of a load of players into the record's.
func Viewing(v loadgen.Video, r loadgen.Viewing) *results.Viewing {
	return &results.Viewing{SegmentBytes: uint64(v.Bytes()), SegmentS: v.Segment.Seconds(), Viewers: r.Viewers,
		Unstarted: r.Unstarted, Smooth: r.Smooth, Stalls: r.Stalls, StalledS: r.Stalled.Seconds(),
		LongestStallS: r.Longest.Seconds(), WatchedS: r.Watched.Seconds()}
}

// within returns the part of a window's CPU time that belongs to the run, up to the end of its last
// request, assuming an even spread. The window also covers the time before the first request, in
// which a load may open connections for longer than a short run.
func within(w *sample.Window, spent, run time.Duration) time.Duration {
	if run >= w.Elapsed {
		return spent
	}
	return time.Duration(float64(spent) * float64(run) / float64(w.Elapsed))
}

// Latency converts a histogram of nanoseconds into the record's figures in microseconds; all are 0
// if it is empty.
func Latency(h *hdrhistogram.Histogram) results.Latency {
	return results.Latency{
		Mean: h.Mean() / nanosPerMicro,
		P50:  micros(h.ValueAtQuantile(50)), P90: micros(h.ValueAtQuantile(90)), P99: micros(h.ValueAtQuantile(99)),
		P999: micros(h.ValueAtQuantile(99.9)), Max: micros(h.Max()),
	}
}

// Lag converts a histogram of send lags in nanoseconds into the record's figures in microseconds.
func Lag(h *hdrhistogram.Histogram) results.Lag {
	return results.Lag{P50: micros(h.ValueAtQuantile(50)), P90: micros(h.ValueAtQuantile(90)),
		P99: micros(h.ValueAtQuantile(99))}
}

const nanosPerMicro = 1e3

func micros(nanos int64) float64 { return float64(nanos) / nanosPerMicro }
