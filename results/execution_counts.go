package results

import (
	"fmt"

	"nodecompare/results/unit"
)

const (
	// ownGrowth bounds the threads that a runtime adds for itself under load. Go adds some 60.
	ownGrowth = 64

	// beyondThreads is the ratio of requests served at a time to threads above which requests
	// certainly waited without a thread.
	beyondThreads = 2
)

// byCounts classifies a server on systems that report the number of threads but not which of them
// ran (macOS). Threads from before the load may belong to a pool or to the runtime and prove
// nothing, so byCounts looks at the threads that the load added.
func byCounts(m Model, usable []ModelStep, own float64) Model {
	first, last := usable[0], usable[len(usable)-1]
	before := max(0, first.Threads-first.InFlight) // threads that serve no request
	came := make([]ModelStep, len(usable))         // the steps as if exactly the added threads had run
	for i, s := range usable {
		came[i] = s
		came[i].ActiveThreads = max(0, s.Threads-before)
		came[i].Threads = came[i].ActiveThreads
	}
	grown := came[len(came)-1]
	at, queued := atATime(first, last), served(first, last)
	switch {
	case grown.ActiveThreads > ownGrowth && grown.ActiveThreads >= forEach*last.InFlight:
		m.Name = ThreadPerRequest
		m.Why = fmt.Sprintf("from %s to %s requests in flight the threads went from %s to %s: one for each",
			unit.Count(first.InFlight), unit.Count(last.InFlight), unit.Count(first.Threads), unit.Count(last.Threads))
	case grown.ActiveThreads > ownGrowth && stopped(came, own):
		m.Name, m.Threads = ThreadPool, round(grown.ActiveThreads)
		m.Why = fmt.Sprintf("the threads grew from %s to %s and stopped there, with %s requests in flight: "+
			"further requests wait for one",
			unit.Count(first.Threads), unit.Count(last.Threads), unit.Count(last.InFlight))
	case at >= beyondThreads*last.Threads:
		m.Name = EventLoop
		m.Why = fmt.Sprintf(
			"%s requests were being served at a time, and there were %s: requests wait without a thread of their own",
			unit.Count(at), unit.Counted(last.Threads, "thread"))
	case queued > 0 && queued <= last.Threads:
		m.Name, m.Threads = ThreadPool, max(1, round(queued))
		m.Why = fmt.Sprintf("requests spend their time waiting, and of %s in flight only %s were being "+
			"served at a time, with %s there: the others wait for one",
			unit.Count(last.InFlight), unit.Count(queued), unit.Counted(last.Threads, "thread"))
	case last.Threads <= own && backlogged(first, last):
		m.Why = fmt.Sprintf("undecided: with %s connections the server had %s files open, so most "+
			"were not with it but in the system's queue",
			unit.Count(float64(last.Connections)), unit.Count(last.Files))
	case last.Threads <= own:
		m.Name = EventLoop
		m.Why = fmt.Sprintf("with %s requests in flight there were %s, no more than a runtime has for "+
			"itself: requests wait without a thread of their own",
			unit.Count(last.InFlight), unit.Counted(last.Threads, "thread"))
	default:
		m.Why = fmt.Sprintf("undecided: from %s to %s requests in flight the threads went from %s to "+
			"%s, which may serve requests or idle",
			unit.Count(first.InFlight), unit.Count(last.InFlight), unit.Count(first.Threads), unit.Count(last.Threads))
	}
	m.Why += "; this system shows how many threads there are, but not which of them run"
	return m
}
