package hosts

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"go.uber.org/goleak"

	"nodecompare/cluster"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/thorough"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maker answers a coordinator as an agent does that makes load, from a run of so many requests that
// was drawn by lot before.
type maker struct {
	requests int
	late     time.Duration // it takes so long to hear of a start
	spoil    func(*ran)    // nil for nothing
	drawn    ran
	part     portion // that it was asked for last
	at       start   // of its last run
}

func (m *maker) Do(ctx context.Context, verb string, in []byte) (any, error) {
	switch verb {
	case prepareVerb:
		return prepared{1, loadgen.HTTP1}, json.Unmarshal(in, &m.part)
	case runVerb:
		time.Sleep(m.late)
		var s start
		if err := json.Unmarshal(in, &s); err != nil {
			return nil, err
		}
		m.at = s
		late, err := s.await(ctx)
		r := m.drawn
		r.Late, r.Began, r.Result.Duration, r.Result.Elapsed, r.Result.Ended = late, s.At, s.For, s.For, s.For
		if m.spoil != nil {
			m.spoil(&r)
		}
		return r, err
	case closeVerb:
		return nil, nil
	}
	return nil, fmt.Errorf("no such job: %s", verb)
}

func (m *maker) Close() {}

func newMaker(t testing.TB, requests int) *maker {
	m := &maker{requests: requests}
	if err := m.draw(); err != nil {
		t.Fatal(err)
	}
	return m
}

// draw draws latencies between 100 µs and some ms, with a long tail: the counts of such a histogram
// take as much room as those of a real one.
func (m *maker) draw() error {
	h := hdrhistogram.New(1, int64(loadgen.MaxLatency), 3)
	for range m.requests {
		if err := h.RecordValue(int64(1e5 * math.Exp(min(rand.ExpFloat64(), 10)))); err != nil {
			return err
		}
	}
	r := &loadgen.Result{Requests: uint64(m.requests), Codes: map[int]uint64{http.StatusOK: uint64(m.requests)},
		ErrorKinds: map[string]uint64{}, ErrorExamples: map[string]string{}, Latency: h, Uncorrected: h,
		SendLag: hdrhistogram.New(1, int64(loadgen.MaxLatency), 3),
		Threads: make([]sample.ThreadUse, 1), Completed: make([]uint64, 200), CompletedEvery: 10 * time.Millisecond}
	var err error
	m.drawn = ran{Generator: &sample.Window{Elapsed: Least, CPU: time.Second}, Cores: 2,
		Host: &sample.Interference{Elapsed: Least, CPUs: 2}}
	m.drawn.Result, err = loadgen.Pack(r)
	return err
}

// gathered is a coordinator with agents in this process, each over a connection of its own.
type gathered struct {
	c      *cluster.Coordinator
	hub    *cluster.Hub
	agents []*cluster.Agent
	ended  sync.WaitGroup
}

func gather(t testing.TB, makers ...*maker) *gathered {
	t.Helper()
	g := &gathered{}
	say := func(text string) { t.Log(text) }
	var err error
	if g.hub, err = cluster.NewHub("127.0.0.1:0", len(makers), say); err != nil {
		t.Fatal(err)
	}
	if g.c, err = cluster.Coordinate(g.hub, cluster.Access{}, "1.0", say); err != nil {
		t.Fatal(err)
	}
	for i, m := range makers {
		g.ended.Go(func() {
			err := cluster.Join(context.Background(), g.hub.Access, cluster.Served{
				Member: cluster.Member{Name: fmt.Sprintf("host-%d", i), Role: cluster.Load, Version: "1.0"},
				Work:   func() cluster.Worker { return m },
				Say:    func(string) {},
			})
			if err != nil {
				t.Errorf("host-%d: %v", i, err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	g.agents, err = g.c.Await(ctx, func(all []*cluster.Agent) bool { return len(all) == len(makers) },
		func([]*cluster.Agent) {})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gathered) end() {
	g.c.Close()
	g.ended.Wait()
	g.hub.Close()
}

// manyRequests are an agent's, as many as give its histogram the size of a real one.
const manyRequests = 5000

// joinMany has so many agents join and make a load, and holds its counts against theirs.
func joinMany(t testing.TB, n int) (join, around time.Duration) {
	var makers []*maker
	for range n {
		makers = append(makers, newMaker(t, manyRequests))
	}
	began := time.Now()
	g := gather(t, makers...)
	defer g.end()
	join, began = time.Since(began), time.Now()
	l, err := Open(t.Context(), g.agents, loadgen.Attack{Target: loadgen.Target{URL: "http://127.0.0.1:1/"},
		Connections: 2 * n, Engine: loadgen.Loop}, measure.Span{})
	if err != nil {
		t.Fatal(err)
	}
	j, err := l.Run(t.Context(), Least, nil)
	if err != nil {
		t.Fatal(err)
	}
	around = time.Since(began)
	if all := uint64(n * manyRequests); j.Result.Requests != all || uint64(j.Result.Latency.TotalCount()) != all ||
		j.Result.Codes[http.StatusOK] != all || len(j.Hosts) != n || j.Attack.Threads != n {
		t.Errorf("%d hosts, %d requests, %d latencies: not the sum of %d agents of %d requests", len(j.Hosts),
			j.Result.Requests, j.Result.Latency.TotalCount(), n, manyRequests)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return join, around
}

// A thousand agents are planned for, started and merged, and every request of theirs is counted.
func TestThousandAgents(t *testing.T) {
	n := 40
	if thorough.On() {
		n = 1000
	}
	joinMany(t, n)
}

// BenchmarkThousandAgents is the time beside the load itself, from the plan to the merged result,
// and the memory of coordinator, NATS and all agents in this one process.
func BenchmarkThousandAgents(b *testing.B) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		join, around := joinMany(b, 1000)
		b.ReportMetric(join.Seconds(), "s-to-join")
		b.ReportMetric((around).Seconds(), "s-to-merge")
	}
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.Sys-before.Sys)/1e6, "MB")
}
