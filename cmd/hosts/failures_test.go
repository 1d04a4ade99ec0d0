package hosts

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// What makes a run VOID though every host is there: a host hears of the start too late, its counts
// do not add up, or the hosts did not send at the same time.
func TestVoided(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(*maker)
		says  string
	}{
		{"late", func(m *maker) { m.late = time.Second }, "host-1 heard of the start"},
		{"counts", func(m *maker) { m.spoil = func(r *ran) { r.Result.Requests++ } }, "host-1 is not whole"},
		{"histogram", func(m *maker) { m.spoil = func(r *ran) { r.Result.Histograms[0] = "" } }, "host-1 is not whole"},
		{"apart", func(m *maker) { m.spoil = func(r *ran) { r.Began += int64(time.Second) } }, "only 33."},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			good, bad := newMaker(t, 100), newMaker(t, 100)
			test.spoil(bad)
			g := gather(t, good, bad)
			defer g.end()
			for i := range g.agents { // they came in any order
				if g.agents[i].Name == "host-1" {
					g.agents[0], g.agents[i] = g.agents[i], g.agents[0]
				}
			}
			l, err := Open(t.Context(), g.agents, loadgen.Attack{Target: loadgen.Target{URL: "http://127.0.0.1:1/"},
				Connections: 2, Engine: loadgen.Loop}, measure.Span{})
			if err != nil {
				t.Fatal(err)
			}
			j, err := l.Run(t.Context(), Least, nil)
			said := ""
			switch voided, ok := errors.AsType[*Voided](err); {
			case ok:
				said = voided.Error()
			case err != nil:
				t.Fatal(err)
			case j.Trust.Status == results.Void:
				said = strings.Join(j.Trust.Reasons, "; ")
			}
			if !strings.Contains(said, test.says) {
				t.Errorf("%q does not say %q", said, test.says)
			}
		})
	}
}

// Hosts overlap by the time in which all send, and what their clocks are uncertain by counts
// against them.
func TestOverlap(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		began, lasted, uncertain []time.Duration
		want                     float64
	}{
		{[]time.Duration{5 * ms}, []time.Duration{100 * ms}, []time.Duration{50 * ms}, 1},
		{[]time.Duration{0, 0}, []time.Duration{100 * ms, 100 * ms}, []time.Duration{0, 0}, 1},
		{[]time.Duration{0, 10 * ms}, []time.Duration{100 * ms, 100 * ms}, []time.Duration{0, 0}, 90. / 110},
		{[]time.Duration{0, 0}, []time.Duration{100 * ms, 100 * ms}, []time.Duration{5 * ms, 5 * ms}, 90. / 110},
		{[]time.Duration{0, 0, 0}, []time.Duration{100 * ms, 50 * ms, 100 * ms}, []time.Duration{0, 0, 0}, 0.5},
		{[]time.Duration{0, 200 * ms}, []time.Duration{100 * ms, 100 * ms}, []time.Duration{0, 0}, 0},
	} {
		var o overlap
		for i := range test.began {
			o.add(test.began[i], test.lasted[i], test.uncertain[i])
		}
		if got := o.share(); got < test.want-1e-9 || got > test.want+1e-9 {
			t.Errorf("%v for %v ± %v: %v, want %v", test.began, test.lasted, test.uncertain, got, test.want)
		}
	}
}
