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
	// ownThreads and ownThreadsPerCore bound the threads that a runtime has for itself, for garbage
	// collection, compilation and timers. Go, a JVM and Node.js have 8 to 35 on 2 cores, and fewer
	// than these bounds run.
	ownThreads, ownThreadsPerCore = 16, 2

	// beyondOwn is the ratio of requests in flight to a runtime's own threads from which threads
	// that serve requests stand out.
	beyondOwn = 2

	// loaded is the share of connections that must have a request in flight. Below it a rung shows
	// an idle server.
	loaded = 0.25

	// forEach is the share of the requests in flight that must have a thread in a
	// thread-per-request server. The rest are sent but not yet read by the server. forEachToRun is
	// the share that must have run, if the process has as many threads as forEach asks for: in a
	// short run on a busy machine some threads get no turn (docs/calibration.md).
	forEach, forEachToRun = 0.6, 0.3

	// level is the factor by which a thread pool may still grow: Go adds some 60 threads to 200
	// under load.
	level = 1.5

	// leastCPU is less than the CPU time of any request that a server reads and answers itself, in
	// µs.
	leastCPU = 1

	// anew is the number of threads or processes per request above which each request has one of
	// its own. Samples miss some of those that live for a moment.
	anew = 0.5

	// taken is the share of the connections that a server on few threads must hold descriptors for.
	taken = 0.5

	// waits is the ratio of a lone request's latency to its CPU time above which the request mostly
	// waits.
	waits = 20
)

// execution returns the row on how each mode's requests wait.
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

// steps returns the mode's closed rungs that have process figures, from few connections to many.
func steps(r *Record, w Workload, mode string) []ModelStep {
	all := []ModelStep{}
	for _, planned := range w.Ladder {
		median := func(figure func(Rung, Process) float64) float64 {
			return stat.Median(r.Values(w.Name, mode, ClosedAt(planned.Connections),
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

// classify derives a server's model from the number of threads that ran while the requests in
// flight were stepped up. classify knows nothing else about the server.
func classify(steps []ModelStep, cores int) Model {
	m := Model{Steps: steps}
	own := float64(ownThreads + ownThreadsPerCore*max(1, cores))
	// Some systems do not report which threads ran.
	ran := slices.ContainsFunc(steps, func(s ModelStep) bool { return s.ActiveThreads > 0 })
	// usable are the steps with enough load and with thread figures.
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
	switch stood, few := standing(steps, first, last, own), served(first, last); {
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
			"it had %s with %s requests in flight and %s with %s, of which %s ran: it starts no more threads, "+
				"a fixed pool",
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

// fewestAnew returns the smallest number of short-lived threads or processes per request over the
// rungs. The minimum excludes those of the machine, which vary between rungs, and needs no high
// load. A rung with a single request in flight counts only if it shows some: a thread that lives
// for one short request is gone before anybody looks.
func fewestAnew(steps []ModelStep) float64 {
	fewest := math.Inf(1)
	for _, s := range steps {
		if s.ShortLivedPerRequest > 0 || s.InFlight >= 2 {
			fewest = min(fewest, s.ShortLivedPerRequest)
		}
	}
	if math.IsInf(fewest, 1) {
		return 0
	}
	return fewest
}

// missing says which evidence for a classification is missing; "" if none is.
func missing(steps, usable []ModelStep, own float64) string {
	switch {
	case len(steps) == 0:
		return "undecided: nothing is known of its threads: the system does not show them, or every run " +
			"was VOID"
	case !slices.ContainsFunc(steps, func(s ModelStep) bool { return s.CPUUSPerRequest >= leastCPU }):
		return fmt.Sprintf(
			"undecided: the process spent less than %d µs of CPU on a request, so others must do its work",
			leastCPU)
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

// each reports whether every request in flight had a thread.
func (s ModelStep) each() bool {
	return s.ActiveThreads >= forEach*s.InFlight ||
		s.Threads >= forEach*s.InFlight && s.ActiveThreads >= forEachToRun*s.InFlight
}

// backlogged reports whether the server had no descriptor for most connections, which were still
// queued in the kernel. The step with the fewest connections shows how many descriptors the server
// has for itself.
func backlogged(first, last ModelStep) bool {
	connections := float64(last.Connections - first.Connections)
	return first.Files > 0 && last.Files > 0 && connections > 0 && last.Files-first.Files < taken*connections
}

// standing returns the number of threads in a pool that existed before the load; 0 if there is
// none. The pool may be larger than any load, so the sign is that no thread was added at any. A
// runtime may keep threads of the base rung, which comes first, so a load beyond it must have shown
// that; whether that load had all its requests in flight does not matter.
func standing(steps []ModelStep, first, last ModelStep, own float64) float64 {
	added := func(s ModelStep) bool { return s.Threads > level*first.Threads }
	if first.Threads <= own || slices.ContainsFunc(steps, added) ||
		last.ActiveThreads < forEachToRun*min(last.InFlight, last.Threads) {
		return 0
	}
	n := first.Threads
	if last.InFlight > last.ActiveThreads { // ActiveThreads includes threads that served nothing
		n = min(n, last.ActiveThreads)
	}
	return max(1, n-idle(first, own))
}

// served returns how many requests the last step served at a time, by Little's law: its throughput
// times the median latency of a lone request. The median is robust against a few stalls on a busy
// machine. served returns 0 if the product proves nothing, because requests mostly compute or
// hardly any had to queue.
func served(first, last ModelStep) float64 {
	if n := atATime(first, last); n <= last.InFlight/2 {
		return n
	}
	return 0
}

// atATime is like served, but does not require that requests queued. atATime returns 0 if requests
// do not wait.
func atATime(first, last ModelStep) float64 {
	if first.P50US <= 0 || first.InFlight > 2 || first.P50US < waits*first.CPUUSPerRequest {
		return 0
	}
	return last.ThroughputRPS * first.P50US / 1e6
}

// stopped reports whether the threads grew with few requests in flight, or existed before, and then
// stayed at a limit.
func stopped(usable []ModelStep, own float64) bool {
	last, seen := usable[len(usable)-1], false
	for _, s := range usable[:len(usable)-1] {
		if s.InFlight < own {
			continue // too few requests to tell
		}
		if full := s.ActiveThreads*level >= last.ActiveThreads; !full && !s.each() {
			return false
		}
		seen = true
	}
	return seen
}

// idle returns how many threads ran beside those of the requests, by the step with the fewest
// connections, where each request had one.
func idle(first ModelStep, own float64) float64 {
	if first.ActiveThreads > own {
		return 0
	}
	return max(0, first.ActiveThreads-max(1, first.InFlight))
}

func round(v float64) int { return int(math.Round(v)) }
