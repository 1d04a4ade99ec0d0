package results_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
)

// unmeasured is a pairing of which there is no round.
const unmeasured = "unmeasured"

// held is a record's verdict on a workload: what each mode's Execution is, and what the pairings of
// n1, n2 (non-blocking) with b1, b2 (blocking) come to in both rows: n1 with b1, n1 with b2, n2
// with b1, n2 with b2.
func held(workload string, execution map[string]string, outcomes ...string) results.Verdict {
	run := results.Finding{Row: results.RowExecution}
	for _, mode := range []string{"n1", "n2", "b1", "b2"} {
		if word := execution[mode]; word != "" {
			run.Words = append(run.Words, results.Word{Mode: mode, Word: word})
		}
	}
	var compared []results.Comparison
	for i, outcome := range outcomes {
		n, b := []string{"n1", "n2"}[i/2], []string{"b1", "b2"}[i%2]
		c := results.Comparison{A: n, B: b, Rounds: 6}
		if i%2 == 0 {
			c.A, c.B = b, n // who is named first must not matter
		}
		switch outcome {
		case results.AsSaid:
			c.Better, c.Decides = n, true
		case results.Reversed:
			c.Better, c.Decides = b, true
		case results.NoDifference:
			c.Same = true
		case results.DependsOnLoad:
			c.Better, c.Decides = b, true
			other := results.Comparison{A: c.A, B: c.B, Rounds: 6, Light: true, Better: n}
			compared = append(compared, c)
			c = other
		case unmeasured:
			c.Rounds = 0
		}
		compared = append(compared, results.Comparison{A: c.A, B: c.B, Rounds: c.Rounds, Same: c.Same}, c)
	}
	return results.Verdict{Workload: workload, Findings: []results.Finding{
		run, {Row: results.RowPerformance, Comparisons: compared}, {Row: results.RowScalability, Comparisons: compared},
	}}
}

// plain is what the modes of held are.
var plain = map[string]string{"n1": results.NonBlocking, "n2": results.NonBlocking, "b1": results.Blocking,
	"b2": results.Blocking}

func ofVerdicts(verdicts ...results.Verdict) *results.Record {
	return &results.Record{Settings: settings("b1", "n1", "b2", "n2"), Verdicts: verdicts}
}

func four(outcome string) []string { return slices.Repeat([]string{outcome}, 4) }

func TestClaimOutcomes(t *testing.T) {
	const yes, no, same, open = results.AsSaid, results.Reversed, results.NoDifference, results.CannotTell
	for _, test := range []struct {
		name          string
		first, second []string // the pairings of two workloads
		want          [3]string
	}{
		{"as it says", four(yes), four(yes), [3]string{yes, yes, yes}},
		{"the other way round", four(no), four(no), [3]string{no, no, no}},
		{"no difference", four(same), four(same), [3]string{same, same, same}},
		{"cannot tell", four(open), four(open), [3]string{open, open, open}},
		{"depends on the load", four(results.DependsOnLoad), four(results.DependsOnLoad),
			[3]string{results.DependsOnLoad, results.DependsOnLoad, results.DependsOnLoad}},
		{"depends on the load on one", four(results.DependsOnLoad), four(yes),
			[3]string{results.DependsOnLoad, yes, results.Mixed}},
		{"by the workload", four(yes), four(no), [3]string{yes, no, results.Mixed}},
		{"no difference on one", four(yes), four(same), [3]string{yes, same, results.Mixed}},
		{"by the mode", []string{yes, yes, no, no}, four(yes), [3]string{results.Mixed, yes, results.Mixed}},
		{"one is open", []string{yes, yes, yes, open}, four(yes), [3]string{open, yes, open}},
		{"one is open, and cannot mend it", []string{yes, no, open, open}, four(yes),
			[3]string{results.Mixed, yes, results.Mixed}},
		{"open, and so mixed over all", []string{yes, yes, yes, open}, []string{no, no, open, open},
			[3]string{open, open, results.Mixed}},
		{"one was not measured", []string{yes, yes, yes, unmeasured}, four(yes), [3]string{yes, yes, yes}},
		{"one workload was not measured", four(unmeasured), four(yes), [3]string{open, yes, open}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, ok := results.CheckArticle(ofVerdicts(held("hello", plain, test.first...),
				held("wait", plain, test.second...)))
			if !ok {
				t.Fatal("no summary")
			}
			for _, c := range a.Claims {
				if got := [3]string{c.Workloads[0].Outcome(), c.Workloads[1].Outcome(), c.Outcome()}; got != test.want {
					t.Errorf("%s: got %q, want %q", c.Row, got, test.want)
				}
			}
		})
	}
}

// A mode belongs to a group when it was seen so at least once, and never otherwise; the rest is in
// no pairing.
func TestGroupsOfModes(t *testing.T) {
	first := map[string]string{"n1": results.NonBlocking, "n2": results.NonBlocking, "b1": results.Blocking,
		"b2": results.CannotTell}
	second := map[string]string{"n1": results.CannotTell, "n2": results.Blocking, "b1": results.Blocking,
		"b2": results.CannotTell}
	third := map[string]string{"n1": results.NonBlocking, "b1": results.Blocking} // the others do not serve it
	a, ok := results.CheckArticle(ofVerdicts(held("hello", first, four(results.AsSaid)...),
		held("wait", second, four(results.AsSaid)...), held("db", third, results.AsSaid)))
	if !ok {
		t.Fatal("no summary")
	}
	want := []results.ModeExecution{
		{Mode: "b1", Word: results.Blocking, Blocking: []string{"hello", "wait", "db"}},
		{Mode: "n1", Word: results.NonBlocking, NonBlocking: []string{"hello", "db"}, CannotTell: []string{"wait"}},
		{Mode: "b2", Word: results.CannotTell, CannotTell: []string{"hello", "wait"}},
		{Mode: "n2", Word: results.Mixed, NonBlocking: []string{"hello"}, Blocking: []string{"wait"}},
	}
	if diff := cmp.Diff(want, a.Modes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, on := range a.Claims[0].Workloads {
		decisive := results.Comparison{A: "b1", B: "n1", Rounds: 6, Better: "n1", Decides: true}
		if diff :=
			cmp.Diff([]results.Pairing{{NonBlocking: "n1", Blocking: "b1", Outcome: results.AsSaid,
				On: decisive}}, on.Pairings); diff != "" {
			t.Errorf("%s (-want +got):\n%s", on.Workload, diff)
		}
	}
}

func TestNothingToHoldTheArticleAgainst(t *testing.T) {
	hello, wait := held("hello", plain, four(results.AsSaid)...), held("wait", plain, four(results.AsSaid)...)
	blast := results.Verdict{Workload: "blast-cpu", Findings: []results.Finding{{Row: results.RowIsolation}}}
	null, alone := ofVerdicts(hello, wait), ofVerdicts(hello, wait)
	null.Settings.Null = true
	alone.Settings.Modes = alone.Settings.Modes[:1]
	for name, r := range map[string]*results.Record{
		"poison alone": ofVerdicts(blast), "no verdicts": ofVerdicts(), "null": null, "one mode": alone,
	} {
		if _, ok := results.CheckArticle(r); ok {
			t.Errorf("%s: there is a summary", name)
		}
	}
	if a, ok := results.CheckArticle(ofVerdicts(hello, blast, wait)); !ok ||
		!slices.Equal(a.Workloads, []string{"hello", "wait"}) {
		t.Errorf("with one workload of poison: %v, %v", a.Workloads, ok)
	}
}

// Of a mode whose trials all failed nothing is known, and nothing is said against the others.
func TestArticleWithoutAMode(t *testing.T) {
	r := recordOf(often(even), often(scaled(1, 2)))
	for i := range r.Trials {
		if r.Trials[i].Mode == "b" {
			r.Trials[i].Failure = "it died"
		}
	}
	v := results.Judge(r)[0]
	r.Verdicts = []results.Verdict{v, v}
	a, _ := results.CheckArticle(r)
	if got := a.Group(results.NonBlocking); !slices.Equal(got, []string{"a"}) || a.Group(results.Blocking) != nil {
		t.Errorf("%+v", a.Modes)
	}
	for _, c := range a.Claims {
		if c.Outcome() != results.CannotTell {
			t.Errorf("%s: %s", c.Row, c.Outcome())
		}
	}
}

// Of two modes a pairing says what the words say.
func TestPairingsAgreeWithTheWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := recordOf(drawn(t, "a"), drawn(t, "b"))
		v := results.Judge(r)[0]
		v.Findings[0].Words = []results.Word{{Mode: "a", Word: results.Blocking},
			{Mode: "b", Word: results.NonBlocking}}
		r.Verdicts = []results.Verdict{v, v}
		a, _ := results.CheckArticle(r)
		for i, c := range a.Claims {
			want := map[string]string{results.High: results.AsSaid,
				results.NoDifference: results.NoDifference,
				results.CannotTell:   results.CannotTell}[v.Findings[i+1].Of("b")]
			if want == "" {
				want = results.Reversed
			}
			if c.Outcome() != want {
				t.Fatalf("%s: %s, and the words are %v", c.Row, c.Outcome(), v.Findings[i+1].Words)
			}
		}
	})
}

// What is said of all holds for each, and what stays open might still come out as one of the pure
// outcomes.
func TestOutcomesDoNotOverstate(t *testing.T) {
	outcome := rapid.SampledFrom([]string{results.AsSaid, results.Reversed, results.NoDifference,
		results.CannotTell, unmeasured})
	rapid.Check(t, func(t *rapid.T) {
		var verdicts []results.Verdict
		for _, name := range []string{"hello", "wait", "cpu"}[:rapid.IntRange(2, 3).Draw(t, "workloads")] {
			verdicts = append(verdicts, held(name, plain, rapid.SliceOfN(outcome, 4, 4).Draw(t, name)...))
		}
		a, _ := results.CheckArticle(ofVerdicts(verdicts...))
		for _, c := range a.Claims {
			found, open := map[string]bool{}, false
			for _, on := range c.Workloads {
				open = open || len(on.Pairings) == 0
				for _, d := range on.Pairings {
					if d.Outcome == results.CannotTell {
						open = true
					} else {
						found[d.Outcome] = true
					}
				}
			}
			switch got := c.Outcome(); {
			case got == results.Mixed && len(found) < 2, got == results.CannotTell && (!open || len(found) > 1):
				t.Fatalf("%s of %+v", got, c)
			case got != results.Mixed && got != results.CannotTell && (open || len(found) != 1 || !found[got]):
				t.Fatalf("%s of %+v", got, c)
			}
		}
	})
}
