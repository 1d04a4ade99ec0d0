package loadgen_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// onThreads stands for the loop engine on three threads where a test names an engine.
const onThreads = "loop on 3 threads"

// engines are all that a test of what every engine must do is for.
func engines() []string {
	all := []string{onThreads}
	for _, e := range loadgen.Engines {
		all = append(all, e.Name)
	}
	return all
}

// open is loadgen's, which knows onThreads too.
func open(a loadgen.Attack) (*loadgen.Generator, error) {
	if a.Engine == onThreads {
		a.Engine, a.Threads = loadgen.Loop, 3
	}
	return loadgen.Open(a)
}

// drive opens a generator for the attack, has it run for its duration, and closes it.
func drive(ctx context.Context, a loadgen.Attack) (*loadgen.Result, error) {
	g, err := open(a)
	if err != nil {
		return nil, err
	}
	defer g.Close()
	return g.Run(ctx, a.Duration)
}

// run is an attack that must be possible, on a server that the test made.
func run(t *testing.T, a loadgen.Attack) *loadgen.Result {
	t.Helper()
	res, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, res)
	return res
}

// whole runs an open load, of which a machine that stood still may leave some unsent: then the test
// is skipped.
func whole(t *testing.T, a loadgen.Attack) *loadgen.Result {
	t.Helper()
	res := run(t, a)
	if res.Unsent > 0 {
		t.Skipf("a slow machine: %d requests were not sent in time", res.Unsent)
	}
	return res
}

// patiently tries again, a few times, where a machine that stood still for a second can spoil a
// run. A defect spoils them all.
func patiently(good func(*loadgen.Result) bool, run func() *loadgen.Result) *loadgen.Result {
	for range 5 {
		if res := run(); good(res) {
			return res
		}
	}
	return run()
}

// onAllEngines runs a test of what all engines must do, of all at once and beside other tests: one
// that hardly does anything but wait.
func onAllEngines(t *testing.T, f func(t *testing.T, engine string)) {
	t.Parallel()
	var all sync.WaitGroup
	for _, e := range engines() {
		all.Go(func() { t.Run(e, func(t *testing.T) { f(t, e) }) })
	}
	all.Wait()
}

// onEachEngine runs a test of what all engines must do, of one after the other and alone: one that
// takes all the CPU there is, or looks at the whole process.
func onEachEngine(t *testing.T, f func(t *testing.T, engine string)) {
	for _, e := range engines() {
		t.Run(e, func(t *testing.T) { f(t, e) })
	}
}

// checkSums checks what holds for any result.
func checkSums(t *testing.T, r *loadgen.Result) {
	t.Helper()
	var kinds, codes uint64
	for k, n := range r.ErrorKinds {
		kinds += n
		if r.ErrorExamples[k] == "" {
			t.Errorf("no example of error kind %q", k)
		}
	}
	for _, n := range r.Codes {
		codes += n
	}
	if kinds != r.Errors {
		t.Errorf("error kinds %v do not add up to %d", r.ErrorKinds, r.Errors)
	}
	if want := r.Requests - r.Errors + r.ErrorKinds[loadgen.Status] + r.ErrorKinds[loadgen.Body]; codes != want {
		t.Errorf("codes %v do not add up to the %d whole responses", r.Codes, want)
	}
	failed := int64(0)
	if r.Failed != nil {
		failed = r.Failed.TotalCount()
	}
	if failed != int64(r.Errors) {
		t.Errorf("Failed holds %d values for %d errors", failed, r.Errors)
	}
	for name, n := range map[string]int64{"Latency": r.Latency.TotalCount(),
		"Uncorrected": r.Uncorrected.TotalCount()} {
		if n != int64(r.Requests-r.Errors) {
			t.Errorf("%s holds %d values for %d successes", name, n, r.Requests-r.Errors)
		}
	}
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestClosedLoad(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		const connections = 7
		var inFlight, most, seen atomic.Int64
		clients := sync.Map{}
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			seen.Add(1)
			n := inFlight.Add(1)
			defer inFlight.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			clients.Store(r.RemoteAddr, true)
			io.WriteString(w, "hello")
		})
		res := run(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: connections,
				Duration: 100 * time.Millisecond})
		if res.Requests != uint64(seen.Load()) || res.Requests < connections || res.Errors != 0 {
			t.Errorf("%d requests, %d errors %v; the server saw %d", res.Requests, res.Errors,
				res.ErrorExamples, seen.Load())
		}
		if res.BytesIn != 5*res.Requests {
			t.Errorf("BytesIn %d, want %d", res.BytesIn, 5*res.Requests)
		}
		if most.Load() > connections {
			t.Errorf("%d requests in flight over %d connections", most.Load(), connections)
		}
		opened := 0
		clients.Range(func(any, any) bool { opened++; return true })
		if opened > connections {
			t.Errorf("%d connections opened, %d allowed", opened, connections)
		}
		if res.Latency != res.Uncorrected || res.SendLag.TotalCount() != 0 || res.Unsent != 0 || res.Offered != 0 {
			t.Errorf("a closed load has neither schedule nor lag: %+v", res)
		}
		if res.Elapsed < 100*time.Millisecond {
			t.Errorf("Elapsed %v is less than the duration", res.Elapsed)
		}
	})
}

func TestOpenLoadSendsExactlyWhatItOffers(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for _, c := range []struct {
			rate     float64
			duration time.Duration
			want     uint64
		}{{500, 100 * time.Millisecond, 50}, {7.5, 400 * time.Millisecond, 3}, // few, for a slow machine
			{1000, 60 * time.Millisecond, 60}, {4, 50 * time.Millisecond, 1}} {
			var seen atomic.Uint64
			s := serve(t, func(http.ResponseWriter, *http.Request) { seen.Add(1) })
			res := patiently(func(res *loadgen.Result) bool { return res.Unsent == 0 }, func() *loadgen.Result {
				seen.Store(0)
				return run(t, loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 20,
					Rate: c.rate, Duration: c.duration})
			})
			if res.Requests != c.want || seen.Load() != c.want || res.Unsent != 0 || res.Errors != 0 {
				t.Errorf("%v/s for %v: %d requests, %d unsent, %d errors %v; the server saw %d; want %d",
					c.rate, c.duration, res.Requests, res.Unsent, res.Errors, res.ErrorExamples, seen.Load(), c.want)
			}
			if res.SendLag.TotalCount() != int64(c.want) || res.Offered != c.rate {
				t.Errorf("%v/s: %d lags, offered %v", c.rate, res.SendLag.TotalCount(), res.Offered)
			}
		}
	})
}

// The last request has its share of the time too: else three requests at 10/s would have been sent
// within 200 ms, at 15/s.
func TestOpenLoadLastsItsWholeTime(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		for _, c := range []struct {
			rate           float64
			duration, want time.Duration
		}{{10, 300 * time.Millisecond, 300 * time.Millisecond},
			{3, 300 * time.Millisecond, 333 * time.Millisecond}, {5, 50 * time.Millisecond, 200 * time.Millisecond}} {
			start := time.Now()
			res := run(t,
				loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2,
					Rate: c.rate, Duration: c.duration})
			if took := time.Since(start); res.Elapsed < c.want || took < res.Elapsed ||
				float64(res.Requests)/res.Elapsed.Seconds() > c.rate {
				t.Errorf("%v/s for %v: %d requests in %v, and it took %v; want %v at least", c.rate,
					c.duration, res.Requests, res.Elapsed, took, c.want)
			}
		}
	})
}

// A run that is cut short has lasted until then, whether or not a request was in flight.
func TestOpenLoadThatIsCutShortLastsUntilThen(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		res, err := drive(ctx,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2, Rate: 2,
				Duration: time.Hour})
		if err == nil || res.Requests != 1 || res.Elapsed < 200*time.Millisecond || res.Elapsed > 10*time.Second {
			t.Errorf("%v: %d requests in %v", err, res.Requests, res.Elapsed)
		}
	})
}

// A server that stalls for 600 ms once in a second: most users would have met the stall, but the
// two connections did so only twice in 100 requests, and that is all that an uncorrected figure
// knows. A slow machine keeps up with so few requests.
func TestStallIsNotHidden(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		const stall = 600 * time.Millisecond
		var mu sync.Mutex
		var seen int
		s := serve(t, func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if seen++; seen == 25 {
				<-time.After(stall) // the stall itself, not a wait for something else
			}
		})
		res := patiently(func(res *loadgen.Result) bool { return res.Unsent == 0 }, func() *loadgen.Result {
			mu.Lock()
			seen = 0
			mu.Unlock()
			return run(t, loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2, Rate: 100,
				Duration: time.Second})
		})
		if res.Errors != 0 || res.Unsent != 0 {
			t.Fatalf("%d errors %v, %d unsent", res.Errors, res.ErrorExamples, res.Unsent)
		}
		// 60 requests were due within the stall; each waited for what was left of it: the worst 10
		// at least 500 ms.
		p90, uncorrected := time.Duration(res.Latency.ValueAtQuantile(90)),
			time.Duration(res.Uncorrected.ValueAtQuantile(90))
		if p90 < stall*2/3 || p90 < 3*uncorrected {
			t.Errorf("corrected p90 %v, uncorrected %v, after a stall of %v", p90, uncorrected, stall)
		}
		if lag := time.Duration(res.SendLag.ValueAtQuantile(90)); lag < stall/2 {
			t.Errorf("send lag p90 %v: the requests were held back by the stall", lag)
		}
	})
}

func TestWhatCannotBeSentIsCounted(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) { <-time.After(200 * time.Millisecond) })
		res := run(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1, Rate: 100,
				Duration: 500 * time.Millisecond})
		if res.Unsent == 0 || res.Requests+res.Unsent != 50 {
			t.Errorf("%d sent, %d unsent of 50 over a connection that carries 5/s", res.Requests, res.Unsent)
		}
	})
}

// What was due within the duration is sent a little after it too.
func TestBacklogAtTheEndIsSent(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		var seen atomic.Int64
		s := serve(t, func(http.ResponseWriter, *http.Request) {
			if seen.Add(1) == 5 {
				<-time.After(250 * time.Millisecond)
			}
		})
		res := patiently(func(res *loadgen.Result) bool { return res.Unsent == 0 }, func() *loadgen.Result {
			seen.Store(0)
			return run(t, loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1, Rate: 50,
				Duration: 200 * time.Millisecond})
		})
		if res.Requests != 10 || res.Unsent != 0 {
			t.Errorf("%d requests, %d unsent; want all 10 sent, the last few late", res.Requests, res.Unsent)
		}
	})
}

func TestRequestAsAsked(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		type got struct{ method, host, path, agent, extra, body string }
		seen := make(chan got, 1000)
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			seen <- got{r.Method, r.Host, r.RequestURI, r.UserAgent(), r.Header.Get("X-Extra"), string(b)}
			w.WriteHeader(http.StatusCreated)
		})
		large := strings.Repeat("x", 8<<20) // more than a socket takes at once
		for _, c := range []struct {
			target loadgen.Target
			want   got
		}{
			{loadgen.Target{URL: s.URL + "/a?b=c"},
				got{"GET", s.Listener.Addr().String(), "/a?b=c", "nodecompare", "", ""}},
			{loadgen.Target{Method: "POST", URL: s.URL,
				Header: http.Header{"Host": {"x.test"}, "X-Extra": {"e"}, "User-Agent": {"u"}}, Body: []byte("body")},
				got{"POST", "x.test", "/", "u", "e", "body"}},
			{loadgen.Target{Method: "PUT", URL: s.URL, Body: []byte(large)},
				got{"PUT", s.Listener.Addr().String(), "/", "nodecompare", "", large}},
			{loadgen.Target{Method: "HEAD", URL: s.URL},
				got{"HEAD", s.Listener.Addr().String(), "/", "nodecompare", "", ""}},
		} {
			res := whole(t,
				loadgen.Attack{Engine: engine, Target: c.target, Connections: 2, Rate: 20,
					Duration: 100 * time.Millisecond, WantStatus: http.StatusCreated})
			if res.Requests != 2 || res.Errors != 0 {
				t.Errorf("%s: %d requests, %d errors %v", c.target.Method, res.Requests, res.Errors, res.ErrorExamples)
			}
			for range res.Requests {
				if g := <-seen; g != c.want {
					t.Errorf("the server saw %.200q, want %.200q", fmt.Sprint(g), fmt.Sprint(c.want))
				}
			}
		}
	})
}

func TestImpossibleAttacks(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		good := loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: "http://127.0.0.1:1"},
			Connections: 1, Duration: time.Millisecond}
		for name, spoil := range map[string]func(*loadgen.Attack){
			"other scheme":   func(a *loadgen.Attack) { a.Target.URL = "ftp://localhost" },
			"no host":        func(a *loadgen.Attack) { a.Target.URL = "http:///x" },
			"bad URL":        func(a *loadgen.Attack) { a.Target.URL = "http://[::1" },
			"bad method":     func(a *loadgen.Attack) { a.Target.Method = "G E T" },
			"header name":    func(a *loadgen.Attack) { a.Target.Header = http.Header{"A b": {"c"}} },
			"header value":   func(a *loadgen.Attack) { a.Target.Header = http.Header{"A": {"b\r\nC: d"}} },
			"no connections": func(a *loadgen.Attack) { a.Connections = 0 },
			"negative rate":  func(a *loadgen.Attack) { a.Rate = -1 },
			"no duration":    func(a *loadgen.Attack) { a.Duration = 0 },
			"timeout":        func(a *loadgen.Attack) { a.Timeout = -1 },
			"unknown engine": func(a *loadgen.Attack) { a.Engine = "wrk" },
			"descriptors":    func(a *loadgen.Attack) { a.Connections = 1 << 40 },
		} {
			a := good
			spoil(&a)
			if res, err := drive(t.Context(), a); err == nil || res != nil {
				t.Errorf("%s: %v, %v; want no result and an error", name, res, err)
			}
		}
	})
}

func TestCancelStopsAtOnce(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for name, rate := range map[string]float64{"closed": 0, "open": 1000, "open, between two requests": 0.01} {
			t.Run(name, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				arrived := make(chan bool, 100)
				s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
					arrived <- true
					<-r.Context().Done() // until the client has gone
				})
				go func() {
					<-arrived
					cancel()
				}()
				began := time.Now()
				res, err := drive(ctx,
					loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 3,
						Rate: rate, Duration: time.Hour, Timeout: time.Hour})
				if !errors.Is(err, context.Canceled) || res == nil {
					t.Fatalf("got %v, %v", res, err)
				}
				checkSums(t, res)
				if res.Aborted < 1 || res.Aborted > 3 || res.Requests != 0 {
					t.Errorf("%d aborted, %d requests %v; want the ones in flight aborted and no more",
						res.Aborted, res.Requests, res.ErrorExamples)
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("it took %v", took)
				}
			})
		}
	})
}

func TestCancelKeepsWhatWasMeasured(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var seen atomic.Int64
		s := serve(t, func(http.ResponseWriter, *http.Request) {
			if seen.Add(1) == 50 {
				cancel()
			}
		})
		res, err := drive(ctx,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2, Duration: time.Hour})
		if !errors.Is(err, context.Canceled) || res == nil || res.Requests < 40 {
			t.Fatalf("got %+v, %v", res, err)
		}
		checkSums(t, res)
	})
}

func TestCancelledBeforeTheStart(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was sent") })
		res, err := drive(ctx,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1, Duration: time.Hour})
		if !errors.Is(err, context.Canceled) || res == nil || res.Latency.TotalCount() != 0 {
			t.Errorf("got %+v, %v; want an empty result", res, err)
		}
	})
}

func TestRunsOfAGeneratorShareConnections(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		clients := sync.Map{}
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) { clients.Store(r.RemoteAddr, true) })
		g, err := open(loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for good, runs := 0, 0; good < 3; runs++ {
			res, err := g.Run(t.Context(), 50*time.Millisecond)
			if err != nil || res.Errors != 0 || runs > 50 {
				t.Fatalf("run %d: %+v, %v", runs, res, err)
			}
			checkSums(t, res)
			if res.Requests > 0 { // else the machine stood still meanwhile
				good++
			}
		}
		opened := 0
		clients.Range(func(any, any) bool { opened++; return true })
		if opened != 1 {
			t.Errorf("%d connections for three runs, want 1", opened)
		}
	})
}

func TestUntrustedCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of each handshake
	s.StartTLS()
	defer s.Close()
	// The test server's certificate is nobody's: an error of each request, not of the run.
	res := whole(t,
		loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 2, Rate: 50, Duration: 100 * time.Millisecond})
	if res.Requests != 5 || res.ErrorKinds[loadgen.TLS] != 5 ||
		!strings.Contains(res.ErrorExamples[loadgen.TLS], "certificate") {
		t.Errorf("%d requests, errors %v %v", res.Requests, res.ErrorKinds, res.ErrorExamples)
	}
}
