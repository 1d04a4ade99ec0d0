package results

import (
	"slices"

	"nodecompare/results/stat"
)

// row is a row of the table that compares modes.
type row struct {
	name    string
	lesser  string // the word of a beaten mode
	metrics []Metric
	primary primary
}

var ranked = [...]row{
	{RowPerformance, Moderate, Performance, cost},
	{RowScalability, Lower, Scalability, tail},
	{RowIsolation, Lower, Isolation, latencyOnly},
}

// of reports whether the workload has the row. A workload with poison has only Isolation.
func (row row) of(w Workload) bool { return (row.name == RowIsolation) == (w.Poison != nil) }

// pair holds the contests of two modes, row by row.
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

// compare compares two modes in every metric of the row.
func (row row) compare(r *Record, w Workload, a, b string) []contest {
	var compared []contest
	for _, m := range row.metrics {
		if c := m.compare(r, w, a, b); c.Rounds > 0 || !m.Optional {
			compared = append(compared, c)
		}
	}
	row.decide(r, w, compared)
	return compared
}

// each calls do for every contest.
func (p *pair) each(do func(*contest)) {
	for _, row := range p.rows {
		for i := range row {
			do(&row[i])
		}
	}
}

// decide marks the metric that the words on two modes rest on, and whether it decides. The share of
// answered requests comes first, because a server that answers fewer has less to do. Otherwise the
// row's primary metric decides, unless another metric vetoes at its own floor. Undecided other
// metrics do not veto, so that they add no noise.
func (row row) decide(r *Record, w Workload, compared []contest) {
	compared = saturated(compared)
	answered := &compared[0]
	if answered.setConfidence(wordConfidence); answered.Better != "" {
		answered.Rests, answered.Decides = true, true
		return
	}
	answered.setConfidence(stat.Confidence)
	c := row.primary(r, w, compared)
	if i := slices.IndexFunc(compared[1:], func(c contest) bool { return c.Rounds > 0 }); c.Rounds == 0 && i >= 0 {
		c = &compared[1+i] // the primary was not measured: take what is left
	}
	c.setConfidence(wordConfidence)
	c.Rests = true
	c.Decides = c.Better != "" && !slices.ContainsFunc(compared,
		func(other contest) bool { return other.vetoes(c.Comparison) })
}

// vetoes reports whether the figure certainly favours the mode that c does not. Throughput and CPU
// per request are two sides of one capacity: the one that differs more is not vetoed by the other.
func (other contest) vetoes(c Comparison) bool {
	if other.Better == "" || other.Better != c.Worse() {
		return false
	}
	_, _, low, _ := c.Factors()
	_, _, _, high := other.Factors()
	of := func(name string) bool { return name == Throughput.Name || name == CPUPerRequest.Name }
	return !(of(c.Metric) && of(other.Metric) && low > high)
}

// A primary picks the metric, among those compared, that the words on two modes rest on.
type primary func(r *Record, w Workload, compared []contest) *contest

func named(compared []contest, name string) *contest {
	return &compared[slices.IndexFunc(compared, func(c contest) bool { return c.Metric == name })]
}

// computing is the CPU time of a request, in µs, from which the load's share of the machine is
// negligible and the servers run on all CPUs. The number of cores that a model can use is then what
// tells models apart.
const computing = 5000

// cost picks CPU per request, or throughput if requests compute for long.
func cost(_ *Record, w Workload, compared []contest) *contest {
	if w.CPUUS >= computing {
		return named(compared, Throughput.Name)
	}
	return named(compared, CPUPerRequest.Name)
}

// tail picks p99 latency, or memory if p99 is the same and no more than the route's own wait, which
// says nothing about the server.
func tail(r *Record, w Workload, compared []contest) *contest {
	c := named(compared, P99.Name)
	c.setConfidence(wordConfidence)
	if same := c.Same; same && ownWait(r, w, c.A) && ownWait(r, w, c.B) {
		c.setConfidence(stat.Confidence)
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

// resting returns the contests that words rest on, one for each measured pair.
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

// rank gives High to the modes that no other mode beats, and the row's lesser word to the others.
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
