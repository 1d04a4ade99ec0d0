package hosts

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
)

// The requests of an open load of several hosts come due one after the other, as those of one
// generator do, and a host that begins at its turn has not begun late. At a rate so low that a turn
// would be long, the hosts begin within a small part of the run, and still one after the other.
func TestHostsTakeTurns(t *testing.T) {
	t.Parallel()
	const n = 4
	for _, test := range []struct {
		rate float64
		last time.Duration // when the last host begins
	}{
		{400, 7500 * time.Microsecond},
		{1, Least / phaseShare * (n - 1) / n},
		{0, 0},
	} {
		t.Run(fmt.Sprint(test.rate), func(t *testing.T) {
			t.Parallel()
			makers := map[string]*maker{}
			var all []*maker
			for i := range n {
				m := newMaker(t, 100)
				makers[fmt.Sprintf("host-%d", i)] = m
				all = append(all, m)
			}
			g := gather(t, all...)
			defer g.end()
			l, err := Open(t.Context(), g.agents, loadgen.Attack{Target: loadgen.Target{URL: "http://127.0.0.1:1/"},
				Connections: n, Rate: test.rate, Engine: loadgen.Loop}, measure.Span{})
			if err != nil {
				t.Fatal(err)
			}
			j, err := l.Run(t.Context(), Least, nil)
			if err != nil {
				t.Fatal(err)
			}
			var begins, due []time.Duration
			for i, h := range g.agents {
				m := makers[h.Name]
				phase := time.Unix(0, m.at.At).Sub(j.At.Add(h.Offset))
				begins = append(begins, phase)
				if began := j.Hosts[i].BeganUS; began != 0 {
					t.Errorf("host %d began when it was to, and yet %v µs after it", i, began)
				}
				for seq := range uint64(3) {
					if test.rate > 0 {
						due = append(due, phase+loadgen.Due(seq, m.part.Rate))
					}
				}
			}
			if first, last := slices.Min(begins), slices.Max(begins); first != 0 || last != test.last {
				t.Errorf("the hosts begin at %v: want them from 0 to %v", begins, test.last)
			}
			slices.Sort(due)
			for k, at := range due {
				switch one := loadgen.Due(uint64(k), test.rate); {
				case k > 0 && at == due[k-1]:
					t.Errorf("two requests are due at %v: %v", at, due)
				case test.rate > 1 && (at-one).Abs() > time.Microsecond:
					t.Errorf("request %d is due at %v: one generator's is at %v", k, at, one)
				}
			}
		})
	}
}
