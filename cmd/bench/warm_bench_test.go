package bench

import (
	"context"
	"math"
	"testing"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/results/stat"
)

// moreLoad is after which a server is surely warm.
const moreLoad = 20 * time.Second

// BenchmarkWarm holds what a trial measures of Node.js and Express on hello, right after the
// warm-up, against what the same servers show after 20 s more of load. It asks that the medians of
// six rounds agree within 5%, and of each mode's rounds all but one within 15%.
func BenchmarkWarm(b *testing.B) {
	for _, name := range []string{"node", "express"} {
		b.Run(name, func(b *testing.B) {
			p := preparedPlan(b, 0, name)
			for b.Loop() {
				b.StopTimer()
				compareWarm(b, p)
				b.StartTimer()
			}
		})
	}
}

// preparedPlan returns a plan of so many rounds (0 for the profile's) on hello, ready to run.
func preparedPlan(b *testing.B, rounds int, modes ...string) *Plan {
	b.Helper()
	p, err := NewPlan(Options{Modes: modes, Workloads: []string{"hello"}, Profile: "standard",
		Rounds: rounds, Pin: cpuset.Pin{Auto: true}, Seed: 1})
	if err == nil {
		err = p.Prepare(b.Context(), func(line string) { b.Log(line) })
	}
	if err != nil {
		b.Fatal(err)
	}
	return p
}

func compareWarm(tb testing.TB, p *Plan) {
	var before, after []float64
	err := measure.Pinned(p.split, func() error {
		for _, s := range p.slots {
			first, later, err := warmThenWarmer(tb, &bench{plan: p, progress: Silent{}}, s)
			if err != nil {
				return err
			}
			before, after = append(before, first), append(after, later)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	far := 0
	for i := range before {
		if math.Abs(math.Log(before[i]/after[i])) > math.Log(1.15) {
			far++
		}
	}
	ratio := stat.Median(before).Value / stat.Median(after).Value
	tb.Logf("the medians' ratio is %.3f; %d of %d rounds are more than 15%% apart", ratio, far, len(before))
	if math.Abs(math.Log(ratio)) > math.Log(1.05) || far > 1 {
		tb.Error("the server was not warm")
	}
}

// warmThenWarmer is a trial up to its base rung, and the base rung again after more load: the
// relative CPU per request of each.
func warmThenWarmer(tb testing.TB, b *bench, s slot) (first, later float64, err error) {
	err = b.withServer(tb.Context(), s, func(ctx context.Context, on *target) error {
		on.began = time.Now()
		return b.withYardstick(ctx, on, s, func(ctx context.Context) error {
			w, err := b.warm(ctx, on, s)
			if err != nil {
				return err
			}
			one, err := b.runRung(ctx, on, s.base(), 0, false)
			if err != nil {
				return err
			}
			if err := load(ctx, on, s.base().connections); err != nil {
				return err
			}
			two, err := b.runRung(ctx, on, s.base(), 0, false)
			if err != nil {
				return err
			}
			for _, r := range []results.Rung{one, two} {
				tb.Logf("round %d, warm-up %+v: %.1f µs in one piece, %.2f times the yardstick's in slices %.1f",
					s.round, *w, r.Process.CPUUSPerRequest, r.Yardstick.RelativeCPU, r.Yardstick.CPUs)
			}
			first, later = one.Yardstick.RelativeCPU, two.Yardstick.RelativeCPU
			return nil
		})
	})
	return first, later, err
}

// load is moreLoad of load, on connections of its own.
func load(ctx context.Context, on *target, connections int) error {
	a := on.attack
	a.Connections = connections
	g, err := loadgen.Open(a)
	if err != nil {
		return err
	}
	defer g.Close()
	_, err = g.Run(ctx, moreLoad)
	return err
}
