package results

import "nodecompare/results/stat"

// row is one of those that compare modes.
type row struct {
	name   string
	lesser string // the word of a mode that another one beats
	tiers  []Tier
}

var ranked = [...]row{
	{RowPerformance, Moderate, Performance},
	{RowScalability, Lower, Scalability},
	{RowIsolation, Lower, Isolation},
}

// of says whether a row is one of the workload: with poison there is no other than the last.
func (row row) of(w Workload) bool { return (row.name == RowIsolation) == (w.Poison != nil) }

// pair is what two modes' figures say: for each row, its tiers' metrics.
type pair struct {
	a, b string
	rows [len(ranked)][][]contest
}

// contests compares every two modes in every metric. P is corrected over all metrics of a pair, in both rows: what a reader
// takes home of two modes on a workload is one statement, in which any of the metrics may have the word.
func contests(r *Record, w Workload) []pair {
	var pairs []pair
	for i, a := range r.Settings.Modes {
		for _, b := range r.Settings.Modes[i+1:] {
			p := pair{a: a.Name, b: b.Name}
			for i, row := range ranked {
				if !row.of(w) {
					continue
				}
				for _, tier := range row.tiers {
					var compared []contest
					for _, m := range tier {
						if c := m.compare(r, w, a.Name, b.Name); c.Rounds > 0 || !m.Optional {
							compared = append(compared, c)
						}
					}
					p.rows[i] = append(p.rows[i], compared)
				}
			}
			p.settle()
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// each calls do on every metric's contest.
func (p *pair) each(do func(*contest)) {
	for _, tiers := range p.rows {
		for _, tier := range tiers {
			for i := range tier {
				do(&tier[i])
			}
		}
	}
}

func (p *pair) settle() {
	var chances []float64
	p.each(func(c *contest) {
		if c.Rounds > 0 { // a figure that the system does not tell was not tested
			chances = append(chances, c.P)
		}
	})
	chances = stat.Holm(chances)
	p.each(func(c *contest) {
		if c.Rounds > 0 {
			c.P, chances = chances[0], chances[1:]
		}
		c.settle()
	})
	for _, tiers := range p.rows {
		decide(tiers, p.a, p.b)
	}
}

// decide marks the metric that decides a row between two modes, if any does. The first tier that speaks for a mode decides, if
// no earlier metric may speak for the other: one that cannot tell now may well tell in the next bench.
func decide(tiers [][]contest, a, b string) {
	may := map[string]bool{a: true, b: true}
	for _, tier := range tiers {
		for _, mode := range []string{a, b} {
			if d := deciding(tier, mode); d >= 0 && may[mode] {
				tier[d].Decides = true
				return
			}
		}
		for _, c := range tier {
			may[a] = may[a] && c.notWorse(a)
			may[b] = may[b] && c.notWorse(b)
		}
	}
}

// deciding is the metric of a tier that makes the mode the better one; -1 for none. Where the metrics of a tier disagree, the one
// that differs more decides, if it surely does: if the mode is ahead in the product of all the ratios.
func deciding(tier []contest, mode string) int {
	best := -1
	product, measured := map[int]float64{}, 0
	floor := 0.0
	for i, c := range tier {
		if c.Better == mode && (best < 0 || c.weight() > tier[best].weight()) {
			best = i
		}
		if c.Rounds == 0 {
			continue
		}
		floor = max(floor, c.Floor)
		for round, lead := range c.leads {
			if before, ok := product[round]; ok || measured == 0 {
				product[round] = before + lead
			}
		}
		for round := range product {
			if _, ok := c.leads[round]; !ok {
				delete(product, round)
			}
		}
		measured++
	}
	if best < 0 {
		return -1
	}
	net := middle(product)
	if mode == tier[best].B {
		net = mirrored(net)
	}
	if !beyond(net, floor) {
		return -1
	}
	return best
}

// rank gives High to the modes that no other one beats, and the lesser word to the rest.
func rank(r *Record, pairs []pair, row int) Finding {
	f := Finding{Row: ranked[row].name}
	s := standings{known: map[string]bool{}, beaten: map[string]bool{}, unsure: map[string]bool{}, same: true}
	for _, p := range pairs {
		var compared []Comparison
		for _, tier := range p.rows[row] {
			for _, c := range tier {
				compared = append(compared, c.Comparison)
			}
		}
		s.add(p.a, p.b, compared)
		f.Comparisons = append(f.Comparisons, compared...)
	}
	for _, m := range r.Settings.Modes {
		word := ""
		if len(r.Settings.Modes) > 1 {
			word = s.word(m.Name, ranked[row].lesser)
		}
		f.Words = append(f.Words, Word{m.Name, word})
	}
	return f
}

// standings are what the pairs of a row come to.
type standings struct {
	known  map[string]bool // something was measured of it, in rounds with another one
	beaten map[string]bool
	unsure map[string]bool // of one of its pairs one cannot tell
	same   bool            // of all pairs that were measured
}

func (s *standings) add(a, b string, compared []Comparison) {
	better, same, measured := between(compared)
	if !measured {
		return // of a mode without a trial nothing follows for the others
	}
	s.known[a], s.known[b] = true, true
	s.same = s.same && same
	switch {
	case better == a:
		s.beaten[b] = true
	case better == b:
		s.beaten[a] = true
	case !same:
		s.unsure[a], s.unsure[b] = true, true
	}
}

// between is what all comparisons of two modes in a row come to: the better one, or that they are the same; neither when one cannot
// tell. It is not measured when no round has both.
func between(compared []Comparison) (better string, same, measured bool) {
	same = true
	for _, c := range compared {
		measured = measured || c.Rounds > 0
		same = same && c.Same
		if c.Decides {
			better = c.Better
		}
	}
	return better, same && measured, measured
}

// word never depends on what might as well have come out the other way: a mode that may be beaten is not High, and one that is
// beaten stays so, whatever is unsure besides.
func (s *standings) word(mode, lesser string) string {
	switch {
	case !s.known[mode] || len(s.beaten) == len(s.known): // the latter: each is beaten by another, in a circle
		return CannotTell
	case s.beaten[mode]:
		return lesser
	case s.unsure[mode]:
		return CannotTell
	case s.same:
		return NoDifference
	case len(s.beaten) > 0:
		return High
	}
	return CannotTell
}
