package load

import (
	"cmp"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// mostRows is how many targets have their own figures. One more row sums up the others.
const mostRows = 10

// byTarget sums up the outcomes by target. Targets with the same method and URL, which differ in
// bodies or headers, share a row.
type byTarget struct {
	rows    []results.TargetRun
	latency []*hdrhistogram.Histogram // of each row
	rowOf   []int                     // by target
}

// newByTarget gives rows to the targets that are sent most often; among equals to the first.
func newByTarget(targets []loadgen.Target) *byTarget {
	type name struct{ method, url string }
	type group struct{ weight, targets int }
	groups, order := map[name]*group{}, []name{}
	for _, t := range targets {
		n := name{t.Method, t.URL}
		if groups[n] == nil {
			groups[n], order = new(group), append(order, n)
		}
		groups[n].weight += max(t.Weight, 1)
		groups[n].targets++
	}
	if len(order) > mostRows {
		slices.SortStableFunc(order, func(a, b name) int { return cmp.Compare(groups[b].weight, groups[a].weight) })
	}
	b, rowOf := new(byTarget), map[name]int{}
	for i, n := range order {
		if i <= mostRows {
			b.rows = append(b.rows, results.TargetRun{Method: n.method, URL: n.url, Codes: map[int]uint64{}})
			b.latency = append(b.latency, newHistogram())
		}
		rowOf[n] = min(i, mostRows)
		b.rows[rowOf[n]].Targets += groups[n].targets
	}
	if len(order) > mostRows+1 {
		b.rows[mostRows].Method, b.rows[mostRows].URL = "", ""
	}
	for _, t := range targets {
		b.rowOf = append(b.rowOf, rowOf[name{t.Method, t.URL}])
	}
	return b
}

// each counts one request, for loadgen.Attack.Each.
func (b *byTarget) each(x *loadgen.Outcome) {
	i := b.rowOf[x.Target]
	row := &b.rows[i]
	row.Requests++
	if x.Code != 0 {
		row.Codes[x.Code]++
	}
	if x.Kind != "" {
		row.Errors++
		return
	}
	record(b.latency[i], x)
}

// result returns the counted rows.
func (b *byTarget) result() []results.TargetRun {
	for i := range b.rows {
		b.rows[i].LatencyUS = measure.Latency(b.latency[i])
	}
	return b.rows
}
