package results_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nodecompare/results"
)

// shape is what a server's threads do with so many connections.
type shape func(r *rand.Rand, connections int) results.Rung

// answers fills in a rung: the threads there are, those that run and those that work, and how many
// requests are served at a time, each of which takes alone seconds and cpu microseconds.
func answers(connections, threads, active, busy int, served, alone, cpu float64) results.Rung {
	rps := min(served, float64(connections)) / alone
	return results.Rung{
		Load: results.Closed, Connections: connections, Requests: 1000, InFlight: float64(connections),
		ThroughputRPS: rps,
		LatencyUS:     results.Latency{P50: alone * 1e6, P99: max(1e3, alone*2e6)},
		Process: &results.Process{CPUUSPerRequest: cpu, Threads: threads, ActiveThreads: active,
			BusyThreads: busy, VoluntarySwitches: 1000},
	}
}

func some(r *rand.Rand, least, most int) int { return least + r.IntN(most-least+1) }

// Routes: one answers at once, the other after a wait of 50 ms. On 2 cores neither is done faster
// than in 20 µs.
func hello(r *rand.Rand, connections, threads, active, busy int) results.Rung {
	return answers(connections, threads, active, busy, 2, 60e-6, float64(some(r, 8, 60)))
}

func wait(r *rand.Rand, connections, threads, active, busy int, served float64) results.Rung {
	return answers(connections, threads, active, busy, min(served, 1500), 50.5e-3, float64(some(r, 15, 400)))
}

// blocking is as servers/blocking.go: 30 and more threads are Go's, and some of the others do not
// get their turn in a short run.
func blocking(r *rand.Rand, n int) results.Rung {
	return hello(r, n, n+some(r, 10, 40), int(float64(n)*(0.7+0.3*r.Float64()))+some(r, 2, 8), some(r, 1, n))
}

// keeping is as blocking, but keeps the threads of the base rung, which comes first, and on a busy
// machine has few of the requests in flight where they were to be many.
func keeping(r *rand.Rand, n int) results.Rung {
	rung := blocking(r, n)
	rung.Process.Threads = max(rung.Process.Threads, 64+some(r, 10, 20))
	if n > 64 {
		rung.InFlight, rung.Process.Threads = float64(some(r, 65, 120)), some(r, 250, 300)
		rung.Process.ActiveThreads = rung.Process.Threads - 3
	}
	return rung
}

// python makes a thread for each connection, and has none of its own.
func python(r *rand.Rand, n int) results.Rung { return wait(r, n, n+1, n+1, n, 1500) }

// prefork has all its threads before the first request; Go adds up to 60 of its own under load.
func prefork(size int) shape {
	return func(r *rand.Rand, n int) results.Rung {
		more := 0
		if n > 8 {
			more = some(r, 0, min(60, size/4))
		}
		return hello(r, n, size+8+more, min(n, size)+some(r, 2, 6)+more, some(r, 1, size))
	}
}

// shared hands each request to any of its threads, so that all of them run under any load.
func shared(size int) shape {
	return func(r *rand.Rand, n int) results.Rung { return hello(r, n, size+12, size+some(r, 2, 6), size) }
}

// lazy makes threads as connections come, up to a number.
func lazy(size int) shape {
	return func(r *rand.Rand, n int) results.Rung {
		return hello(r, n, min(n, size)+some(r, 5, 12), min(n, size)+some(r, 1, 5), some(r, 1, size))
	}
}

// fewThreads is a pool no larger than what runtimes have for themselves, on a route that waits.
func fewThreads(size int) shape {
	return func(r *rand.Rand, n int) results.Rung {
		return wait(r, n, size+30, min(n, size)+some(r, 2, 3), some(r, 1, size), float64(size))
	}
}

// loops is an event loop, or some, with a runtime's own threads.
func loops(k, own int) shape {
	return func(r *rand.Rand, n int) results.Rung { return hello(r, n, k+own+some(r, 0, 8), k+some(r, 0, 10), k) }
}

// eachAnew makes a thread for each request, which ends with it, as Python's http.server does: none
// of them is left at a rung's end. Where its backlog is short, hardly any request is in flight. The
// thread of a request alone lives so briefly that often no tick sees it.
func eachAnew(r *rand.Rand, n int) results.Rung {
	rung := hello(r, n, some(r, 2, n+1), 1, 1)
	rung.InFlight = float64(some(r, 1, n))
	if n > 1 || some(r, 0, 1) == 1 {
		rung.Process.ShortLived = rung.Requests + uint64(some(r, 0, 3000))
	}
	return rung
}

// workers are single-threaded processes that hold so many connections at a time.
func workers(k int, held func(n int) int) shape {
	return func(r *rand.Rand, n int) results.Rung {
		rung := hello(r, n, k+1, min(n, k)+some(r, 0, 1), some(r, 1, k))
		rung.Process.Processes, rung.Process.Files = k+1, 10*k+held(n)
		return rung
	}
}

func waitingLoop(r *rand.Rand, n int) results.Rung { return wait(r, n, 11, some(r, 4, 9), 1, 1500) }

// scrypt and file are an event loop whose workers do the work.
func offloads(r *rand.Rand, n int) results.Rung {
	return answers(n, 12, some(r, 6, 9), some(r, 1, 5), 2, 12e-3, 11000)
}

// observed is the model that six rounds of a shape are found to have.
func observed(t *rapid.T, s shape, ladder []int, cores int) (results.Model, string) {
	// One draw, and not one for each figure, of which there are a hundred.
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	r := &results.Record{Host: results.Host{Cores: cores}, Settings: settings("it")}
	w := &r.Settings.Workloads[0]
	w.Ladder = nil
	for _, n := range ladder {
		w.Ladder = append(w.Ladder, results.Step{Connections: n})
	}
	for round := 1; round <= 6; round++ {
		trial := results.Trial{Workload: w.Name, Mode: "it", Round: round}
		for _, n := range ladder {
			trial.Rungs = append(trial.Rungs, s(random, n))
		}
		r.Trials = append(r.Trials, trial)
	}
	f := results.Judge(r)[0].Findings[0]
	return f.Models[0], f.Of("it")
}

var (
	standard = []int{1, 8, 64, 512, 2000}
	quick    = []int{1, 8, 64, 512}
	heavy    = []int{1, 8, 64, 128}
)

func TestModels(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name        string
		shape       shape
		ladder      []int
		model       string
		least, most int // threads
	}{
		{"blocking", blocking, standard, results.ThreadPerRequest, 0, 0},
		{"blocking, quick", blocking, quick, results.ThreadPerRequest, 0, 0},
		{"blocking, where requests compute", blocking, heavy, results.ThreadPerRequest, 0, 0},
		{"blocking, which keeps threads, on a busy machine", keeping, quick, results.ThreadPerRequest, 0, 0},
		{"Python's threads, on a route that waits", python, quick, results.ThreadPerRequest, 0, 0},
		{"a pool of 200", prefork(200), standard, results.ThreadPool, 190, 215},
		{"a pool of 200, quick", prefork(200), quick, results.ThreadPool, 190, 215},
		{"a pool that is larger than any load", prefork(200), heavy, results.ThreadPool, 190, 215},
		{"a pool of 1,000", prefork(1000), standard, results.ThreadPool, 990, 1015},
		{"a pool of 50 that share all requests", shared(50), standard, results.ThreadPool, 50, 62},
		{"a pool of 200 that grows", lazy(200), standard, results.ThreadPool, 195, 205},
		{"a pool of 40 that grows, where requests compute", lazy(40), heavy, results.ThreadPool, 36, 44},
		{"a pool of 8 on a route that waits", fewThreads(8), quick, results.ThreadPool, 6, 11},
		{"one loop", loops(1, 8), standard, results.EventLoop, 1, 1},
		{"one loop, where requests compute", loops(1, 8), heavy, results.EventLoop, 1, 1},
		{"two loops", loops(2, 10), quick, results.EventLoop, 2, 2},
		{"a loop within a JVM", loops(1, 45), standard, results.EventLoop, 1, 1},
		{"a thread that comes and goes with each request", eachAnew, standard, results.ThreadPerRequest, 0, 0},
		{"four workers that take all connections", workers(4, func(n int) int { return n }), standard,
			results.EventLoop, 1, 4},
		{"50 pre-forked processes", workers(50, func(n int) int { return min(n, 50) }), standard,
			results.ThreadPool, 45, 52},
		{"a loop on a route that waits", waitingLoop, standard, results.EventLoop, 1, 1},
		{"a loop with workers", offloads, heavy, results.EventLoop, 1, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m, word := observed(t, test.shape, test.ladder, 2)
				want := results.Blocking
				if test.model == results.EventLoop {
					want = results.NonBlocking
				}
				if m.Name != test.model || word != want || m.Threads < test.least || m.Threads > test.most {
					t.Fatalf("%q of %d threads, %s: %s\n%+v", m.Name, m.Threads, word, m.Why, m.Steps)
				}
				if !strings.ContainsAny(m.Why, "0123456789") || len(m.Steps) != len(test.ladder) {
					t.Fatalf("evidence: %q, %d steps", m.Why, len(m.Steps))
				}
			})
		})
	}
}

func TestModelsThatCannotBeTold(t *testing.T) {
	change := func(s shape, how func(*results.Rung)) shape {
		return func(random *rand.Rand, n int) results.Rung {
			r := s(random, n)
			how(&r)
			return r
		}
	}
	for _, test := range []struct {
		name   string
		shape  shape
		ladder []int
		cores  int
		says   string
	}{
		{"no process figures", change(blocking, func(r *results.Rung) { r.Process = nil }), standard, 2,
			"nothing is known of its threads"},
		{"errors on most connections", change(blocking, func(r *results.Rung) { r.InFlight /= 5 }),
			standard, 2, "most connections were idle"},
		{"other processes do the work",
			change(blocking, func(r *results.Rung) { r.Process.CPUUSPerRequest = 0.1 }), standard, 2,
			"others must do its work"},
		{"too few connections", blocking, []int{1, 8, 32}, 2, "it takes 40"},
		{"too few connections for so many cores", loops(1, 8), []int{1, 8, 64}, 64, "it takes 288"},
		{"few processes that leave connections in the backlog",
			workers(4, func(n int) int { return min(n, 4) }), standard, 2, "most were not with it"},
		{"the machine's own processes, on one rung", func(r *rand.Rand, n int) results.Rung {
			rung := workers(4, func(n int) int { return min(n, 4) })(r, n)
			if n == 64 {
				rung.Process.ShortLived = rung.Requests
			}
			return rung
		}, standard, 2, "most were not with it"},
		{"grows, but not with the load", func(r *rand.Rand, n int) results.Rung {
			grown := int(3 * math.Sqrt(float64(n)))
			return hello(r, n, grown+5, grown, 3)
		}, standard, 2, "neither one for each"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m, word := observed(t, test.shape, test.ladder, test.cores)
				if m.Name != "" || word != results.CannotTell || !strings.Contains(m.Why, test.says) {
					t.Fatalf("%q, %s: %s", m.Name, word, m.Why)
				}
			})
		})
	}
}

// An idle step tells nothing, and does not keep the others from telling.
func TestIdleStepsAreSkipped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, _ := observed(t, func(random *rand.Rand, n int) results.Rung {
			if n == 2000 {
				r := loops(1, 8)(random, n)
				r.InFlight = 100
				return r
			}
			return blocking(random, n)
		}, standard, 2)
		if m.Name != results.ThreadPerRequest {
			t.Fatalf("%q: %s", m.Name, m.Why)
		}
	})
}
