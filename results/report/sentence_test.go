package report_test

import (
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// The sentence of a row follows from its comparisons alone.
func TestSentences(t *testing.T) {
	base, top, common := results.ClosedAt(64), results.ClosedAt(1000), results.RungKey{Load: results.Common}
	few := compared("CPU per request", base, 0.5, 0.4, 0.6, 0.05)
	few.Rounds, few.Confidence = 3, 0.75
	undecided := few
	undecided.Better = ""
	open := compared("p99", common, 1.4, 0.9, 2.2, 1)
	for name, test := range map[string]struct {
		row         string
		words       []results.Word
		comparisons []results.Comparison
		want        string
	}{
		"less CPU": {results.RowPerformance, words(results.Moderate, results.High),
			[]results.Comparison{won(compared("CPU per request", base, 1.76, 1.71, 1.83, 0.05), "async", true)},
			"Performance: blocking used 1.76 times the CPU of async for a request at 64 connections (95% " +
				"interval 1.71 to 1.83, 6 rounds)."},
		"the other way round": {results.RowPerformance, words(results.High, results.Moderate),
			[]results.Comparison{won(compared("throughput", base, 1.81, 1.77, 1.86, 0.1), "blocking", true)},
			"Performance: here blocking wins: blocking answered 1.81 times as many requests a second as async " +
				"at 64 connections (95% interval 1.77 to 1.86, 6 rounds)."},
		"a ratio below 1 is turned": {results.RowPerformance, words(results.High, results.Moderate),
			[]results.Comparison{won(compared("CPU per request", base, 0.5, 0.4, 0.8, 0.05), "blocking", true)},
			"Performance: here blocking wins: async used 2 times the CPU of blocking for a request at 64 " +
				"connections (95% interval 1.25 to 2.5, 6 rounds)."},
		"few rounds": {results.RowPerformance, words(results.High, results.Moderate),
			[]results.Comparison{won(few, "blocking", true)},
			"Performance: here blocking wins: async used 2 times the CPU of blocking for a request at 64 " +
				"connections (75% interval 1.67 to 2.5, 3 rounds)."},
		"at a rate": {results.RowPerformance, words(results.Moderate, results.High),
			[]results.Comparison{won(compared("p99", common, 3.02, 2.5, 3.6, 1), "async", true)},
			"Performance: the slowest 1 in 100 (p99) took 3.02 times as long with blocking as with async at the same " +
				"rate (95% interval 2.5 to 3.6, 6 rounds)."},
		"errors": {results.RowScalability, words(results.Lower, results.High),
			[]results.Comparison{won(compared("answered share", top, 0.93, 0.91, 0.95, 0.01), "async", true)},
			"Scalability: async answered 1.08 times as large a share of its requests as blocking at 1,000 " +
				"connections (95% interval 1.05 to 1.1, 6 rounds)."},
		"what points the other way": {results.RowScalability, words(results.Lower, results.High), []results.Comparison{
			won(compared("throughput kept", top, 1.5, 1.4, 1.6, 0.25), "blocking", false),
			won(compared("memory per connection", top, 10.2, 9.7, 10.9, 0.25), "async", true)},
			"Scalability: each connection cost blocking 10.2 times the memory of async from 64 to 1,000 " +
				"connections (95% interval 9.7 to 10.9, 6 rounds), though blocking kept 1.5 times as much of " +
				"its throughput as async from 64 to 1,000 connections (95% interval 1.4 to 1.6, 6 rounds)."},
		"a figure of a later version": {results.RowPerformance, words(results.Moderate, results.High),
			[]results.Comparison{won(compared("energy", base, 1.2, 1.1, 1.3, 0.05), "async", true)},
			"Performance: in energy async is 1.2 times better than blocking at 64 connections (95% interval 1.1 " +
				"to 1.3, 6 rounds)."},
		"no difference": {results.RowPerformance, words(results.NoDifference, results.NoDifference),
			[]results.Comparison{
				compared("throughput", base, 1.01, 0.98, 1.03, 0.05),
				compared("CPU per request", base, 0.99, 0.97, 1.01, 0.05)},
			"Performance: no difference that matters: at most 3% in throughput, 3.1% in CPU per request (95% " +
				"interval, 6 rounds)."},
		"cannot tell": {results.RowPerformance, words(results.CannotTell, results.CannotTell),
			[]results.Comparison{compared("throughput", base, 1, 0.99, 1.01, 0.05), open},
			"Performance: cannot tell blocking from async: p99 of blocking is 0.9 to 2.2 times that of async at " +
				"the same rate (95% interval, 6 rounds), which leaves open whether they differ by a factor of " +
				"2; about 8 rounds would tell (--rounds=8), or fewer on a quieter machine."},
		"what rests on it is named, and not what is open beside it": {results.RowPerformance,
			words(results.CannotTell, results.CannotTell),
			[]results.Comparison{compared("throughput", base, 1, 0.8, 1.25, 0.05),
				rests(compared("CPU per request", base, 1.05, 0.99, 1.11, 0.05))},
			"Performance: cannot tell blocking from async: CPU per request of blocking is 0.99 to 1.11 times " +
				"that of async at 64 connections (99% interval, 6 rounds), which leaves open whether they " +
				"differ by 5%; more rounds would not settle it here, a quieter machine may."},
		"a veto": {results.RowPerformance, words(results.CannotTell, results.CannotTell), []results.Comparison{
			won(compared("throughput", base, 1.3, 1.2, 1.4, 0.05), "blocking", false),
			rests(won(compared("CPU per request", base, 2, 1.8, 2.2, 0.05), "async", false))},
			"Performance: cannot tell: blocking used 2 times the CPU of async for a request at 64 connections " +
				"(99% interval 1.8 to 2.2, 6 rounds), but blocking answered 1.3 times as many requests a second " +
				"as async at 64 connections (95% interval 1.2 to 1.4, 6 rounds)."},
		"it depends on the load": {results.RowPerformance,
			words(results.DependsOnLoad, results.DependsOnLoad), []results.Comparison{
				rests(won(compared("CPU per request", base, 1.59, 1.4, 1.81, 0.05), "async", true)),
				lightly(won(compared("CPU per request", common, 0.71, 0.66, 0.76, 0.25), "blocking",
					false)), lightly(won(compared("p50", common, 0.5, 0.4, 0.6, 0.25), "blocking", false))},
			"Performance: which of blocking and async is better depends on the load: blocking used 1.59 times " +
				"the CPU of async for a request at 64 connections (99% interval 1.4 to 1.81, 6 rounds), but " +
				"half of the requests (p50) took 2 times as long with async as with blocking at light load (95% " +
				"interval 1.67 to 2.5, 6 rounds)."},
		"only the light load tells them apart": {results.RowPerformance,
			words(results.DependsOnLoad, results.DependsOnLoad), []results.Comparison{
				rests(compared("CPU per request", base, 1.01, 0.98, 1.03, 0.05)),
				lightly(won(compared("p99", common, 3.02, 2.5, 3.6, 1), "async", false))},
			"Performance: which of blocking and async is better depends on the load: CPU per request is the " +
				"same at 64 connections (99% interval 0.98 to 1.03, 6 rounds), but the slowest 1 in 100 (p99) took " +
				"3.02 times as long with blocking as with async at light load (95% interval 2.5 to 3.6, 6 " +
				"rounds)."},
		"no difference at light load": {results.RowPerformance, words(results.Moderate, results.High),
			[]results.Comparison{
				rests(won(compared("CPU per request", base, 1.76, 1.71, 1.83, 0.05), "async", true)),
				lightly(compared("CPU per request", common, 1.02, 0.9, 1.1, 0.25))},
			"Performance: blocking used 1.76 times the CPU of async for a request at 64 connections (99% " +
				"interval 1.71 to 1.83, 6 rounds), and at light load no difference."},
		"the same at light load": {results.RowPerformance, words(results.Moderate, results.High), []results.Comparison{
			rests(won(compared("CPU per request", base, 1.76, 1.71, 1.83, 0.05), "async", true)),
			lightly(won(compared("CPU per request", common, 1.5, 1.4, 1.6, 0.25), "async", false))},
			"Performance: blocking used 1.76 times the CPU of async for a request at 64 connections (99% " +
				"interval 1.71 to 1.83, 6 rounds), and so it is at light load (CPU per request, 1.5 times)."},
		"undecided at light load": {results.RowPerformance, words(results.Moderate, results.High), []results.Comparison{
			rests(won(compared("CPU per request", base, 1.76, 1.71, 1.83, 0.05), "async", true)),
			lightly(compared("CPU per request", common, 1.02, 0.6, 1.7, 0.25))},
			"Performance: blocking used 1.76 times the CPU of async for a request at 64 connections (99% " +
				"interval 1.71 to 1.83, 6 rounds)."},
		"no difference at either": {results.RowPerformance,
			words(results.NoDifference, results.NoDifference), []results.Comparison{
				rests(compared("CPU per request", base, 0.99, 0.97, 1.01, 0.05)),
				lightly(compared("p50", common, 0.99, 0.9, 1.2, 0.25))},
			"Performance: no difference that matters: at most 3.1% in CPU per request (99% interval, 6 rounds), " +
				"and none at light load."},
		"cannot tell, but at light load": {results.RowPerformance,
			words(results.CannotTell, results.CannotTell), []results.Comparison{
				rests(compared("CPU per request", base, 1.05, 0.99, 1.11, 0.05)),
				lightly(won(compared("p50", common, 2, 1.5, 2.5, 0.25), "async", false))},
			"Performance: cannot tell blocking from async: CPU per request of blocking is 0.99 to 1.11 times " +
				"that of async at 64 connections (99% interval, 6 rounds), which leaves open whether they " +
				"differ by 5%; more rounds would not settle it here, a quieter machine may, while half of the " +
				"requests (p50) took 2 times as long with blocking as with async at light load (95% interval " +
				"1.5 to 2.5, 6 rounds)."},
		"too few rounds": {results.RowPerformance, words(results.CannotTell, results.CannotTell),
			[]results.Comparison{undecided},
			"Performance: cannot tell blocking from async: 3 rounds are too few for a 95% interval (--rounds=6, " +
				"or --profile=standard)."},
		"too little": {results.RowPerformance, words(results.CannotTell, results.CannotTell), nil,
			"Performance: cannot tell about blocking, async: too little was measured of it beside another mode; " +
				"see what is VOID or FAILED below, and bench again."},
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			r.Settings.Workloads = r.Settings.Workloads[:1]
			r.Verdicts = []results.Verdict{{Workload: "hello",
				Findings: []results.Finding{executionFinding(),
					{Row: test.row, Words: test.words, Comparisons: test.comparisons}}}}
			got := ""
			for line := range strings.Lines(render(t, "table", r, report.Options{Width: 2000})) {
				if strings.HasPrefix(line, test.row+":") {
					got = strings.TrimSpace(line)
				}
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// rests is the comparison as what the words rest on.
func rests(c results.Comparison) results.Comparison {
	c.Rests, c.Confidence = true, 0.99
	return c
}

// Each metric that may decide a row has words of its own.
func TestEachMetricHasItsWords(t *testing.T) {
	for _, metric := range slices.Concat(results.Performance, results.Scalability) {
		r := sample()
		r.Verdicts[0].Findings[1].Comparisons = []results.Comparison{
			won(compared(metric.Name, results.ClosedAt(64), 2, 1.8, 2.2, 0.05), "async", true)}
		if page := render(t, "markdown", r, report.Options{}); strings.Contains(page,
			"is 2 times better than") {
			t.Errorf("there are no words for %q", metric.Name)
		}
	}
}

// What the rules make of the sample can be shown as well as what was written by hand.
func TestJudgedSampleIsShown(t *testing.T) {
	r := sample()
	r.Verdicts = results.Judge(r)
	page := render(t, "markdown", r, report.Options{})
	for _, want := range []string{"| **Execution** | **Blocking** | **Non-blocking** |",
		"event loop (1 loop)", "**Performance:** here blocking wins", "95% interval"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
}
