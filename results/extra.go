package results

import "slices"

// MostRounds bounds the rounds, full and extra ones, that a bench's words rest on. ExtraRounds is
// the number of extra rounds between two looks at the result.
const (
	MostRounds  = 12
	ExtraRounds = 2
)

// foreseeable is the largest estimate of a pair's missing rounds for which extra rounds are worth
// their time. The estimate itself may be wrong by a factor of 2.
const foreseeable = 2 * MostRounds

// Open is a pair of modes whose order in Performance is still undecided.
type Open struct{ Workload, A, B string }

// StillOpen returns the pairs whose Performance a few more rounds may decide. StillOpen asks only
// for Performance, because its figures need the base rung alone, which makes extra rounds cheap. An
// open Scalability would need the whole ladder.
func StillOpen(r *Record) []Open {
	var all []Open
	for _, w := range r.Settings.Workloads {
		row, modes := ranked[0], r.On(w.Name).Settings.Modes
		if !row.of(w) {
			continue
		}
		for i, a := range modes {
			for _, b := range modes[i+1:] {
				if slices.ContainsFunc(row.compare(r, w, a.Name, b.Name), contest.worthwhile) {
					all = append(all, Open{w.Name, a.Name, b.Name})
				}
			}
		}
	}
	return all
}

func (c contest) worthwhile() bool {
	if !c.open() || c.Rounds >= MostRounds {
		return false
	}
	needed := c.RoundsToTell()
	return needed > 0 && needed <= foreseeable
}
