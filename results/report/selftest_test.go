package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"nodecompare/results"
	"nodecompare/results/report"
)

func selftestResult() *results.Selftest {
	uncorrected := 212.4
	return &results.Selftest{ElapsedS: 31.4, Verdict: results.SelftestNoisy, Checks: []results.SelftestCheck{
		{Engine: "vegeta", Load: "delay 50 ms", Figure: "p99", Unit: "us", Truth: 50_040, Measured: 1_700_000, Allowed: 1000, Uncorrected: &uncorrected, Attempts: 3,
			Verdict: results.SelftestNoisy, Reason: "1.65s too long, but a plain client beside it was late as well, by 170µs (p50) and 4ms (p99)"},
		{Engine: "loop", Load: "stall 600 ms", Figure: "p99", Unit: "us", Truth: 568_750, Measured: 569_300, Allowed: 17_000, Uncorrected: &uncorrected, Attempts: 1, Verdict: results.SelftestOK},
		{Engine: "loop", Load: "count", Figure: "requests", Unit: "requests", Truth: 5000, Measured: 5000, Attempts: 1, Verdict: results.SelftestOK},
		{Engine: "loop", Load: "highest rate", Figure: "rate", Unit: "requests/s", Truth: 1000, Measured: 29_344, Attempts: 1, Verdict: results.SelftestOK},
	}}
}

func TestSelftestTable(t *testing.T) {
	var b strings.Builder
	if err := report.SelftestFormats[0].Write(&b, selftestResult(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		"Engine vegeta\n", "Engine loop\n",
		"│ delay 50 ms: p99 │ 50.04 ms │    1.7 s │    212.4 µs │ +3297% │ NOISY   │",
		"│ stall 600 ms: p99 │ 568.8 ms │ 569.3 ms │    212.4 µs │ +0.1% │ ok      │",
		"│ count: requests   │    5,000 │    5,000 │             │ +0.0% │ ok      │",
		"│ highest rate      │  ≥ 1,000 │   29,344 │             │     – │ ok      │",
		"NOISY: vegeta, delay 50 ms, p99: 1.65s too long, but a plain client",
		"NOISY MACHINE: here and now",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// Each verdict has its own words at the end, and an unfinished one is never called right.
func TestSelftestWords(t *testing.T) {
	for _, c := range []struct {
		verdict   string
		partial   bool
		want, not string
	}{
		{results.SelftestOK, false, "All answers are right", "PARTIAL"},
		{results.SelftestOK, true, "PARTIAL", "All answers are right"},
		{results.SelftestNoisy, false, "NOISY MACHINE", "WRONG TOOL"},
		{results.SelftestWrong, true, "WRONG TOOL", "NOISY MACHINE"},
	} {
		var b strings.Builder
		if err := report.SelftestFormats[0].Write(&b, &results.Selftest{Verdict: c.verdict, Partial: c.partial}, report.Options{Width: 60}); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, c.want) || strings.Contains(got, c.not) {
			t.Errorf("%+v:\n%s", c, got)
		}
	}
}

func TestSelftestJSON(t *testing.T) {
	var b strings.Builder
	if err := report.SelftestFormats[1].Write(&b, selftestResult(), report.Options{}); err != nil {
		t.Fatal(err)
	}
	var got results.Selftest
	if err := json.Unmarshal([]byte(b.String()), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Checks) != 4 || got.Verdict != results.SelftestNoisy || *got.Checks[0].Uncorrected != 212.4 {
		t.Errorf("%+v", got)
	}
}
