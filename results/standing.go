package results

import (
	"math"
	"slices"

	"nodecompare/results/stat"
)

// standings are what the pairs of a row come to.
type standings struct {
	known    map[string]bool     // something was measured of it, in rounds with another one
	beatenBy map[string][]string // those that beat it
	unsure   map[string][]string // those against which one cannot tell
	depends  map[string]bool     // which of it and another one is the better one depends on the load
	same     bool                // of all pairs that were measured
}

func (s *standings) add(a, b string, l Loads) {
	if !l.Measured {
		return // of a mode without a trial nothing follows for the others
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

// word is High for each of those that nobody beats, though one cannot tell them from each other:
// what is known of the others stays known. A mode of which one cannot tell whether it is any better
// than a beaten one is not among them, and one that is beaten stays so, whatever is unsure or
// depends on the load besides.
func (s *standings) word(mode, lesser string) string {
	switch {
	case !s.known[mode] || len(s.beatenBy) == len(s.known): // the latter: each is beaten by another, in a circle
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

// Standing is where a mode stands among the others, in the figure that the words rest on.
type Standing struct {
	Mode string `json:"mode"`
	// 1 for those that no other one beats; one more than the last group that holds a mode which
	// beats it
	Group  int     `json:"group"`
	Best   string  `json:"best"` // the one of the first group that is furthest ahead; the mode itself for that one
	Metric string  `json:"metric"`
	At     RungKey `json:"at"`
	// how many times worse than the best one: below 1 where it is better in this figure
	Ratio      float64 `json:"ratio"`
	Low        float64 `json:"low"` // its interval
	High       float64 `json:"high"`
	Confidence float64 `json:"confidence"` // of the interval
}

// groups numbers those that were compared; nil where some beat each other in a circle.
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

// factors say how far each mode is behind the best one.
func (s *standings) factors(words []Word, resting []contest) []Standing {
	group := s.groups()
	ahead := map[string]float64{} // of all others together, in logarithms
	for _, c := range resting {
		ahead[c.A], ahead[c.B] = ahead[c.A]+c.lead.Value, ahead[c.B]-c.lead.Value
	}
	best := ""
	for _, w := range words { // in their order, of those that are as good
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

// standing is where one of the two stands; the best one's is a factor of 1.
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
