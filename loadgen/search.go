package loadgen

import (
	"math"
)

// Search finds the highest rate at which something holds. From First on it doubles (or halves) the
// rate until one rate holds and one fails. Then it bisects by ratio until the two are within the
// resolution. Then it probes both ends again: an end that gives way moves, and the search goes on
// from there.
//
// Noise may make a probe wrong. With an agreement of two, a rate fails if two of at most three
// probes fail, and holds if two hold; on the way up one probe that holds is enough, since the ends
// are probed again. If a single probe is wrong with probability ε, an end is wrong with about
// (3ε²)²: 6e-5 at 5%. With an agreement of one, each probe decides and no end is probed again, for
// probes that repeat themselves or cannot be wrong.
type Search struct {
	First       float64 // the first rate
	Least, Most float64 // bounds of the rates
	Resolution  float64 // the search ends with Fails <= Holds * (1 + Resolution)
	Agreement   int     // probes of a rate that must agree; 0 means 1
}

// Bracket is the result of a search.
type Bracket struct {
	Holds float64 // the highest rate that holds; 0 if even Least fails
	Fails float64 // the lowest rate that fails; 0 if Most holds
	// Steady says that both ends gave the same result again; false with an agreement of one.
	Steady bool
}

const (
	doubling  = 2 // the largest step between rates
	revisions = 4 // how often ends may give way before the search ends unsteady
)

// Find runs the search. probe reports whether a rate holds. Its error ends the search and is
// returned with the bracket so far.
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

// decide probes a rate until need probes hold, or as many fail as must agree.
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

// up raises the rate from Holds until it fails, by growing steps.
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

// down lowers the rate from Fails until it holds, by growing steps.
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

// confirm probes both ends again and moves one that gives way. An end at a bound of the search has
// no other.
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
