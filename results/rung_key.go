package results

// Rung returns the trial's rung of that load when something may be concluded from it: ok is false
// for one that is VOID, and for every rung of a trial that failed, since what ended the server may
// have slowed it down before. An interruption comes from outside, and leaves what was finished as
// good as it is.
func (t Trial) Rung(at RungKey) (r Rung, ok bool) {
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

// RungKey names a rung within a trial.
type RungKey struct {
	Load        string `json:"load"`
	Connections int    `json:"connections,omitempty"` // of a closed load; an open one has but one rung
}

// ClosedAt names the rung of a closed load with that many connections.
func ClosedAt(n int) RungKey { return RungKey{Closed, n} }

// ClosedAtAll names the rungs of closed loads with those numbers of connections.
func ClosedAtAll(numbers []int) []RungKey {
	all := make([]RungKey, len(numbers))
	for i, n := range numbers {
		all[i] = ClosedAt(n)
	}
	return all
}

// The rungs of the open loads.
var (
	AtCommon   = RungKey{Load: Common}
	AtOwn      = RungKey{Load: Own}
	AtAlone    = RungKey{Load: Alone}
	AtAmid     = RungKey{Load: Amid}
	AtOverload = RungKey{Load: Overload}
)

// A Place is where in a workload's trials a figure is read.
type Place func(Workload) RungKey

// Base is the rung that Performance is read from, and Top the one with the most connections.
func Base(w Workload) RungKey { return ClosedAt(w.Base) }
func Top(w Workload) RungKey  { return ClosedAt(w.Top()) }

// Always is the Place that is the same rung in every workload, as an open load is.
func (at RungKey) Always(Workload) RungKey { return at }
