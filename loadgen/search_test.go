package loadgen_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"nodecompare/loadgen"
)

var search = loadgen.Search{First: 100, Least: 5, Most: 200_000, Resolution: 0.05, Agreement: 2}

// A server that bears exactly some rate: the bracket stands around it, within the resolution.
func TestCapacityOfAnExactServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := search
		s.Resolution = rapid.SampledFrom([]float64{0.01, 0.05, 0.3}).Draw(t, "resolution")
		s.Agreement = rapid.IntRange(1, 2).Draw(t, "agreement")
		if rapid.Bool().Draw(t, "from the least") {
			s.First = s.Least
		}
		truth := math.Pow(10, rapid.Float64Range(0, 6).Draw(t, "log10 of the truth"))
		probes := 0
		b, err := s.Find(func(rate float64) (bool, error) {
			if rate < s.Least || rate > s.Most {
				t.Fatalf("probed %v, outside of %v to %v", rate, s.Least, s.Most)
			}
			probes++
			return rate <= truth, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if b.Steady != (s.Agreement > 1) || probes > 60 {
			t.Errorf("%+v after %d probes", b, probes)
		}
		switch {
		case truth < s.Least:
			if b.Holds != 0 || b.Fails != s.Least {
				t.Errorf("%+v where nothing holds", b)
			}
		case truth >= s.Most:
			if b.Holds != s.Most || b.Fails != 0 {
				t.Errorf("%+v where all rates hold", b)
			}
		case b.Holds > truth || b.Fails <= truth || b.Fails > b.Holds*(1+s.Resolution):
			t.Errorf("%+v, want %v within it", b, truth)
		}
	})
}

// noisy is a server whose answers are less and less sure towards its capacity, and of which one in
// twenty is wrong anywhere.
func noisy(truth float64, seed uint64) func(rate float64) (bool, error) {
	random := rand.New(rand.NewPCG(seed, 1))
	return func(rate float64) (bool, error) {
		holds := random.Float64() < 1/(1+math.Exp(50*math.Log(rate/truth))) // from 92% to 8% within ±5%
		if random.Float64() < 0.05 {
			holds = !holds
		}
		return holds, nil
	}
}

// With an agreement of one, a rate is probed once: the doubling, and then as many bisections as the
// resolution takes.
func TestSearchByOneProbeOfEachRate(t *testing.T) {
	for _, c := range []struct {
		truth, holds, fails float64
		probes              int
	}{
		{500, 0, 1000, 1},
		{1000, 1000, 1090.5, 2 + 3},
		{128_000, 128_000, 0, 8},
		{5000, 4756.8, 5187.4, 4 + 3},
	} {
		asked := map[float64]int{}
		s := loadgen.Search{First: 1000, Least: 1000, Most: 128_000, Resolution: 0.1, Agreement: 1}
		b, err := s.Find(func(rate float64) (bool, error) { asked[rate]++; return rate <= c.truth, nil })
		if err != nil || math.Abs(b.Holds-c.holds) > 0.1 || math.Abs(b.Fails-c.fails) > 0.1 || len(asked) != c.probes {
			t.Errorf("%v: %+v, %v, after probes of %v; want %v and %v after %d", c.truth, b, err, asked,
				c.holds, c.fails, c.probes)
		}
		for rate, n := range asked {
			if n != 1 {
				t.Errorf("%v: %d probes of %v", c.truth, n, rate)
			}
		}
	}
}

// With noise the answer is repeatable: of many searches nearly all end within a tenth of the truth,
// and none far from it.
func TestCapacityOfANoisyServer(t *testing.T) {
	const searches = 2000
	off, far, probes := 0, 0, 0
	for seed := range uint64(searches) {
		truth := 50 * math.Pow(1.004, float64(seed)) // 50 to 146,000
		if truth > search.Most/1.2 {
			break
		}
		probe := noisy(truth, seed)
		b, err := search.Find(func(rate float64) (bool, error) { probes++; return probe(rate) })
		if err != nil {
			t.Fatal(err)
		}
		if b.Fails > 0 && b.Fails > b.Holds*(1+search.Resolution)*(1+1e-9) {
			t.Fatalf("seed %d: %+v is wider than the resolution", seed, b)
		}
		if d := math.Abs(math.Log(b.Holds / truth)); d > math.Log(1.2) {
			far++
		} else if d > math.Log(1.1) {
			off++
		}
	}
	t.Logf("of %d searches with %.1f probes each, %d were off by more than a tenth, %d by more than a fifth", searches,
		float64(probes)/searches, off, far)
	if far > searches/200 || off > searches/20 {
		t.Errorf("%d of %d searches were off by more than a tenth, %d by more than a fifth", off, searches, far)
	}
}

// Whatever a server answers, the search ends, and what it says was said by the server: each end by
// two probes at the least.
func TestCapacityOfAnErraticServer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		share := rapid.Float64Range(0, 1).Draw(t, "share that holds")
		held, failed := map[float64]int{}, map[float64]int{}
		probes := 0
		b, err := search.Find(func(rate float64) (bool, error) {
			if probes++; probes > 1000 {
				t.Fatal("the search does not end")
			}
			if random.Float64() < share {
				held[rate]++
				return true, nil
			}
			failed[rate]++
			return false, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if b.Holds > 0 && held[b.Holds] < 2 || b.Fails > 0 && failed[b.Fails] < 2 || b.Holds == 0 && b.Fails == 0 {
			t.Errorf("%+v: held %v, failed %v", b, held, failed)
		}
		if b.Fails > 0 && b.Holds > 0 && (b.Fails <= b.Holds || b.Fails > b.Holds*(1+search.Resolution)*(1+1e-9)) {
			t.Errorf("%+v is no bracket within the resolution", b)
		}
	})
}

// The error of a probe ends the search at once, with what had been found.
func TestCapacitySearchCutShort(t *testing.T) {
	cut := errors.New("cut")
	b, err := search.Find(func(rate float64) (bool, error) {
		if rate > 1000 {
			return false, cut
		}
		return true, nil
	})
	if !errors.Is(err, cut) || b.Holds != 800 || b.Fails != 0 || b.Steady {
		t.Errorf("%+v, %v", b, err)
	}
}
