package report_test

import (
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// manyModes is a bench of three workloads and six modes: two blocking, two non-blocking, one that
// is either by the workload, and one of which nothing is known. Its figures are those of the
// sample.
func manyModes() *results.Record {
	r := sample()
	hello, cpu := r.Settings.Workloads[0], r.Settings.Workloads[1]
	wait := hello
	wait.Name = "wait"
	measured := r.Trials
	r.Settings.Modes, r.Settings.Workloads, r.Trials = nil, []results.Workload{hello, wait, cpu}, nil
	for _, m := range []struct{ name, like string }{
		{"blocking", "blocking"}, {"pool", "blocking"}, {"async", "async"}, {"node", "async"},
		{"either", "async"}, {"unknown", ""},
	} {
		r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: m.name})
		for _, t := range measured {
			if t.Mode != m.like {
				continue
			}
			t.Mode = m.name
			r.Trials = append(r.Trials, t)
			if t.Workload == "hello" {
				t.Workload = "wait"
				r.Trials = append(r.Trials, t)
			}
		}
	}
	const high, moderate, lower, open = results.High, results.Moderate, results.Lower, results.CannotTell
	r.Verdicts = []results.Verdict{
		verdictOf("hello", results.NonBlocking,
			[]string{moderate, moderate, high, moderate, moderate, open},
			[]string{lower, lower, high, lower, high, open}, map[string]string{
				"async blocking": "async", "async pool": "async", "node blocking": "blocking", "node pool": "pool",
			}, nil),
		verdictOf("wait", results.NonBlocking, []string{moderate, moderate, high, high, high, open},
			[]string{lower, lower, high, high, high, open}, map[string]string{
				"async blocking": "async", "async pool": "async", "node blocking": "node", "node pool": "node",
			}, nil),
		verdictOf("cpu", results.Blocking, []string{high, high, moderate, open, moderate, open},
			[]string{results.NoDifference, results.NoDifference, results.NoDifference, results.NoDifference,
				results.NoDifference, open}, map[string]string{
				"async blocking": "blocking", "async pool": "pool", "node blocking": "blocking", "node pool": "?",
			}, map[string]string{"async blocking": "same", "async pool": "same", "node blocking": "same",
				"node pool": "same"}),
	}
	return r
}

// verdictOf is a workload's, with a comparison for each of the named pairs: its winner, "same", or
// "?" for one that is open. Without comparisons of its own Scalability has those of Performance.
func verdictOf(workload, either string, performance, scalability []string, first,
	second map[string]string) results.Verdict {
	modes := []string{"blocking", "pool", "async", "node", "either", "unknown"}
	execution := []string{results.Blocking, results.Blocking, results.NonBlocking, results.NonBlocking,
		either, results.CannotTell}
	words := func(of []string) (all []results.Word) {
		for i, m := range modes {
			all = append(all, results.Word{Mode: m, Word: of[i]})
		}
		return all
	}
	compared := func(winners map[string]string) (all []results.Comparison) {
		for _, pair := range []string{"async blocking", "async pool", "node blocking", "node pool"} {
			a, b, _ := strings.Cut(pair, " ")
			c := results.Comparison{Metric: "CPU per request", A: a, B: b, Rounds: 6, Ratio: 0.5, Low: 0.4,
				High: 0.6, Confidence: 0.95}
			switch by := winners[pair]; by {
			case "same":
				c.Same = true
			case "?":
			case "depends":
				c.Better, c.Decides = b, true
				all = append(all, c)
				c.Better, c.Decides, c.Light = a, false, true
			default:
				c.Better, c.Decides = by, true
			}
			all = append(all, c)
		}
		return all
	}
	if second == nil {
		second = first
	}
	return results.Verdict{Workload: workload, Findings: []results.Finding{
		{Row: results.RowExecution, Words: words(execution)},
		{Row: results.RowPerformance, Words: words(performance), Comparisons: compared(first)},
		{Row: results.RowScalability, Words: words(scalability), Comparisons: compared(second)},
	}}
}

// summary is what a text has between the tables and the remarks; "" for nothing.
func summary(text string) string {
	_, after, ok := strings.Cut(text, "The article, beside what this bench found")
	if !ok {
		return ""
	}
	for _, end := range []string{"How to read it:", "- **How to read it"} {
		after, _, _ = strings.Cut(after, end)
	}
	return after
}

func TestArticleGolden(t *testing.T) {
	for name, test := range map[string]struct {
		format string
		report.Options
	}{
		"article-50": {"table", report.Options{Width: 50}}, "article-80": {"table", report.Options{Width: 80}},
		"article-200": {"table", report.Options{Width: 200}}, "article-markdown": {"markdown", report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := summary(render(t, test.format, manyModes(), test.Options))
			compareGolden(t, name+".golden", got)
		})
	}
}

// The sentence of a claim follows from its pairings alone.
func TestArticleSentences(t *testing.T) {
	const pure,
		pairs = "Performance: the article says high for Node.js, moderate for a traditional backend. ",
		"Measured, async and node against blocking and pool: "
	all := func(outcome string) []string { return []string{outcome, outcome, outcome, outcome} }
	ahead, behind := []string{"async", "async", "node", "node"}, []string{"blocking", "pool", "blocking", "pool"}
	for name, test := range map[string]struct {
		first, second []string // of async with blocking, async with pool, node with blocking, node with pool
		want          string
	}{
		"as it says":          {ahead, ahead, "it is so on every workload (8 of 8 pairs)."},
		"the other way round": {behind, behind, "it is the other way round on every workload (8 of 8 pairs)."},
		"depends on the load": {all("depends"), all("depends"),
			"it depends on the load on every workload (8 of 8 pairs)."},
		"on one of them": {all("depends"), ahead,
			"it depends: as it says on cpu (4 of 4 pairs); depends on the load on hello (4 of 4 pairs)."},
		"in some pairs": {[]string{"async", "async", "depends", "depends"}, ahead,
			"it depends: as it says on cpu (4 of 4 pairs); mixed on hello, with 2 of 4 pairs as it says " +
				"(async) and 2 depend on the load (node)."},
		"no difference": {all("same"), all("same"), "there is no difference on any workload (8 of 8 pairs)."},
		"cannot tell":   {all("?"), all("?"), "it is undecided: cannot tell on hello and cpu (8 of 8 pairs)."},
		"by the workload": {ahead, behind,
			"it depends: as it says on hello (4 of 4 pairs); the other way round on cpu (4 of 4 pairs)."},
		"by the mode": {[]string{"async", "async", "blocking", "pool"}, all("same"),
			"it depends: no difference on cpu (4 of 4 pairs); mixed on hello, with 2 of 4 pairs as it says " +
				"(async) and 2 the other way round (node)."},
		"the same mix twice": {[]string{"async", "async", "same", "same"}, []string{"async", "async", "same", "same"},
			"it depends: mixed on hello and cpu, on each with 2 of 4 pairs as it says (async) and 2 with no " +
				"difference (node)."},
		"one pair is open": {[]string{"async", "async", "node", "?"}, ahead,
			"it is undecided: as it says on cpu (4 of 4 pairs); cannot tell on hello, with 3 of 4 pairs as it " +
				"says (async, node against blocking) and 1 undecided (node against pool)."},
	} {
		t.Run(name, func(t *testing.T) {
			r := manyModes()
			r.Settings.Workloads, r.Verdicts = append(r.Settings.Workloads[:1], r.Settings.Workloads[2]),
				append(r.Verdicts[:1], r.Verdicts[2])
			for i, winners := range [][]string{test.first, test.second} {
				of := map[string]string{}
				for j, pair := range []string{"async blocking", "async pool", "node blocking", "node pool"} {
					of[pair] = winners[j]
				}
				r.Verdicts[i].Findings[1].Comparisons = verdictOf("", "", make([]string, 6),
					make([]string, 6), of, nil).Findings[1].Comparisons
			}
			got := ""
			for line := range strings.Lines(summary(render(t, "table", r, report.Options{Width: 2000}))) {
				if strings.HasPrefix(line, "Performance:") {
					got = strings.TrimSpace(line)
				}
			}
			if got != pure+pairs+test.want {
				t.Errorf("got\n%s\nwant\n%s", got, pure+pairs+test.want)
			}
		})
	}
}

// With nothing to hold against each other the claims say so, and do not speak of pairs.
func TestArticleOfOneKind(t *testing.T) {
	r := manyModes()
	r.Settings.Modes = r.Settings.Modes[:2]
	got := summary(render(t, "table", r, report.Options{Width: 2000}))
	if !strings.Contains(got, "Not tested here: no mode was seen to be non-blocking.") ||
		strings.Contains(got, "pair") {
		t.Error(got)
	}
}

// The page has it before the workloads; a page of one workload has none, nor has any format of one.
func TestArticleOnThePage(t *testing.T) {
	page := string(html(t, bench(t, 3, 2, 6)))
	title, hello := strings.Index(page, "<h2>The article, beside what this bench found</h2>"),
		strings.Index(page, "<h2>hello")
	if title < 0 || title > hello {
		t.Errorf("the summary is at %d, the first workload's part at %d", title, hello)
	}
	one := bench(t, 3, 1, 6)
	for _, format := range []string{"table", "markdown", "html"} {
		if strings.Contains(render(t, format, one, report.Options{}), "beside what this bench found") {
			t.Errorf("%s has a summary of one workload", format)
		}
	}
}
