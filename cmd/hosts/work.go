// Package hosts has several machines make one measurement: what their agents do (work.go), and what
// the coordinator asks of them and makes of their answers (load.go).
package hosts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
)

// Verbs of the jobs of an agent that makes load.
const (
	prepareVerb = "prepare a load"
	runVerb     = "run the load"
	closeVerb   = "close the load"
)

// portion is an agent's part of a load. It has no command and no file: what is sent, and how much.
type portion struct {
	Target      loadgen.Target   `json:"target"`
	Connections int              `json:"connections"`
	Rate        float64          `json:"rate"`
	Timeout     time.Duration    `json:"timeout"`
	Engine      string           `json:"engine"`
	Threads     int              `json:"threads"` // 0 is one for each CPU
	Protocol    loadgen.Protocol `json:"protocol"`
	Streams     int              `json:"streams"`
	New         bool             `json:"new"`
	Follow      bool             `json:"follow"`
	Ramp        time.Duration    `json:"ramp"` // of the load before the load
	Span        measure.Span     `json:"span"` // over which shares of requests are counted; none if it has no length
}

// attack returns the part as the generator takes it.
func (s portion) attack() loadgen.Attack {
	return loadgen.Attack{Target: s.Target, Connections: s.Connections, Rate: s.Rate, Timeout: s.Timeout,
		Engine: s.Engine, Threads: s.Threads, Follow: s.Follow,
		Connect: loadgen.Connect{Protocol: s.Protocol, Streams: s.Streams, New: s.New}}
}

// prepared is what an agent says when its connections stand.
type prepared struct {
	Threads  int              `json:"threads"`
	Protocol loadgen.Protocol `json:"protocol"`
}

// start is when a load begins, by the agent's own clock, and for how long it sends.
type start struct {
	At  int64         `json:"at"` // Unix time in ns
	For time.Duration `json:"for"`
}

// await waits for the start. It returns how much too late it was called; 0 if it was in time.
func (s start) await(ctx context.Context) (late time.Duration, err error) {
	wait := time.Until(time.Unix(0, s.At))
	if wait < 0 {
		return -wait, nil
	}
	select {
	case <-time.After(wait):
		return 0, nil
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// ran is what came of an agent's part.
type ran struct {
	Late      time.Duration        `json:"late"`   // it heard of the start too late, by this, and did not begin
	Shares    float64              `json:"shares"` // of requests, in the portion's span
	Began     int64                `json:"began"`  // the Result's Start, as Unix time in ns
	Result    loadgen.Portable     `json:"result"`
	Generator *sample.Window       `json:"generator"`
	Cores     int                  `json:"cores"`
	Host      *sample.Interference `json:"host"`
	Server    *time.Duration       `json:"server"`
	Network   measure.Network      `json:"network"`
}

// LoadWorker makes load for a coordinator, in this process: one load at a time.
type LoadWorker struct {
	mu     sync.Mutex
	load   *loadgen.Generator // nil until one is prepared
	span   measure.Span
	shares measure.Shares // over the span
}

// Do does one job.
func (w *LoadWorker) Do(ctx context.Context, verb string, in []byte) (any, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch verb {
	case prepareVerb:
		return do(ctx, "a load that is none", in, w.prepare)
	case runVerb:
		return do(ctx, "a start that is none", in, w.run)
	case closeVerb:
		w.close()
		return nil, nil
	}
	return nil, fmt.Errorf("%.40q is no job of an agent that makes load", verb)
}

// do does a job with its input, or says what that was to be.
func do[In, Out any](ctx context.Context, wrong string, in []byte, job func(context.Context, In) (Out, error)) (any,
	error) {
	var x In
	if err := json.Unmarshal(in, &x); err != nil {
		return nil, fmt.Errorf("%s: %w", wrong, err)
	}
	return job(ctx, x)
}

// prepare connects, and loads the server for a moment: connections stand then, and all code has
// run.
func (w *LoadWorker) prepare(ctx context.Context, s portion) (prepared, error) {
	w.close()
	a := s.attack()
	if a.Threads == 0 {
		a.Threads = measure.LoadThreads()
	}
	a.Threads = max(min(a.Threads, a.Connections), 1)
	spoken, err := loadgen.Reach(ctx, a)
	if err != nil {
		return prepared{}, err
	}
	a.Connect.Protocol = spoken
	if w.span = s.Span; s.Span.Length > 0 {
		w.shares = measure.Shares{}
		a.Each = w.shares.Add
	}
	if a.Server, err = measure.Serving(a); err != nil {
		return prepared{}, err
	}
	if w.load, err = loadgen.Open(a); err != nil {
		return prepared{}, err
	}
	if _, err = w.load.Run(ctx, s.Ramp); err != nil {
		w.close()
	}
	return prepared{a.Threads, spoken}, err
}

// run waits for the start, and runs the load. The connections stay for the next run.
func (w *LoadWorker) run(ctx context.Context, s start) (ran, error) {
	if w.load == nil {
		return ran{}, errors.New("no load is prepared")
	}
	if late, err := s.await(ctx); late > 0 || err != nil {
		return ran{Late: late}, err
	}
	before, err := measure.ReadNetwork()
	if err != nil {
		return ran{}, err
	}
	w.shares.Begin(w.span)
	m, err := w.load.Measure(ctx, s.For)
	if err != nil {
		return ran{}, err
	}
	after, err := measure.ReadNetwork()
	if err != nil {
		return ran{}, err
	}
	r := ran{Began: m.Result.Start.UnixNano(), Generator: m.Generator, Cores: m.Cores, Host: m.Host, Server: m.Server,
		Network: after.Since(before), Shares: w.shares.Sum}
	if r.Generator != nil {
		r.Generator.Ticks = nil // nobody looks at them
	}
	r.Result, err = loadgen.Pack(m.Result)
	return r, err
}

func (w *LoadWorker) close() {
	if w.load != nil {
		w.load.Close()
		w.load = nil
	}
}

// Close ends what is prepared. A job that runs ends with its context, before.
func (w *LoadWorker) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.close()
}
