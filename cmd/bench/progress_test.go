package bench

import (
	"testing"

	"nodecompare/results"
)

// The line of a trial says in how many of its runs there is a doubt: one in seven is no failure.
func TestLineOfATrialCountsItsDoubts(t *testing.T) {
	valid := &results.Trust{Status: results.Valid}
	doubted := &results.Trust{Status: results.Suspect, Rules: []string{"send lag"}}
	trial := results.Trial{Mode: "async", Workload: "hello", Round: 2, ElapsedS: 2.5,
		Rungs: []results.Rung{{Requests: 5, Trust: valid}, {Requests: 7, Errors: 1, Trust: doubted}, {Trust: valid}}}
	for _, c := range []struct {
		trust *results.Trust
		want  string
	}{
		{nil, ""},
		{valid, ""},
		{doubted, ", SUSPECT in 1 of 3 runs: send lag"},
		{&results.Trust{Status: results.Void, Rules: []string{"steal"}}, ", VOID: steal"},
	} {
		trial.Trust = c.trust
		const about = "round 2, async on hello: 12 requests, 1 error, 2.5 s"
		if got := describe(trial); got != about+c.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", c.trust, got, about+c.want)
		}
	}
}
