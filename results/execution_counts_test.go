package results_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nodecompare/results"
)

// counted is a shape as a system shows it that does not tell which threads ran.
func counted(s shape) shape {
	return func(random *rand.Rand, n int) results.Rung {
		r := s(random, n)
		p := r.Process
		p.ActiveThreads, p.BusyThreads, p.VoluntarySwitches, p.ShortLived = 0, 0, 0, 0
		return r
	}
}

// waiting is a server of so many threads, as many of which serve, on a route that waits.
func waiting(threads int, served float64) shape {
	return func(r *rand.Rand, n int) results.Rung {
		return wait(r, n, threads+some(r, 0, 6), some(r, 1, threads), 1, served)
	}
}

func TestModelsByCounts(t *testing.T) {
	for _, test := range []struct {
		name        string
		shape       shape
		ladder      []int
		model       string // "" where one cannot tell
		least, most int    // threads
	}{
		{"blocking", blocking, standard, results.ThreadPerRequest, 0, 0},
		{"blocking, quick", blocking, quick, results.ThreadPerRequest, 0, 0},
		{"blocking, where requests compute", blocking, heavy, results.ThreadPerRequest, 0, 0},
		{"Python's threads, on a route that waits", python, quick, results.ThreadPerRequest, 0, 0},
		{"a pool of 200 that grows", lazy(200), standard, results.ThreadPool, 190, 212},
		{"a pool of 200 that grows, quick", lazy(200), quick, results.ThreadPool, 190, 212},
		{"a pool of 200, on a route that waits", waiting(200, 200), quick, results.ThreadPool, 195, 205},
		{"a pool of 8, on a route that waits", fewThreads(8), quick, results.ThreadPool, 6, 11},
		{"one loop", loops(1, 8), standard, results.EventLoop, 0, 0},
		{"one loop, where requests compute", loops(1, 8), heavy, results.EventLoop, 0, 0},
		{"a loop with workers", offloads, heavy, results.EventLoop, 0, 0},
		{"a loop on a route that waits", waitingLoop, standard, results.EventLoop, 0, 0},
		{"a loop within a JVM, on a route that waits", waiting(60, 1500), quick, results.EventLoop, 0, 0},

		// Threads that were there before may be anybody's, and so may a few that came.
		{"a pool of 200", prefork(200), standard, "", 0, 0},
		{"a loop within a JVM", loops(1, 45), standard, "", 0, 0},
		{"a pool of 40 that grows", lazy(40), heavy, "", 0, 0},
		{"few processes that leave connections in the backlog",
			workers(4, func(n int) int { return min(n, 4) }), standard, "", 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				m, word := observed(t, counted(test.shape), test.ladder, 2)
				want := map[string]string{"": results.CannotTell, results.EventLoop: results.NonBlocking}[test.model]
				if want == "" {
					want = results.Blocking
				}
				if m.Name != test.model || word != want || m.Threads < test.least || m.Threads > test.most {
					t.Fatalf("%q of %d threads, %s: %s\n%+v", m.Name, m.Threads, word, m.Why, m.Steps)
				}
				if !strings.HasSuffix(m.Why, "but not which of them run") || !strings.ContainsAny(m.Why, "0123456789") {
					t.Fatalf("evidence: %q", m.Why)
				}
			})
		})
	}
}

// What can be told without it counts first: there must be load, and it must be this process that
// works.
func TestCountsNeedLoad(t *testing.T) {
	for says, change := range map[string]func(*results.Rung){
		"most connections were idle": func(r *results.Rung) { r.InFlight /= 5 },
		"others must do its work":    func(r *results.Rung) { r.Process.CPUUSPerRequest = 0.1 },
	} {
		rapid.Check(t, func(t *rapid.T) {
			m, word := observed(t, func(random *rand.Rand, n int) results.Rung {
				r := counted(blocking)(random, n)
				change(&r)
				return r
			}, standard, 2)
			if m.Name != "" || word != results.CannotTell || !strings.Contains(m.Why, says) {
				t.Fatalf("%q, %s: %s", m.Name, word, m.Why)
			}
		})
	}
}
