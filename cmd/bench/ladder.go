package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/servers/workload"
)

// ladder returns the profile's ladder for one workload, within the limit of connections, with the
// base rung's connections, and a note if it differs from the profile's own.
func (p Profile) ladder(w workload.Workload, limit int) (rungs []rung, base int, note string) {
	if b, ok := blastNamed(w.Name); ok {
		rungs, base = p.blastLadder(b, w)
		return rungs, base, ""
	}
	if hears(w) {
		return p.listenLadder(w, limit)
	}
	if w.Plays {
		return p.playLadder(limit)
	}
	rungs = append(rungs, p.Ladder...)
	wanted := usualBase
	if w.Wait > 0 {
		wanted = waitingBase
	}
	if w.CPU > 0 {
		rungs = capped(rungs, queueing)
		for i, r := range rungs {
			// Each connection has five turns, even on a single core.
			turns := 5 * time.Duration(r.connections) * w.CPU
			rungs[i].duration = min(max(r.duration, turns), 2*r.duration+time.Second)
		}
		note = fmt.Sprintf("The ladder ends at %d connections: each request computes for some %d ms, and "+
			"more of them would only queue.", queueing, w.CPU.Milliseconds())
	}
	if top := rungs[len(rungs)-1].connections; top > limit {
		rungs = capped(rungs, limit)
		note = strings.TrimSpace(fmt.Sprintf("%s The ladder ends at %d connections instead of %d: the limit "+
			"of open files is too low for more (see ulimit -n).", note, limit, top))
	}
	for i, r := range rungs {
		// The base is not the last rung if possible, because Scalability is what happens from the
		// base to the top.
		if r.connections <= usualBase || r.connections <= wanted && i < len(rungs)-1 {
			base = i
		}
	}
	if w.Wait > 0 {
		// Half as long, because the answers, which must be awaited each time, take the other half.
		for i, r := range rungs[:base] {
			rungs[i].duration = max(r.duration/2, twice(w.Wait))
		}
	}
	if n := rungs[base].connections; n > usualBase {
		note = strings.TrimSpace(
			fmt.Sprintf(
				"%s Performance is read at %d connections, since fewer hardly give a server work that only waits.",
				note, n))
	}
	rungs[base] = inSlices(rungs[base], w)
	return p.withOpen(rungs, base, w), rungs[base].connections, note
}

// inSlices adds slices beside the yardstick to the base rung, each long enough for a connection to
// have an answer or two. Together the slices are as long as the uninterrupted run. If requests
// compute for milliseconds, both share the time.
func inSlices(r rung, w workload.Workload) rung {
	r.slice = yardstickSlice
	if w.Wait > 0 {
		r.slice = twice(w.Wait)
	}
	if w.CPU > 0 {
		r.slice = time.Duration(r.connections) * w.CPU
		r.duration = max(r.duration/2, r.slice)
	}
	r.slices = max(2, int(r.duration/r.slice))
	return r
}

// collectTime is a garbage collection cycle of a server that compiles itself as it runs. V8 copies
// the young objects that survived, more of them each time, until it collects all objects; a request
// costs a third more at the end of a cycle than at its start. So the base rung of such a server
// lasts for a cycle in one piece and for two in slices (docs/calibration.md, Warm-up).
const collectTime = 800 * time.Millisecond

// collecting returns the rungs with a base rung that lasts for whole garbage collection cycles.
func collecting(rungs []rung) []rung {
	rungs = slices.Clone(rungs)
	for i, r := range rungs {
		if r.slices > 0 {
			rungs[i].duration = max(r.duration, collectTime)
			rungs[i].slices = max(r.slices, int(2*collectTime/r.slice))
		}
	}
	return rungs
}

// twice returns a sending time in which every connection sends two requests, given the service
// time.
func twice(answer time.Duration) time.Duration { return answer + answer/5 }

// withOpen puts the open loads after the base rung, before the server has seen more connections
// than theirs.
func (p Profile) withOpen(rungs []rung, base int, w workload.Workload) []rung {
	r := rung{load: results.Common, connections: rungs[base].connections,
		ramp: min(rungs[base].ramp, max(openRamp, twice(w.Wait))), duration: p.Open}
	own := r
	if w.CPU > 0 { // a second has at most some hundreds
		r.duration, own.duration = max(r.duration, lightTime), max(own.duration, 100*w.CPU)
	}
	open := []rung{r}
	if p.Own {
		own.load = results.Own
		open = append(open, own)
	}
	return append(rungs[:base+1:base+1], append(open, rungs[base+1:]...)...)
}

// at returns the rung with its duration adapted to a rate in requests per second.
func (r rung) at(rate float64) rung {
	lasting := func(requests float64) time.Duration { return time.Duration(requests / rate * float64(time.Second)) }
	switch {
	case r.load == results.Common:
		r.duration = max(r.duration, min(lightTime, lasting(lightRequests)))
	case r.load == results.Own:
		r.duration = min(r.duration, max(ownTime, lasting(ownRequests)))
	}
	return r
}

// capped ends the ladder with a rung of exactly most connections.
func capped(rungs []rung, most int) []rung {
	for i, r := range rungs {
		if r.connections >= most {
			r.connections = most
			return append(rungs[:i:i], r)
		}
	}
	return rungs
}
