package results

// Rung returns the trial's rung of that load when something may be concluded from it: ok is false
// for one that is VOID, and for every rung of a trial that failed, since what ended the server may
// have slowed it down before. An interruption comes from outside, and leaves what was finished as
// good as it is.
func (t Trial) Rung(at At) (r Rung, ok bool) {
	if t.Failure != "" || t.Lost != "" {
		return Rung{}, false
	}
	for i := range t.Rungs {
		if r := &t.Rungs[i]; r.Load == at.Load && (r.Connections == at.Connections || at.Load != Closed) && !r.void() {
			return *r, true
		}
	}
	return Rung{}, false
}

// The loads of a trial.
const (
	Closed = "closed"      // each connection sends as soon as it has its answer: what a server can do
	Common = "common rate" // open, at Rates.CommonRPS
	Own    = "own share"   // open, at Rates.OwnRPS; left out for a mode of which both are nearly the same
	// open, of a workload with poison: at a rate that is the same for all modes, without the poison
	Alone = "alone"
	Amid  = "amid poison" // the same, with it

	Overload = "overload" // open: Surge.Times of the mode's own capacity, and then Surge.Then of it
)

// At names a rung within a trial.
type At struct {
	Load        string `json:"load"`
	Connections int    `json:"connections,omitempty"` // of a closed load; an open one has but one rung
}

// Conns names the rung of a closed load with that many connections.
func Conns(n int) At { return At{Closed, n} }

// AllConns names the rungs of closed loads with those numbers of connections.
func AllConns(numbers []int) []At {
	all := make([]At, len(numbers))
	for i, n := range numbers {
		all[i] = Conns(n)
	}
	return all
}

// The rungs of the open loads.
var (
	AtCommon   = At{Load: Common}
	AtOwn      = At{Load: Own}
	AtAlone    = At{Load: Alone}
	AtAmid     = At{Load: Amid}
	AtOverload = At{Load: Overload}
)

// A Place is where in a workload's trials a figure is read.
type Place func(Workload) At

// Base is the rung that Performance is read from, and Top the one with the most connections.
func Base(w Workload) At { return Conns(w.Base) }
func Top(w Workload) At  { return Conns(w.Top()) }

// Always is the Place that is the same rung in every workload, as an open load is.
func (at At) Always(Workload) At { return at }
