package bench

import (
	"fmt"
	"strings"
	"time"

	"nodecompare/loadgen"
)

// Profile is how much measuring a bench does.
type Profile struct {
	Name    string
	Summary string
	Rounds  int
	Warmup  loadgen.Settling // of a fresh server, once in each trial
	Ladder  []rung
}

// rung is one step of load. Each begins with a settling run on its own connections, not measured, in which the server accepts
// them and starts what it starts for them.
type rung struct {
	connections int
	settle      time.Duration
	duration    time.Duration
}

// Profiles is the table of profiles. The rung of 64 is the longest: Performance is read from it.
var Profiles = []Profile{
	{"quick", "three short rounds: a first look, and a smoke test for CI", 3, loadgen.Settling{Window: ms(20), Cap: ms(500)}, []rung{
		{1, ms(50), ms(150)}, {64, ms(75), ms(400)}, {1000, ms(150), ms(300)},
	}},
	{"standard", "three rounds: what the table is made for", 3, loadgen.Settling{Window: ms(50), Cap: ms(1250)}, []rung{
		{1, ms(50), ms(500)}, {8, ms(50), ms(500)}, {64, ms(100), ms(1500)}, {256, ms(150), ms(700)}, {1000, ms(250), ms(700)},
	}},
	{"thorough", "seven rounds, up to 10,000 connections", 7, loadgen.Settling{Window: ms(100), Cap: ms(4000)}, []rung{
		{1, ms(100), ms(1000)}, {8, ms(100), ms(1000)}, {64, ms(250), ms(3000)}, {512, ms(400), ms(1500)},
		{2000, ms(800), ms(2000)}, {10000, ms(3000), ms(4000)},
	}},
}

const (
	// usualWindows is what a warm-up takes as a rule: loadgen.SteadyWindows, and a few more where there is noise.
	usualWindows = loadgen.SteadyWindows + 2
	// mostWindows is what the cap must leave room for: eleven checks, of which nine in ten pass where only noise is left.
	mostWindows = 2 * loadgen.SteadyWindows
)

// answerTime is how long a single request takes on the routes that wait, with the ms of their targets.
var answerTime = map[string]time.Duration{"wait": ms(50), "api": ms(50)}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// profileNamed returns the profile of that name; the error lists the known ones.
func profileNamed(name string) (Profile, error) {
	known := make([]string, len(Profiles))
	for i, p := range Profiles {
		if p.Name == name {
			return p, nil
		}
		known[i] = p.Name
	}
	return Profile{}, fmt.Errorf("unknown profile %q: the known ones are %s", name, strings.Join(known, ", "))
}

// heavy workloads compute so long for each request that more connections than these would measure only how long a queue is:
// every further one waits its turn of this much CPU time. Their rungs are longer, for enough requests to count.
var heavy = map[string]struct {
	most int           // connections
	cost time.Duration // of CPU, each request
}{
	"cpu":   {128, ms(5)},
	"login": {128, ms(12)},
}

// ladder is the profile's for one workload, within what the limit of connections allows, with a note where it is not the
// profile's own.
func (p Profile) ladder(workload string, limit int) (rungs []rung, note string) {
	rungs = append(rungs, p.Ladder...)
	if h, ok := heavy[workload]; ok {
		rungs = capped(rungs, h.most)
		for i, r := range rungs {
			// Each connection has its turn five times over, were there only one core.
			turns := 5 * time.Duration(r.connections) * h.cost
			rungs[i].duration = min(max(r.duration, turns), 2*r.duration+time.Second)
		}
		note = fmt.Sprintf("The ladder ends at %d connections: each request computes for some %d ms, and more of them would only queue.", h.most, h.cost.Milliseconds())
	}
	if top := rungs[len(rungs)-1].connections; top > limit {
		rungs = capped(rungs, limit)
		note = strings.TrimSpace(fmt.Sprintf("%s The ladder ends at %d connections instead of %d: the limit of open files is too low for more (see ulimit -n).", note, limit, top))
	}
	return rungs, note
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
