package selftest_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"nodecompare/cmd/selftest"
	"nodecompare/results"
)

var (
	quiet = selftest.Witness{Min: 20 * time.Microsecond, P50: 35 * time.Microsecond,
		P99: 120 * time.Microsecond, Requests: 300}
	crowd = selftest.Witness{Min: 300 * time.Microsecond, P50: 900 * time.Microsecond,
		P99: 40 * time.Millisecond, Requests: 80, Others: 0.7}
	lucky = selftest.Witness{Min: 20 * time.Microsecond, P50: 35 * time.Microsecond,
		P99: 120 * time.Microsecond, Requests: 80, Others: 0.7}
	busy = selftest.Witness{Min: 30 * time.Microsecond, P50: 170 * time.Microsecond,
		P99: 4 * time.Millisecond, Requests: 280}
)

// The words: noise is told apart from a defect.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		truth, measured, allowed float64
		witness                  selftest.Witness
		verdict, reason          string
		certain                  bool
	}{
		"right":                   {5000, 5080, 100, quiet, results.SelftestOK, "", false},
		"right at the edge":       {5000, 5100, 100, quiet, results.SelftestOK, "", false},
		"right on a busy machine": {5000, 5080, 100, busy, results.SelftestOK, "", false},
		"too long on a quiet machine": {5000, 5300, 100, quiet, results.SelftestWrong,
			"300µs too long, while a plain client beside it was late by only 35µs (p50)", false},
		"too long on a busy machine": {5000, 5300, 100, busy, results.SelftestNoisy,
			"late as well, by 170µs (p50) and 4ms (p99)", false},
		"too short on a quiet machine": {5000, 4700, 100, quiet, results.SelftestWrong,
			"300µs less than what happened", true},
		"too short on a busy machine": {5000, 4700, 100, busy, results.SelftestWrong,
			"no noise makes a request shorter", true},
		"no number":      {5000, math.NaN(), 100, busy, results.SelftestWrong, "no number", true},
		"nobody answers": {5000, 9000, 100, selftest.Witness{}, results.SelftestNoisy, "no answer at all", false},
		"a server that says too little of itself": {5000, 8000, 100,
			selftest.Witness{Min: 3 * time.Millisecond, P50: 3 * time.Millisecond,
				P99: 9 * time.Millisecond, Requests: 9},
			results.SelftestWrong, "even the fastest differed from it by 3ms", false},
		"every request is late since others have the CPUs": {5000, 5700, 100, crowd, results.SelftestNoisy,
			"other processes had 70% of the CPU time", false},
		"the plain client alone had luck": {5000, 5700, 100, lucky, results.SelftestNoisy,
			"other processes had 70% of the CPU time", false},
		"too short, whoever has the CPUs": {5000, 4700, 100, crowd, results.SelftestWrong,
			"no noise makes a request shorter", true},
		"a server that says too much of itself": {5000, 8000, 100,
			selftest.Witness{Min: -3 * time.Millisecond, Requests: 9},
			results.SelftestWrong, "the server's own clock cannot be right", false},
	} {
		verdict, reason,
			certain := selftest.Judge(results.SelftestCheck{Figure: "p50", Truth: c.truth,
			Measured: c.measured, Allowed: c.allowed}, c.witness)
		if verdict != c.verdict || certain != c.certain || !strings.Contains(reason, c.reason) ||
			(c.reason == "") != (reason == "") {
			t.Errorf("%s: %s, certain %v: %q; want %s, certain %v, with %q", name, verdict, certain, reason,
				c.verdict, c.certain, c.reason)
		}
	}
}

func TestCount(t *testing.T) {
	for name, c := range map[string]struct {
		count   selftest.Count
		verdict string
	}{
		"each once":                      {selftest.Count{Offered: 100, Sent: 100, Seen: 100}, results.SelftestOK},
		"one is missing at the server":   {selftest.Count{Offered: 100, Sent: 100, Seen: 99}, results.SelftestWrong},
		"one came twice":                 {selftest.Count{Offered: 100, Sent: 100, Seen: 101}, results.SelftestWrong},
		"one is accounted for by nobody": {selftest.Count{Offered: 100, Sent: 99, Seen: 99}, results.SelftestWrong},
		"one too many was sent":          {selftest.Count{Offered: 100, Sent: 101, Seen: 101}, results.SelftestWrong},
		"ten had no time": {selftest.Count{Offered: 100, Sent: 90, Unsent: 10, Seen: 90},
			results.SelftestNoisy},
		"ten were lost, and told so": {selftest.Count{Offered: 100, Sent: 100, Errors: 10, Seen: 95},
			results.SelftestNoisy},
		"ten were lost, nine told": {selftest.Count{Offered: 100, Sent: 100, Errors: 9, Seen: 90},
			results.SelftestWrong},
		"one was sent again": {selftest.Count{Offered: 100, Sent: 100, Retries: 1, Seen: 101}, results.SelftestNoisy},
	} {
		if verdict, reason, _ := c.count.Judge(); verdict != c.verdict ||
			(reason == "") != (verdict == results.SelftestOK) {
			t.Errorf("%s: %s (%s), want %s", name, verdict, reason, c.verdict)
		}
	}
}

func TestOverall(t *testing.T) {
	ok, noisy, wrong := results.SelftestCheck{Verdict: results.SelftestOK},
		results.SelftestCheck{Verdict: results.SelftestNoisy}, results.SelftestCheck{Verdict: results.SelftestWrong}
	for _, c := range []struct {
		checks []results.SelftestCheck
		want   string
	}{
		{nil, results.SelftestNone},
		{[]results.SelftestCheck{ok, ok}, results.SelftestOK},
		{[]results.SelftestCheck{ok, noisy, ok}, results.SelftestNoisy},
		{[]results.SelftestCheck{wrong, noisy, ok}, results.SelftestWrong},
	} {
		if got := selftest.Overall(c.checks); got != c.want {
			t.Errorf("%v: %s, want %s", c.checks, got, c.want)
		}
	}
}
