package results

import "slices"

// MostRounds is how many rounds the words of a bench rest on at most, full ones and extra ones
// together, and ExtraRounds how many extra ones are made before it looks again.
const (
	MostRounds  = 12
	ExtraRounds = 2
)

// foreseeable is how many rounds a pair may seem to need for extra ones to be worth their time.
// What is left of the estimate's own error is a factor of 2.
const foreseeable = 2 * MostRounds

// Open is two modes of which a bench could not tell yet which one performs better.
type Open struct{ Workload, A, B string }

// StillOpen are the pairs whose Performance a few rounds more may decide: its figure leaves it
// open, and not one that would take far more. It is read on the base rung alone, which makes such
// rounds cheap; what Scalability leaves open would take the whole ladder.
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
