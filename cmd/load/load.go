// Package load drives one server with the generator alone, for the command load.
package load

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// Run puts one load on the target. When ctx ends, Run returns the result so far with its error.
func Run(ctx context.Context, a loadgen.Attack) (*results.LoadRun, error) {
	var err error
	if a.Server, err = measure.Serving(a); err != nil {
		return nil, err
	}
	var targets *byTarget
	if len(a.Others) > 0 {
		targets = newByTarget(a.Targets())
		a.Each = both(targets.each, a.Each)
	}
	var rising *ramp
	if a.To > 0 {
		rising = newRamp(a.Pace())
		a.Each = both(rising.each, a.Each)
	}
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	started := time.Now()
	watched := watchServer(a)
	m, err := g.Measure(ctx, a.Duration)
	used, known := watched()
	if m == nil {
		return nil, err
	}
	if err != nil {
		untilCut(a.Pace(), m.Result)
	}
	var found *results.Ramp
	if rising != nil {
		made := a.Duration
		if err != nil {
			made = m.Result.Elapsed
		}
		found = rising.result(made)
	}
	run := figures(a, m, found, started)
	run.Partial = err != nil
	if known && m.Server != nil && run.Requests > run.Errors {
		run.Server = spent(run, *m.Server, used)
	}
	if targets != nil {
		run.Targets = targets.result()
	}
	return run, err
}

// spent returns what the server used for its subscribers, members or viewers.
func spent(run *results.LoadRun, cpu time.Duration, use serverUse) *results.LoadServer {
	s := &results.LoadServer{BytesPerConnection: float64(use.grown) / float64(run.Connections), Threads: use.threads}
	us := float64(cpu.Nanoseconds()) / 1e3
	if run.Viewing != nil {
		s.CPUUSPerMB = us / (float64(run.BytesIn) / 1e6)
	} else {
		s.CPUUSPerDelivery = us / float64(run.Requests-run.Errors)
	}
	return s
}

// both calls one function and then another, which may be nil.
func both(first, then func(*loadgen.Outcome)) func(*loadgen.Outcome) {
	if then == nil {
		return first
	}
	return func(x *loadgen.Outcome) {
		first(x)
		then(x)
	}
}

// figures converts a measurement into a LoadRun. A ramp, nil for none, that goes beyond what the
// server bears, is to keep all clients waiting.
func figures(a loadgen.Attack, m *loadgen.Measurement, ramp *results.Ramp, started time.Time) *results.LoadRun {
	r := m.Result
	evidence := measure.Evidence(a, m)
	if ramp != nil && ramp.BreaksRPS > 0 {
		evidence.ClientsWaited, evidence.FailedBefore = true, ramp.FailedBefore()
	}
	run := &results.LoadRun{
		Tool: results.Tool, Started: started,
		Method: a.Target.Method, URL: a.Target.URL, Engine: a.Engine, Connections: a.Connections,
		Requests: r.Requests, Errors: r.Errors, ErrorKinds: map[string]results.ErrorKind{}, Codes: r.Codes,
		Unsent: r.Unsent, Aborted: r.Aborted, Retries: r.Retries, BytesIn: r.BytesIn,
		DurationS: r.Elapsed.Seconds(), OfferedRPS: r.Offered,
		LatencyUS: measure.Latency(r.Latency), UncorrectedUS: measure.Latency(r.Uncorrected),
		SendLagUS: measure.Lag(r.SendLag),
		Trust:     results.Weigh(evidence), Ramp: ramp,
	}
	switch a.Conversation {
	case loadgen.Chat:
		run.RoomSize, run.MessageSize = a.Rooms()
		run.Messages = r.Said
		fallthrough
	case loadgen.Subscribe:
		run.Conversation, run.Deliveries = a.Conversation, measure.Deliveries(r.Deliveries)
	}
	if a.Conversation == loadgen.Play {
		run.Conversation, run.Viewing = a.Conversation, measure.Viewing(a.Video, r.Viewing)
	}
	if a.Engine == loadgen.Loop {
		run.LoadThreads = min(max(a.Threads, 1), a.Connections)
	}
	describe(run, a)
	if r.Failed != nil {
		failed := measure.Latency(r.Failed)
		run.ErrorLatencyUS = &failed
	}
	if r.Elapsed > 0 {
		run.RateRPS = float64(r.Requests-r.Errors) / r.Elapsed.Seconds()
	}
	if m.Generator != nil && r.Requests > 0 {
		cpu := float64(m.Generator.CPU.Nanoseconds()) / 1e3 / float64(r.Requests)
		run.GeneratorCPUUS = &cpu
	}
	for kind, n := range r.ErrorKinds {
		run.ErrorKinds[kind] = results.ErrorKind{Count: n, Example: r.ErrorExamples[kind]}
	}
	return run
}

// newHistogram returns a histogram for latencies in nanoseconds, with loadgen's bounds.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, int64(loadgen.MaxLatency), 3) }

// record counts a latency, from when the request was due, if that is known.
func record(h *hdrhistogram.Histogram, x *loadgen.Outcome) {
	if x.Untimed {
		return
	}
	if err := h.RecordValue(int64(min(max(x.End.Sub(x.Due), 0), loadgen.MaxLatency))); err != nil {
		panic(err) // unreachable: newHistogram covers 0 to MaxLatency
	}
}

// describe records where the load went, and how it was connected.
func describe(run *results.LoadRun, a loadgen.Attack) {
	if len(a.Others) > 0 {
		run.Method, run.URL = "", server(a.Target)
	}
	c := a.Connect
	run.Protocol, run.UnixSocket, run.NewConnections = string(c.Protocol), c.Socket, c.New
	if c.Protocol == loadgen.HTTP2 {
		run.Streams = max(c.Streams, 1)
	}
	if what := loadgen.BeyondLoop(a); what != "" && a.Rate == 0 {
		run.EngineReason = fmt.Sprintf("%s is beyond the %s engine, which costs half the CPU a request",
			what, loadgen.Loop)
	}
}

// untilCut subtracts from Unsent the requests that an interrupted open load was not yet due to
// send.
func untilCut(p loadgen.Pace, r *loadgen.Result) {
	due := uint64(p.Mean(r.Elapsed) * r.Elapsed.Seconds())
	sent := r.Requests + r.Aborted
	r.Unsent = min(r.Unsent, max(due, sent)-sent)
}
