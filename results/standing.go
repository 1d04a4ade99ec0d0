package results

import (
	"math"
	"slices"

	"nodecompare/results/stat"
)

// standings collects the outcomes of a row's pairs.
type standings struct {
	known    map[string]bool     // modes measured in a round with another one
	beatenBy map[string][]string // the modes that beat a mode
	unsure   map[string][]string // the modes it is undecided against
	depends  map[string]bool     // modes whose order with another one depends on the load
	same     bool                // all measured pairs are the same
}

func (s *standings) add(a, b string, l Loads) {
	if !l.Measured {
		return // a mode without a trial says nothing about the others
	}
	s.known[a], s.known[b] = true, true
	s.same = s.same && l.Same && !l.Depends()
	switch {
	case l.Depends():
		s.depends[a], s.depends[b] = true, true
	case l.Better == a:
		s.beatenBy[b] = append(s.beatenBy[b], a)
	case l.Better == b:
		s.beatenBy[a] = append(s.beatenBy[a], b)
	case !l.Same:
		s.unsure[a], s.unsure[b] = append(s.unsure[a], b), append(s.unsure[b], a)
	}
}

// word gives High to every mode that nobody beats, even if these are undecided among each other. A
// mode gets CannotTell if it may not be better than a beaten one. A beaten mode keeps the lesser
// word whatever else is undecided or depends on the load.
func (s *standings) word(mode, lesser string) string {
	switch {
	// the second case: modes beat each other in a circle
	case !s.known[mode] || len(s.beatenBy) == len(s.known):
		return CannotTell
	case s.beatenBy[mode] != nil:
		return lesser
	case s.depends[mode]:
		return DependsOnLoad
	// of others it depends on the load
	case s.same, len(s.beatenBy) == 0 && len(s.depends) > 0 && s.unsure[mode] == nil:
		return NoDifference
	case len(s.beatenBy) == 0 ||
		slices.ContainsFunc(s.unsure[mode], func(other string) bool { return s.beatenBy[other] != nil }):
		return CannotTell
	}
	return High
}

// Standing is a mode's place among the others, in the figure that the words rest on.
type Standing struct {
	Mode string `json:"mode"`
	// Group is 1 for modes that no other beats, else one more than the last group with a mode that
	// beats it.
	Group  int     `json:"group"`
	Best   string  `json:"best"` // the leader of the first group
	Metric string  `json:"metric"`
	At     RungKey `json:"at"`
	// how many times worse than Best; below 1 if better in this figure
	Ratio      float64 `json:"ratio"`
	Low        float64 `json:"low"` // ends of its interval
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"` // of the interval
}

// groups numbers the compared modes' groups; nil if modes beat each other in a circle.
func (s *standings) groups() map[string]int {
	group := map[string]int{}
	for mode := range s.known {
		group[mode] = 1
	}
	for range len(group) + 1 {
		moved := false
		for mode, others := range s.beatenBy {
			for _, better := range others {
				if group[mode] <= group[better] {
					group[mode], moved = group[better]+1, true
				}
			}
		}
		if !moved {
			return group
		}
	}
	return nil
}

// factors returns how far each mode is behind the best one.
func (s *standings) factors(words []Word, resting []contest) []Standing {
	group := s.groups()
	ahead := map[string]float64{} // of all others together, in logarithms
	for _, c := range resting {
		ahead[c.A], ahead[c.B] = ahead[c.A]+c.lead.Value, ahead[c.B]-c.lead.Value
	}
	best := ""
	for _, w := range words { // ties keep the order of the words
		if group[w.Mode] == 1 && (best == "" || ahead[w.Mode] > ahead[best]+rounding) {
			best = w.Mode
		}
	}
	var all []Standing
	for _, w := range words {
		i := slices.IndexFunc(resting, func(c contest) bool {
			return (c.A == w.Mode || c.B == w.Mode) && (c.A == best || c.B == best)
		})
		if group[w.Mode] > 0 && i >= 0 {
			all = append(all, resting[i].standing(w.Mode, group[w.Mode], best))
		}
	}
	return all
}

// standing returns the standing of one of the contest's two modes. The best mode has a factor of 1.
func (c contest) standing(mode string, group int, best string) Standing {
	behind := c.lead
	if mode == c.A {
		behind = mirrored(behind)
	}
	if mode == best {
		behind = stat.Estimate{Confidence: 1}
	}
	return Standing{mode, group, best, c.Metric, c.At, math.Exp(behind.Value), math.Exp(behind.Low),
		math.Exp(behind.High), behind.Confidence}
}
