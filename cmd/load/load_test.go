package load_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"go.uber.org/goleak"

	"nodecompare/cmd/load"
	"nodecompare/cmd/screen/screentest"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/results/report"
	"nodecompare/thorough"
)

func TestMain(m *testing.M) {
	// Most of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// flaky answers 503 to each fifth request.
func flaky(t *testing.T) string {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%5 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		if _, err := w.Write([]byte("four")); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// attack is a short load, for each engine and shape.
func attacks(url string) map[string]loadgen.Attack {
	all := map[string]loadgen.Attack{}
	for _, e := range loadgen.Engines {
		for shape, rate := range map[string]float64{"closed": 0, "open": 300} {
			all[e.Name+" "+shape] = loadgen.Attack{
				Target:      loadgen.Target{Method: http.MethodGet, URL: url},
				Connections: 4, Rate: rate, Duration: 200 * time.Millisecond, Engine: e.Name,
			}
		}
	}
	return all
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, a := range attacks(flaky(t)) {
		r, err := load.Run(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if r.Requests == 0 || r.Errors == 0 || r.ErrorKinds[loadgen.Status].Count != r.Errors ||
			r.ErrorKinds[loadgen.Status].Example != "status 503" ||
			r.Codes[200]+r.Codes[503] != r.Requests || r.BytesIn != 4*r.Requests {
			t.Errorf("%s: %+v", name, r)
		}
		if r.LatencyUS.P50 <= 0 || r.UncorrectedUS.P50 <= 0 || r.DurationS <= 0 || r.OfferedRPS != a.Rate ||
			r.Partial || r.Trust.Status == "" {
			t.Errorf("%s: %+v", name, r)
		}
		if a.Rate == 0 && r.LatencyUS != r.UncorrectedUS {
			t.Errorf("%s: latency %v, uncorrected %v", name, r.LatencyUS, r.UncorrectedUS)
		}
	}
}

// What was measured until an interruption is there, and what an open load was not yet due to send
// counts for nothing.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	for name, a := range attacks(flaky(t)) {
		ctx, cancel := context.WithCancel(t.Context())
		a.Duration = time.Hour
		n := 0
		a.Each = func(*loadgen.Outcome) {
			if n++; n == 100 {
				cancel()
			}
		}
		r, err := load.Run(ctx, a)
		if !errors.Is(err, context.Canceled) || r == nil || !r.Partial || r.Requests < 100 || r.Unsent > 1000 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// The file is what vegeta's own decoder reads, and its report counts what ours does.
func TestSavedResultsAreVegetas(t *testing.T) {
	t.Parallel()
	for name, a := range attacks(flaky(t)) {
		path := filepath.Join(t.TempDir(), "results.gob")
		s, err := load.Save(t.Context(), path, a.Targets())
		if err != nil {
			t.Fatal(err)
		}
		a.Each = s.Each
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the file has its name before it is whole: %v", name, err)
		}
		r, err := load.Run(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		if note, err := s.Close(true); err != nil || note != "" {
			t.Fatalf("%q, %v", note, err)
		}
		m, seqs := decode(t, path)
		if m.Requests != r.Requests || m.StatusCodes["200"] != int(r.Codes[200]) ||
			m.StatusCodes["503"] != int(r.Codes[503]) ||
			m.BytesIn.Total != r.BytesIn || len(m.Errors) != 1 || m.Errors[0] != "status 503" {
			t.Errorf("%s: vegeta reports %+v of %+v", name, m, r)
		}
		if a.Rate > 0 && len(seqs) != int(r.Requests) {
			t.Errorf("%s: %d numbers for %d requests", name, len(seqs), r.Requests)
		}
		// Ours is of the successes, vegeta's of all.
		if longest := float64(m.Latencies.Max.Nanoseconds()) / 1e3; r.LatencyUS.Max > longest*1.002 {
			t.Errorf("%s: the longest latency is %v µs, vegeta's %v", name, r.LatencyUS.Max, longest)
		}
	}
}

func decode(t *testing.T, path string) (*vegeta.Metrics, map[uint64]bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	d := vegeta.DecoderFor(bytes.NewReader(text))
	if d == nil {
		t.Fatalf("vegeta does not know the encoding of %d bytes", len(text))
	}
	m, seqs := new(vegeta.Metrics), map[uint64]bool{}
	for {
		var r vegeta.Result
		if err := d.Decode(&r); err != nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			break
		}
		m.Add(&r)
		seqs[r.Seq] = true
	}
	m.Close()
	return m, seqs
}

// A run that was cut short does not touch what the name held before.
func TestSavedResultsOfAPartialRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "results.gob")
	if err := os.WriteFile(path, []byte("of yesterday"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := load.Save(t.Context(), path, []loadgen.Target{{Method: "GET", URL: "http://example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	const n = 40_000 // more than wait for the writer at any time
	for i := range uint64(n) {
		s.Each(&loadgen.Outcome{Seq: i, Due: time.Unix(1, 0), End: time.Unix(1, 1), Code: 200})
	}
	note, err := s.Close(false)
	if err != nil || !strings.HasSuffix(note, "results.gob.partial") {
		t.Errorf("%q, %v", note, err)
	}
	if old, err := os.ReadFile(path); err != nil || string(old) != "of yesterday" {
		t.Errorf("%q, %v", old, err)
	}
	if m, seqs := decode(t, path+".partial"); m.Requests != n || len(seqs) != n {
		t.Errorf("%d requests, %d numbers", m.Requests, len(seqs))
	}
}

func TestSaveWhereItCannot(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing", "file")} {
		if _, err := load.Save(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A disk that is full fails the file, and does not hang the load. What could be written is kept.
func TestSaveToAFullDisk(t *testing.T) {
	limited := make(chan os.Signal, 1)
	signal.Notify(limited, syscall.SIGXFSZ) // else it would end the test
	defer signal.Stop(limited)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "results.gob")
	s, err := load.Save(t.Context(), path, []loadgen.Target{{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 20, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	for range 100_000 {
		s.Each(&loadgen.Outcome{Error: strings.Repeat("e", 100)})
	}
	_, err = s.Close(true)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	want := "save the results to " + path + ": file too large (what could be written is in " + path + ".partial)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if i, err := os.Stat(path + ".partial"); err != nil || i.Size() != 1<<20 {
		t.Errorf("%v, %v", i, err)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	s := screentest.Open(t, 80, 24)
	l := load.Watch(s.File, func(columns int) report.Options { return report.Options{Width: columns} },
		loadgen.Attack{Duration: time.Hour})
	now := time.Now()
	for range 50 {
		l.Each(&loadgen.Outcome{Due: now, End: now.Add(7 * time.Millisecond), Code: 200})
	}
	l.Each(&loadgen.Outcome{Due: now, End: now.Add(time.Second), Kind: loadgen.Reset})
	for _, want := range []string{"req/s, p99 7 ms, 1 error; ", " s elapsed, about 59 min ", "rate █",
		"how long requests take: 5.62 ms █ 10 ms"} {
		s.Await(t, want)
	}
	l.Stop()
	fmt.Fprintln(s.File, "results")
	s.AwaitOnly(t, "results\n")
}

// A server that lets two requests wait for 4 ms at a time bears 500 a second, or less where its
// machine is slow.
func TestCapacity(t *testing.T) {
	thorough.Only(t)
	turn := make(chan struct{}, 2)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turn <- struct{}{}:
		case <-r.Context().Done():
			return
		}
		defer func() { <-turn }()
		select {
		case <-time.After(4 * time.Millisecond):
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	a := loadgen.Attack{Target: loadgen.Target{Method: http.MethodGet, URL: s.URL}, Connections: 200,
		Duration: 200 * time.Millisecond, Engine: loadgen.Loop}
	told := 0
	r, err := load.Capacity(t.Context(), a, loadgen.Objective{P99: 20 * time.Millisecond},
		func(results.ProbeRun) { told++ })
	if err != nil {
		t.Skipf("this machine is too slow for any rate: %v", err)
	}
	c := r.Capacity
	if c == nil || told != len(c.Probes) || c.SLOUS != 20_000 || c.Resolution != load.Resolution ||
		c.RPS > 575 || c.FailsRPS > c.RPS*(1+c.Resolution)*1.000001 || c.Limit == "" {
		t.Fatalf("%+v", c)
	}
	if r.OfferedRPS != c.RPS || r.Errors != 0 || r.LatencyUS.P99 > c.SLOUS*1.001 || r.Partial {
		t.Errorf("not the probe at %v/s: %+v", c.RPS, r)
	}
	t.Logf("%.1f to %.1f/s after %d probes: %s; %+v", c.RPS, c.FailsRPS, len(c.Probes), c.Limit, r.Trust)
}

func TestNoCapacity(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	search := func(ctx context.Context, probe time.Duration, told func(results.ProbeRun)) (*results.LoadRun, error) {
		a := loadgen.Attack{Target: loadgen.Target{Method: http.MethodGet, URL: s.URL}, Connections: 2,
			Duration: probe, Engine: loadgen.Loop}
		return load.Capacity(ctx, a, loadgen.Objective{P99: time.Millisecond}, func(p results.ProbeRun) {
			if p.Meets || p.Why != "status: status 404" {
				t.Errorf("%+v", p)
			}
			told(p)
		})
	}
	const probe = 50 * time.Millisecond
	r, err := search(t.Context(), probe, func(results.ProbeRun) {})
	if !errors.Is(err, load.ErrNoCapacity) || !strings.Contains(err.Error(), "status 404") || r == nil ||
		r.Partial || r.Capacity.RPS != 0 || r.Capacity.FailsRPS != 200 {
		t.Errorf("%+v, %v", r, err)
	}
	// What was found until an interruption is there.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err = search(ctx, probe, func(results.ProbeRun) { cancel() })
	if !errors.Is(err, context.Canceled) || r == nil || !r.Partial || len(r.Capacity.Probes) != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
