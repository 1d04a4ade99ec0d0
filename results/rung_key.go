package results

// gone reports whether nothing is read of a trial, which failed or was lost.
func (t Trial) gone() bool { return t.Failure != "" || t.Lost != "" }

// Rung returns the trial's rung at the given load. ok is false if the rung is VOID, and for every
// rung of a failed trial, since what ended the server may have slowed it down before. An
// interruption comes from outside and leaves finished rungs valid.
func (t Trial) Rung(at RungKey) (r Rung, ok bool) {
	if t.gone() {
		return Rung{}, false
	}
	for i := range t.Rungs {
		if r := &t.Rungs[i]; r.Load == at.Load && (r.Connections == at.Connections || at.Load != Closed) && !r.void() {
			return *r, true
		}
	}
	return Rung{}, false
}

// Loads of a trial.
const (
	// each connection sends as soon as it has its answer, so the server sets the pace
	Closed = "closed"
	Common = "common rate" // open, at Rates.CommonRPS
	Own    = "own share"   // open, at Rates.OwnRPS; left out if that is near the common rate
	// Alone is an open load at a rate equal for all modes, on a workload with poison, before the
	// poison.
	Alone = "alone"
	Amid  = "amid poison" // the same load, with the poison

	Overload = "overload" // open: Surge.Times the mode's own capacity, then Surge.Then of it
)

// RungKey identifies a rung within a trial.
type RungKey struct {
	Load string `json:"load"`
	// of a closed load; there is one rung of each open load
	Connections int `json:"connections,omitempty"`
}

// ClosedAt returns the key of the closed load with n connections.
func ClosedAt(n int) RungKey { return RungKey{Closed, n} }

// ClosedAtAll returns the keys of closed loads with the given numbers of connections.
func ClosedAtAll(numbers []int) []RungKey {
	all := make([]RungKey, len(numbers))
	for i, n := range numbers {
		all[i] = ClosedAt(n)
	}
	return all
}

// Keys of the open loads.
var (
	AtCommon   = RungKey{Load: Common}
	AtOwn      = RungKey{Load: Own}
	AtAlone    = RungKey{Load: Alone}
	AtAmid     = RungKey{Load: Amid}
	AtOverload = RungKey{Load: Overload}
)

// A Place returns the rung of a workload's trials from which a figure is read.
type Place func(Workload) RungKey

// Base is the rung that Performance is read from. Top is the rung with the most connections.
func Base(w Workload) RungKey { return ClosedAt(w.Base) }
func Top(w Workload) RungKey  { return ClosedAt(w.Top()) }

// Always is the Place that returns the same rung for every workload, as for an open load.
func (at RungKey) Always(Workload) RungKey { return at }
