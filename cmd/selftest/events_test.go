package selftest_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/selftest"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// deaf is an engine that hears wrongly what a server says.
type deaf struct {
	selftest.Generator
	wrong func(*loadgen.Result)
}

func (d deaf) Run(ctx context.Context, t time.Duration) (*loadgen.Result, error) {
	r, err := d.Generator.Run(ctx, t)
	if r != nil {
		d.wrong(r)
	}
	return r, err
}

// What subscribers hear is known: the loop engine finds the delay of the events and what was left
// out, and an engine that does not is found out.
func TestEvents(t *testing.T) {
	t.Parallel()
	loop := selftest.Engines()[slices.IndexFunc(selftest.Engines(), func(e selftest.Engine) bool {
		return e.Name == loadgen.Loop
	})]
	hearing := func(wrong func(*loadgen.Result)) selftest.Engine {
		return selftest.Engine{Name: loop.Name, Open: func(a loadgen.Attack) (selftest.Generator, error) {
			g, err := loop.Open(a)
			return deaf{g, wrong}, err
		}}
	}
	p := selftest.Plan{Attempts: 1, Limit: time.Minute, Engines: []selftest.Engine{
		hearing(func(*loadgen.Result) {}),
		hearing(func(r *loadgen.Result) { r.Deliveries.Missed++ }),
		hearing(func(r *loadgen.Result) { r.Requests++ }),
		hearing(func(r *loadgen.Result) {
			r.Latency.Reset()
			r.Latency.RecordValue(int64(4 * time.Millisecond))
		}),
	}, Events: selftest.Events{Late: 5 * time.Millisecond, Every: 5 * time.Millisecond, Each: 50, LeftOut: 20,
		Connections: 4}}
	s, err := selftest.Run(t.Context(), p, ignore)
	if err != nil {
		t.Fatal(err)
	}
	figures := []string{"p50", "p99", "missed"}
	if len(s.Checks) != len(figures)*len(p.Engines) {
		t.Fatalf("%+v", s.Checks)
	}
	right := true
	for i, c := range s.Checks {
		if c.Figure != figures[i%3] || c.Figure == "missed" && (c.Truth != 8 || c.Unit != "events") ||
			c.Unit == "us" && c.Truth < 5000 {
			t.Errorf("check %d: %+v", i, c)
		}
		if i < 3 {
			right = right && c.Verdict != results.SelftestNoisy // of this machine, now
			if c.Verdict == results.SelftestWrong {
				t.Errorf("%+v", c)
			}
		}
	}
	if right && s.Checks[2].Measured != 8 {
		t.Errorf("%+v", s.Checks[2])
	}
	for engine, checks := range map[int][]int{1: {3, 4, 5}, 2: {6, 7, 8}, 3: {9, 10}} {
		for _, i := range checks {
			if s.Checks[i].Verdict != results.SelftestWrong && right {
				t.Errorf("engine %d: %+v", engine, s.Checks[i])
			}
		}
	}
}

func TestHeard(t *testing.T) {
	for name, c := range map[string]struct {
		heard   selftest.Heard
		verdict string
	}{
		"each once":             {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 99, Missed: 1}, results.SelftestOK},
		"one too many":          {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 100}, results.SelftestWrong},
		"one is not heard":      {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 98, Missed: 1}, results.SelftestWrong},
		"the gap is not seen":   {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 99}, results.SelftestWrong},
		"a gap that is none":    {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 99, Missed: 2}, results.SelftestWrong},
		"the server was late":   {selftest.Heard{Due: 100, Sent: 80, LeftOut: 1, Came: 79}, results.SelftestNoisy},
		"a subscription failed": {selftest.Heard{Due: 100, Sent: 99, LeftOut: 1, Came: 90, Errors: 1}, results.SelftestNoisy},
	} {
		if verdict, reason, _ := c.heard.Judge(); verdict != c.verdict ||
			(reason == "") != (verdict == results.SelftestOK) {
			t.Errorf("%s: %s (%s), want %s", name, verdict, reason, c.verdict)
		}
	}
}
