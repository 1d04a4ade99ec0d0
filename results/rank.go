package results

import (
	"slices"

	"nodecompare/results/stat"
)

// row is one of those that compare modes.
type row struct {
	name    string
	lesser  string // the word of a mode that another one beats
	metrics []Metric
	primary primary
}

var ranked = [...]row{
	{RowPerformance, Moderate, Performance, cost},
	{RowScalability, Lower, Scalability, tail},
	{RowIsolation, Lower, Isolation, latencyOnly},
}

// of says whether a row is one of the workload: with poison there is no other than the last.
func (row row) of(w Workload) bool { return (row.name == RowIsolation) == (w.Poison != nil) }

// pair is what two modes' figures say, row by row.
type pair struct {
	a, b string
	rows [len(ranked)][]contest
}

// contests compares every two modes in every metric.
func contests(r *Record, w Workload) []pair {
	var pairs []pair
	for i, a := range r.Settings.Modes {
		for _, b := range r.Settings.Modes[i+1:] {
			p := pair{a: a.Name, b: b.Name}
			for i, row := range ranked {
				if row.of(w) {
					p.rows[i] = row.compare(r, w, a.Name, b.Name)
				}
			}
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// compare compares two modes in every metric of the row. At light load nobody asks for a percentile
// that the requests there do not carry.
func (row row) compare(r *Record, w Workload, a, b string) []contest {
	var compared []contest
	for _, m := range row.metrics {
		if m.Light && !m.carried(r, w, a, b) {
			continue
		}
		if c := m.compare(r, w, a, b); c.Rounds > 0 || !m.Optional {
			compared = append(compared, c)
		}
	}
	row.decide(r, w, compared)
	return compared
}

// each calls do on every metric's contest.
func (p *pair) each(do func(*contest)) {
	for _, row := range p.rows {
		for i := range row {
			do(&row[i])
		}
	}
}

// decide marks on which metric rests what is said of two modes, and whether it decides. Who answers
// fewer requests has less to do, so that comes first. Else it is the row's primary metric; the
// others are asked for nothing but a veto, each at its own floor, so that none of them adds its
// noise to what does not contradict it.
func (row row) decide(r *Record, w Workload, compared []contest) {
	compared = saturated(compared)
	answered := &compared[0]
	if answered.at(wordConfidence); answered.Better != "" {
		answered.Rests, answered.Decides = true, true
		return
	}
	answered.at(stat.Confidence)
	c := row.primary(r, w, compared)
	if i := slices.IndexFunc(compared[1:], func(c contest) bool { return c.Rounds > 0 }); c.Rounds == 0 && i >= 0 {
		c = &compared[1+i] // what is left, where that was not measured
	}
	c.at(wordConfidence)
	c.Rests = true
	c.Decides = c.Better != "" && !slices.ContainsFunc(compared,
		func(other contest) bool { return other.vetoes(c.Comparison) })
}

// vetoes says that a figure is surely on the other side. Throughput and CPU per request are two
// sides of what a machine can do: between them the one that differs surely more is not vetoed.
func (other contest) vetoes(c Comparison) bool {
	if other.Better == "" || other.Better != c.Worse() {
		return false
	}
	_, _, low, _ := c.Factors()
	_, _, _, high := other.Factors()
	of := func(name string) bool { return name == Throughput.Name || name == CPUPerRequest.Name }
	return !(of(c.Metric) && of(other.Metric) && low > high)
}

// A primary is the metric, among those that were compared, that the words of two modes rest on.
type primary func(r *Record, w Workload, compared []contest) *contest

func named(compared []contest, name string) *contest {
	return &compared[slices.IndexFunc(compared, func(c contest) bool { return c.Metric == name })]
}

// computing is from how much CPU time for a request on, in microseconds, the load's share is next
// to nothing, and its servers run on all CPUs: how many of them a model can use is then what tells
// models apart.
const computing = 5000

// cost is CPU per request; throughput where requests compute for long.
func cost(_ *Record, w Workload, compared []contest) *contest {
	if w.CPUUS >= computing {
		return named(compared, Throughput.Name)
	}
	return named(compared, CPUPerRequest.Name)
}

// tail is p99; memory where p99 is the same, and no more than what the route itself waits, which
// tells nothing of the server.
func tail(r *Record, w Workload, compared []contest) *contest {
	c := named(compared, P99.Name)
	c.at(wordConfidence)
	if same := c.Same; same && ownWait(r, w, c.A) && ownWait(r, w, c.B) {
		c.at(stat.Confidence)
		return named(compared, memoryPerConnection)
	}
	return c
}

func ownWait(r *Record, w Workload, mode string) bool {
	p99, ok := r.Estimate(w.Name, mode, Top(w), P99)
	return ok && p99.Value <= 2*w.WaitUS
}

func latencyOnly(_ *Record, _ Workload, compared []contest) *contest {
	return named(compared, P99.Name)
}

// resting are the contests that words rest on, one for each two modes of which something was
// measured.
func resting(pairs []pair, row int) []contest {
	var all []contest
	for _, p := range pairs {
		for _, c := range p.rows[row] {
			if c.Rests && c.Rounds > 0 {
				all = append(all, c)
			}
		}
	}
	return all
}

// rank gives High to the modes that no other one beats, and the lesser word to the rest.
func rank(r *Record, pairs []pair, row int) Finding {
	f := Finding{Row: ranked[row].name}
	s := standings{known: map[string]bool{}, beatenBy: map[string][]string{}, unsure: map[string][]string{},
		depends: map[string]bool{}, same: true}
	for _, p := range pairs {
		var compared []Comparison
		for _, c := range p.rows[row] {
			compared = append(compared, c.Comparison)
		}
		s.add(p.a, p.b, Between(compared))
		f.Comparisons = append(f.Comparisons, compared...)
	}
	for _, m := range r.Settings.Modes {
		word := ""
		if len(r.Settings.Modes) > 1 {
			word = s.word(m.Name, ranked[row].lesser)
		}
		f.Words = append(f.Words, Word{m.Name, word})
	}
	f.Standings = s.factors(f.Words, resting(pairs, row))
	return f
}
