package bench

import (
	"context"
	"math"
	"slices"
	"testing"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results/stat"
)

const (
	agreeTrials     = 16
	agreeWithin     = 0.05
	agreeConfidence = 0.95
)

// BenchmarkAgree holds the ratio of two servers' CPU per request as the slices beside the yardstick
// give it against what runs in one piece before and after them give. It asks that the two agree
// within 5%, and that an interval of 95% holds the equality.
//
//	go test ./cmd/bench -run '^$' -bench Agree -benchtime 1x -timeout 30m
func BenchmarkAgree(b *testing.B) {
	for _, pair := range [][2]string{{"blocking", "async"}, {"goroutine", "async"}, {"node", "blocking"}} {
		b.Run(pair[0]+" over "+pair[1], func(b *testing.B) {
			p := preparedPlan(b, 1, pair[:]...)
			for b.Loop() {
				b.StopTimer()
				err := measure.Pinned(p.split, func() error {
					return compareWays(b, &bench{plan: p, progress: Silent{}}, pair)
				})
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}

// compareWays measures two live servers in both ways, several times.
func compareWays(tb testing.TB, b *bench, pair [2]string) error {
	return b.both(tb.Context(), pair, func(ctx context.Context, one, other *contender) error {
		var logs []float64
		for range agreeTrials {
			inSlices, inPieces, costs, err := bothWays(ctx, one, other)
			if err != nil {
				return err
			}
			tb.Logf("%.3f times as much in slices, %.3f in one piece; µs in one piece, in slices, of the yardstick, "+
				"in one piece: %.1f, %.1f", inSlices, inPieces, costs[one], costs[other])
			logs = append(logs, math.Log(inSlices/inPieces))
		}
		e := stat.PairedRatio(logs, agreeConfidence)
		tb.Logf("slices over pieces: %.3f (%.3f to %.3f)", math.Exp(e.Value), math.Exp(e.Low), math.Exp(e.High))
		if math.Abs(e.Value) > math.Log1p(agreeWithin) || e.Low > 0 || e.High < 0 {
			tb.Error("the two ways do not agree")
		}
		return nil
	})
}

// contender is a warm server, with the connections of its warm-up.
type contender struct {
	slot
	on   *target
	load *loadgen.Generator
}

// both runs use with a server of each of two modes, warm, beside one yardstick.
func (b *bench) both(ctx context.Context, pair [2]string,
	use func(ctx context.Context, one, other *contender) error) error {
	var both [2]*contender
	start := func(ctx context.Context, i int, then func(context.Context) error) error {
		s := b.plan.slots[slices.IndexFunc(b.plan.slots, func(s slot) bool { return s.name == pair[i] })]
		return b.withServer(ctx, s, func(ctx context.Context, on *target) error {
			both[i] = &contender{slot: s, on: on}
			return then(ctx)
		})
	}
	return start(ctx, 0, func(ctx context.Context) error {
		return start(ctx, 1, func(ctx context.Context) error {
			return b.withYardstick(ctx, both[0].on, both[0].slot, func(ctx context.Context) error {
				both[1].on.yardstick = both[0].on.yardstick
				for _, c := range both {
					_, g, err := b.warm(ctx, c.on, c.slot)
					if err != nil {
						return err
					}
					defer g.Close()
					c.load = g
				}
				return use(ctx, both[0], both[1])
			})
		})
	})
}

// bothWays returns how many times as much CPU per request the one server takes as the other: in
// one piece, then in slices, then in one piece again in the opposite order, so that a steady change
// over time cancels out. costs has the figures behind both.
func bothWays(ctx context.Context, one, other *contender) (inSlices, inPieces float64, costs map[*contender][]float64,
	err error) {
	costs = map[*contender][]float64{}
	whole := func(c *contender) (log float64) {
		spent, spendErr := measure.Loaded{Subject: c.on.server.sampled, Load: c.load}.Run(ctx, c.base().duration)
		if spendErr != nil {
			err = spendErr
			return 0
		}
		costs[c] = append(costs[c], spent.PerRequest())
		return math.Log(spent.PerRequest())
	}
	sliced := func(c *contender) (log float64) {
		y, alternateErr := alternate(ctx, c.on, c.base(), c.load)
		if alternateErr != nil {
			err = alternateErr
			return 0
		}
		costs[c] = append(costs[c], y.RelativeCPU*y.CPUUS, y.CPUUS)
		return math.Log(y.RelativeCPU)
	}
	before := whole(one) - whole(other)
	inside := sliced(one) - sliced(other)
	after := -whole(other) + whole(one)
	return math.Exp(inside), math.Exp((before + after) / 2), costs, err
}
