package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/servers/workload"
)

// ladder is the profile's for one workload, within what the limit of connections allows, with a
// note where it is not the profile's own, and its base rung's connections.
func (p Profile) ladder(w workload.Workload, limit int) (rungs []rung, base int, note string) {
	if b, ok := blastNamed(w.Name); ok {
		rungs, base = p.blastLadder(b, w)
		return rungs, base, ""
	}
	rungs = append(rungs, p.Ladder...)
	wanted := usualBase
	if w.Wait > 0 {
		wanted = waitingBase
	}
	if w.CPU > 0 {
		rungs = capped(rungs, queueing)
		for i, r := range rungs {
			// Each connection has its turn five times over, were there only one core.
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
		// Not the last one, if it can be helped: Scalability is what happens from there to the top.
		if r.connections <= usualBase || r.connections <= wanted && i < len(rungs)-1 {
			base = i
		}
	}
	if w.Wait > 0 {
		// half as long: its answers, which have to be waited for each time, take the other half
		for i, r := range rungs[:base] {
			rungs[i].duration = max(r.duration/2, twice(w.Wait))
		}
	}
	if n := rungs[base].connections; n > usualBase {
		note = strings.TrimSpace(
			fmt.Sprintf(
				"%s Performance is read at %d connections, since fewer hardly give a server work that only waits.", note, n))
	}
	rungs[base] = inSlices(rungs[base], w)
	return p.withOpen(rungs, base, w), rungs[base].connections, note
}

// inSlices adds slices beside the yardstick to the base rung, which are long enough for each
// connection to have an answer or two. Together they are as long as its run in one piece; where
// requests compute for milliseconds both share the time that there is.
func inSlices(r rung, w workload.Workload) rung {
	r.slice = slice
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

// Servers that compile themselves as they run collect garbage too, in cycles: V8 copies what has
// survived of young objects, and more of it each time, until it looks through all objects. On hello
// such a cycle of Express takes 3,000 to 6,000 requests, some 0.8 s, and a request costs a third
// more in its last part than in its first. So such a server has load on the base rung for a cycle
// in one piece, and for two in slices.
const collectTime = 800 * time.Millisecond

// collecting has the base rung last for so long.
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

// twice is for how long to send so that each connection does so twice, when an answer takes that
// long: its second request leaves with the first answer.
func twice(answer time.Duration) time.Duration { return answer + answer/5 }

// withOpen puts the open loads behind the base rung: on the way up, before the server has seen more
// connections than theirs.
func (p Profile) withOpen(rungs []rung, base int, w workload.Workload) []rung {
	r := rung{load: results.Common, connections: rungs[base].connections,
		settle: min(rungs[base].settle, max(openSettle, twice(w.Wait))), duration: p.Open}
	own := r
	if w.CPU > 0 { // of which no second has more than some hundreds
		r.duration, own.duration = max(r.duration, lightTime), max(own.duration, 100*w.CPU)
	}
	open := []rung{r}
	if p.Own {
		own.load = results.Own
		open = append(open, own)
	}
	return append(rungs[:base+1:base+1], append(open, rungs[base+1:]...)...)
}

// at is the rung as long as it takes at a rate, in requests per second.
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

// capped ends the ladder at most connections, with a rung of exactly as many.
func capped(rungs []rung, most int) []rung {
	for i, r := range rungs {
		if r.connections >= most {
			r.connections = most
			return append(rungs[:i:i], r)
		}
	}
	return rungs
}
