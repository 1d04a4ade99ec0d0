package results

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

const (
	// A runtime has threads of its own, for collecting garbage, compiling and keeping time, some of
	// them for each core: Go's, a JVM's and Node's are 8 to 35 on 2 cores, of which fewer than
	// these run.
	ownThreads, ownThreadsPerCore = 16, 2

	// beyondOwn is how many times as many requests must be in flight for their threads to stand out
	// from those.
	beyondOwn = 2

	// loaded is the share of the connections that must have a request in flight: else the step says
	// what an idle server does.
	loaded = 0.25

	// forEach is the share of the requests in flight that must have a thread, where each has one.
	// It leaves room for those that the client has sent and the server has not taken up. In a short
	// run on a busy machine some threads do not get their turn (412 of 512 in 0.4 s, measured):
	// where the process has that many threads, that much fewer need to have run.
	forEach, forEachToRun = 0.6, 0.3

	// level is what the number of a pool's threads may grow by: Go adds some 60 of its own to 200
	// under load.
	level = 1.5

	// leastCPU is less than any server spends on a request that it reads and answers itself,
	// microseconds.
	leastCPU = 1

	// anew is how many threads or processes must have come and gone for a request, where each has
	// one that lives no longer. The rest are those that no look at the server happened to see.
	anew = 0.5

	// taken is the share of the connections that servers on few threads must have taken, to be
	// serving them: they hold a descriptor for each, and a few more for themselves.
	taken = 0.5

	// waits is how many times as long as its CPU time a lone request takes, if most of it is
	// waiting.
	waits = 20
)

// execution is the row that says how each mode's requests wait.
func execution(r *Record, w Workload) Finding {
	f := Finding{Row: RowExecution}
	for _, mode := range r.Settings.Modes {
		m := classify(steps(r, w, mode.Name), r.Host.Cores)
		m.Mode = mode.Name
		f.Models = append(f.Models, m)
		word := CannotTell
		switch m.Name {
		case ThreadPerRequest, ThreadPool:
			word = Blocking
		case EventLoop:
			word = NonBlocking
		}
		f.Words = append(f.Words, Word{mode.Name, word})
	}
	return f
}

// steps are the closed rungs of which there are process figures, from few connections to many.
func steps(r *Record, w Workload, mode string) []ModelStep {
	all := []ModelStep{}
	for _, planned := range w.Ladder {
		median := func(figure func(Rung, Process) float64) float64 {
			return stat.Median(r.Values(w.Name, mode, Conns(planned.Connections),
				Figure{Read: func(rung Rung) (float64, bool) {
					if rung.Process == nil || rung.Answered() == 0 {
						return 0, false
					}
					return figure(rung, *rung.Process), true
				}})).Value
		}
		s := ModelStep{
			Connections:     planned.Connections,
			InFlight:        median(func(r Rung, _ Process) float64 { return r.InFlight }),
			ThroughputRPS:   median(func(r Rung, _ Process) float64 { return r.ThroughputRPS }),
			P50US:           median(func(r Rung, _ Process) float64 { return r.LatencyUS.P50 }),
			Threads:         median(func(_ Rung, p Process) float64 { return float64(p.Threads) }),
			ActiveThreads:   median(func(_ Rung, p Process) float64 { return float64(p.ActiveThreads) }),
			BusyThreads:     median(func(_ Rung, p Process) float64 { return float64(p.BusyThreads) }),
			CPUUSPerRequest: median(func(_ Rung, p Process) float64 { return p.CPUUSPerRequest }),
			SwitchesPerRequest: median(func(r Rung, p Process) float64 {
				return float64(p.VoluntarySwitches) / float64(r.Answered())
			}),

			Processes: median(func(_ Rung, p Process) float64 { return float64(p.Processes) }),
			Files:     median(func(_ Rung, p Process) float64 { return float64(p.Files) }),
			ShortLivedPerRequest: median(func(r Rung, p Process) float64 {
				return float64(p.ShortLived) / float64(r.Answered())
			}),
		}
		if s.Threads > 0 {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b ModelStep) int { return cmp.Compare(a.Connections, b.Connections) })
	return all
}

// classify tells from what a server's threads did, as the requests in flight were stepped up, how
// its requests wait. It knows nothing else about the server.
func classify(steps []ModelStep, cores int) Model {
	m := Model{Steps: steps}
	own := float64(ownThreads + ownThreadsPerCore*max(1, cores))
	// the system tells which did
	ran := slices.ContainsFunc(steps, func(s ModelStep) bool { return s.ActiveThreads > 0 })
	// with load, and with thread figures
	var usable []ModelStep
	for _, s := range steps {
		if (s.ActiveThreads > 0 || !ran) && s.InFlight >= loaded*float64(s.Connections) {
			usable = append(usable, s)
		}
	}
	if n := fewestAnew(steps); n >= anew {
		m.Name = ThreadPerRequest
		m.Why = fmt.Sprintf(
			"at every load at least %s threads or processes came and went for ten requests: one for each",
			unit.Count(10*min(1, n)))
		return m
	}
	if why := missing(steps, usable, own); why != "" {
		m.Why = why
		return m
	}
	if !ran {
		return byCounts(m, usable, own)
	}
	first, last := usable[0], usable[len(usable)-1]
	switch stood, few := standing(first, last, own), served(first, last); {
	case last.ActiveThreads <= own && few > 0 && few <= last.ActiveThreads:
		m.Name, m.Threads = ThreadPool, max(1, round(last.ActiveThreads-idle(first, own)))
		m.Why = fmt.Sprintf("requests spend their time waiting, and of %s in flight only %s were being "+
			"served at a time, by the %s that ran: the others wait for one",
			unit.Count(last.InFlight), unit.Count(few), unit.Counted(last.ActiveThreads, "thread"))
	case last.ActiveThreads <= own && backlogged(first, last):
		m.Why = fmt.Sprintf("undecided: with %s connections the server had %s files open, so most "+
			"were not with it but in the system's queue: %s that ran may each serve one at a time, or loops "+
			"that close connections after each request",
			unit.Count(float64(last.Connections)), unit.Count(last.Files), unit.Counted(last.ActiveThreads, "thread"))
	case last.ActiveThreads <= own:
		m.Name, m.Threads = EventLoop, max(1, round(last.BusyThreads))
		m.Why = fmt.Sprintf(
			"with %s requests in flight %s ran, and %s did the work: requests wait without a thread of their own",
			unit.Count(last.InFlight), unit.Counted(last.ActiveThreads, "thread"), unit.Count(max(1, last.BusyThreads)))
	case stood > 0:
		m.Name, m.Threads = ThreadPool, round(stood)
		m.Why = fmt.Sprintf(
			"it had %s with %s requests in flight and %s with %s, of which %s ran: it starts no more threads, a fixed pool",
			unit.Counted(first.Threads, "thread"), unit.Count(first.InFlight), unit.Count(last.Threads),
			unit.Count(last.InFlight), unit.Count(last.ActiveThreads))
	case last.each():
		m.Name = ThreadPerRequest
		m.Why = fmt.Sprintf("from %s to %s requests in flight the threads that ran went from %s to %s: one for each",
			unit.Count(first.InFlight), unit.Count(last.InFlight), unit.Count(first.ActiveThreads),
			unit.Count(last.ActiveThreads))
	case stopped(usable, own):
		m.Name, m.Threads = ThreadPool, round(last.ActiveThreads-idle(first, own))
		m.Why = fmt.Sprintf("the threads that ran grew to %s and stopped there, with %s requests in flight: "+
			"further requests wait for one",
			unit.Count(last.ActiveThreads), unit.Count(last.InFlight))
	default:
		m.Why = fmt.Sprintf("undecided: from %s to %s requests in flight the threads that ran went "+
			"from %s to %s, which is neither one for each, nor a fixed number, nor few",
			unit.Count(first.InFlight), unit.Count(last.InFlight), unit.Count(first.ActiveThreads),
			unit.Count(last.ActiveThreads))
	}
	return m
}

// fewestAnew is how many threads or processes came and went for a request on the rung with the
// fewest of them; 0 where there is none. It does not take many requests in flight to see, and the
// machine's own, which are counted among them, will not be as many on every rung.
func fewestAnew(steps []ModelStep) float64 {
	if len(steps) == 0 {
		return 0
	}
	return slices.MinFunc(steps, func(a, b ModelStep) int {
		return cmp.Compare(a.ShortLivedPerRequest, b.ShortLivedPerRequest)
	}).ShortLivedPerRequest
}

// missing says what it takes to tell, and is not there; "" when all is.
func missing(steps, usable []ModelStep, own float64) string {
	switch {
	case len(steps) == 0:
		return "undecided: nothing is known of its threads: the system does not show them, or every run " +
			"was VOID"
	case !slices.ContainsFunc(steps, func(s ModelStep) bool { return s.CPUUSPerRequest >= leastCPU }):
		return fmt.Sprintf(
			"undecided: the process spent less than %d µs of CPU on a request, so others must do its work", leastCPU)
	case len(usable) == 0:
		return "undecided: most connections were idle at every load, because of errors or a slow generator"
	}
	if most := usable[len(usable)-1].InFlight; most < beyondOwn*own {
		return fmt.Sprintf("undecided: there were at most %s requests in flight, and it takes %s to "+
			"tell their threads from the runtime's own",
			unit.Count(most), unit.Count(beyondOwn*own))
	}
	return ""
}

// each says that every request in flight had a thread.
func (s ModelStep) each() bool {
	return s.ActiveThreads >= forEach*s.InFlight ||
		s.Threads >= forEach*s.InFlight && s.ActiveThreads >= forEachToRun*s.InFlight
}

// backlogged says that most connections were not with the server: it had no descriptor for them.
// How many it has of its own the step with the fewest connections tells.
func backlogged(first, last ModelStep) bool {
	connections := float64(last.Connections - first.Connections)
	return first.Files > 0 && last.Files > 0 && connections > 0 && last.Files-first.Files < taken*connections
}

// standing is the number of threads of a pool that was there before the load; 0 when there is none.
// It may be larger than any load was, so that each request found a thread: what tells is that no
// further one was made.
func standing(first, last ModelStep, own float64) float64 {
	if first.Threads <= own || last.Threads > level*first.Threads ||
		last.ActiveThreads < forEachToRun*min(last.InFlight, last.Threads) {
		return 0
	}
	n := first.Threads
	if last.InFlight > last.ActiveThreads { // all that can serve did, and those beyond them are somebody else's
		n = min(n, last.ActiveThreads)
	}
	return max(1, n-idle(first, own))
}

// served is how many requests were served at a time on the last step, by Little's law: its
// throughput times what a lone request takes: its median, since on a busy machine a stall or two
// make up most of a mean. It is 0 where that does not tell: where requests compute more than they
// wait, or hardly any had to queue.
func served(first, last ModelStep) float64 {
	if n := atATime(first, last); n <= last.InFlight/2 {
		return n
	}
	return 0
}

// atATime is the same, whether requests had to queue or not; 0 where they do not wait.
func atATime(first, last ModelStep) float64 {
	if first.P50US <= 0 || first.InFlight > 2 || first.P50US < waits*first.CPUUSPerRequest {
		return 0
	}
	return last.ThroughputRPS * first.P50US / 1e6
}

// stopped says that the threads grew with the requests as long as there were few, or that they were
// as many before, and then no more.
func stopped(usable []ModelStep, own float64) bool {
	last, seen := usable[len(usable)-1], false
	for _, s := range usable[:len(usable)-1] {
		if s.InFlight < own {
			continue // too few to tell
		}
		if full := s.ActiveThreads*level >= last.ActiveThreads; !full && !s.each() {
			return false
		}
		seen = true
	}
	return seen
}

// idle is how many threads ran beside those of the requests, as the step with the fewest has it:
// there, one for each request.
func idle(first ModelStep, own float64) float64 {
	if first.ActiveThreads > own {
		return 0
	}
	return max(0, first.ActiveThreads-max(1, first.InFlight))
}

func round(v float64) int { return int(math.Round(v)) }
