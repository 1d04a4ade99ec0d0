package loadgen

import (
	"math"
)

// Search finds the highest rate at which something holds, by asking rate after rate: from First on
// it doubles (or halves) until it has a rate that holds and one that fails, then it bisects (by
// ratio) until the two are within the resolution, and then it asks both ends anew. An end that
// gives way moves, and the search goes on from there.
//
// An answer may be wrong by noise. With an agreement of two, a rate has failed only when two probes
// of it have, of at most three, and holds when two have held; but on the way up one that holds will
// do, since the ends are asked again. Where a single probe is wrong with probability ε, an end is
// wrong with about (3ε²)²: 6e-5 at 5%. With an agreement of one, each probe decides and neither end
// is asked again: for a probe that looks twice itself, or whose answer is sure.
type Search struct {
	First       float64 // the rate to begin with
	Least, Most float64 // the rates to stop at
	Resolution  float64 // the bracket has Fails <= Holds * (1 + Resolution)
	Agreement   int     // probes of a rate that must agree; 0 means 1
}

// Bracket is what a search has found.
type Bracket struct {
	Holds  float64 // the highest rate that holds; 0 when not even Least does
	Fails  float64 // the lowest that fails; 0 when Most holds
	Steady bool    // both ends said the same again when asked anew; false where the agreement is of one
}

const (
	doubling  = 2 // the largest step between rates
	revisions = 4 // how often the ends may give way before the search ends unsteady
)

// Find runs the search. probe says whether a rate holds; its error ends the search, and what has
// been found until then comes with it.
func (s Search) Find(probe func(rate float64) (bool, error)) (Bracket, error) {
	s.Agreement = max(s.Agreement, 1)
	f := finder{Search: s, probe: probe}
	err := f.find()
	return f.Bracket, err
}

type finder struct {
	Search
	Bracket
	probe func(rate float64) (bool, error)
}

func (f *finder) find() error {
	holds, err := f.decide(f.First, 1)
	if err != nil {
		return err
	}
	if holds {
		f.Holds = f.First
		err = f.up(doubling, 1)
	} else {
		f.Fails = f.First
		err = f.down(doubling)
	}
	for range revisions {
		if err == nil {
			err = f.narrow()
		}
		if err != nil || f.Agreement == 1 {
			return err
		}
		err = f.confirm()
		if err != nil || f.Steady {
			return err
		}
	}
	return f.narrow()
}

// decide probes a rate until enough probes agree: need of them that it holds, or as many as must
// agree that it fails.
func (f *finder) decide(rate float64, need int) (bool, error) {
	for held, failed := 0, 0; ; {
		holds, err := f.probe(rate)
		if err != nil {
			return false, err
		}
		if holds {
			held++
		} else {
			failed++
		}
		if held == need || failed == f.Agreement {
			return held == need, nil
		}
	}
}

// up goes up from Holds to a rate that fails, by steps that grow.
func (f *finder) up(step float64, need int) error {
	for f.Holds < f.Most {
		rate := min(f.Holds*step, f.Most)
		holds, err := f.decide(rate, need)
		if err != nil {
			return err
		}
		if !holds {
			f.Fails = rate
			return nil
		}
		f.Holds, f.Fails = rate, 0
		step = min(step*step, doubling)
	}
	f.Fails = 0
	return nil
}

// down goes down from Fails to a rate that holds, by steps that grow.
func (f *finder) down(step float64) error {
	f.Holds = 0
	for f.Fails > f.Least {
		rate := max(f.Fails/step, f.Least)
		holds, err := f.decide(rate, f.Agreement)
		if err != nil {
			return err
		}
		if holds {
			f.Holds = rate
			return nil
		}
		f.Fails = rate
		step = min(step*step, doubling)
	}
	return nil
}

func (f *finder) narrow() error {
	for f.Holds > 0 && f.Fails > f.Holds*(1+f.Resolution) {
		rate := math.Sqrt(f.Holds * f.Fails)
		holds, err := f.decide(rate, f.Agreement)
		if err != nil {
			return err
		}
		if holds {
			f.Holds = rate
		} else {
			f.Fails = rate
		}
	}
	return nil
}

// confirm asks both ends anew, and moves the one that gives way. An end that is the limit of the
// search has no other.
func (f *finder) confirm() error {
	if f.Holds > 0 {
		holds, err := f.decide(f.Holds, f.Agreement)
		if err != nil {
			return err
		}
		if !holds {
			f.Fails = f.Holds
			return f.down(1 + f.Resolution)
		}
	}
	if f.Fails > 0 {
		holds, err := f.decide(f.Fails, f.Agreement)
		if err != nil {
			return err
		}
		if holds {
			f.Holds, f.Fails = f.Fails, 0
			return f.up(1+f.Resolution, f.Agreement)
		}
	}
	f.Steady = true
	return nil
}
