package report_test

import (
	"cmp"
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
		{Engine: "vegeta", Load: "delay 50 ms", Figure: "p99", Unit: "us", Truth: 50_040,
			Measured: 1_700_000, Allowed: 1000, Uncorrected: &uncorrected, Attempts: 3,
			Verdict: results.SelftestNoisy,
			Reason:  "1.65s too long, but a plain client beside it was late as well, by 170µs (p50) and 4ms (p99)"},
		{Engine: "loop", Load: "stall 600 ms", Figure: "p99", Unit: "us", Truth: 568_750, Measured: 569_300,
			Allowed: 17_000, Uncorrected: &uncorrected, Attempts: 1, Verdict: results.SelftestOK},
		{Engine: "loop", Load: "count", Figure: "requests", Unit: "requests", Truth: 5000, Measured: 5000,
			Attempts: 1, Verdict: results.SelftestOK},
		{Engine: "loop", Load: "highest rate", Figure: "rate", Unit: "requests/s", Truth: 1000,
			Measured: 29_344, Attempts: 1, Verdict: results.SelftestOK},
	}}
}

func TestSelftestGolden(t *testing.T) {
	fine := selftestResult()
	fine.Checks, fine.Verdict, fine.OffsetUS = fine.Checks[1:], results.SelftestOK, 70.5
	for name, test := range map[string]struct {
		of      *results.Selftest
		options report.Options
	}{
		"selftest-80":      {selftestResult(), report.Options{}},
		"selftest-40":      {selftestResult(), report.Options{Width: 40}},
		"selftest-120":     {selftestResult(), report.Options{Width: 120}},
		"selftest-details": {selftestResult(), report.Options{Details: true}},
		"selftest-ok":      {fine, report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := report.SelftestFormats[0].Write(&b, test.of, test.options); err != nil {
				t.Fatal(err)
			}
			compareGolden(t, name+".golden", b.String())
			for line := range strings.Lines(b.String()) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > cmp.Or(test.options.Width, 80) {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
}

// Each verdict has its own words at the end, and an unfinished one is never called right.
func TestSelftestWords(t *testing.T) {
	for _, c := range []struct {
		verdict   string
		partial   bool
		want, not string
	}{
		{results.SelftestOK, false, "can be measured on", "PARTIAL"},
		{results.SelftestOK, true, "PARTIAL", "can be measured on"},
		{results.SelftestNoisy, false, "NOISY MACHINE", "WRONG TOOL"},
		{results.SelftestWrong, true, "WRONG TOOL", "NOISY MACHINE"},
	} {
		var b strings.Builder
		if err := report.SelftestFormats[0].Write(&b,
			&results.Selftest{Verdict: c.verdict, Partial: c.partial}, report.Options{Width: 60}); err != nil {
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

// A machine that is late by itself is no verdict: it is said below each table whose latencies it is
// a part of, with these, and nowhere else.
func TestOffsetIsSaidWhereItMatters(t *testing.T) {
	r := sample()
	for _, c := range []struct {
		offset float64 // µs
		want   []string
	}{
		{0, nil},
		// a tenth of 40 µs, as p50 at 1 connection is; but the table has p99 there, and 121 µs for
		// p50 at the common rate
		{4, nil},
		{15, []string{"15 µs longer with nothing wrong, in all modes alike, since timers and " +
			"threads wake up late. That is a tenth or more of: p50 at the common rate, p99 at 1 connection."}},
		{1000, []string{
			"a tenth or more of: p50 and p99 at the common rate, p50 and p99 at its own rate, p99 at 1 " +
				"connection, p99 at 64 connections.",
			"a tenth or more of: p50 and p99 at the common rate, p50 at its own rate, p99 at 1 connection.",
		}},
	} {
		if r.Selftest = nil; c.offset > 0 {
			r.Selftest = &results.Selftest{Verdict: results.SelftestOK, OffsetUS: c.offset}
		}
		got := offsetNotes(render(t, "table", r, report.Options{Width: 400}))
		if len(got) != len(c.want) {
			t.Fatalf("offset %v: %q, want %q", c.offset, got, c.want)
		}
		for i, want := range c.want {
			if !strings.HasSuffix(got[i], want) {
				t.Errorf("offset %v: %q, want the end %q", c.offset, got[i], want)
			}
		}
	}
}

// offsetNotes are the lines of a table that say an offset.
func offsetNotes(table string) (notes []string) {
	for line := range strings.Lines(table) {
		for i, note := range strings.Split(strings.TrimSpace(line), "Offset:") {
			if i > 0 {
				notes = append(notes, strings.TrimSpace(note))
			}
		}
	}
	return notes
}
