package measure_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
)

// Whatever the connections' phase, a window of any length counts what they send a second: no wave
// is in it by chance.
func TestSharesCountWaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1e9, 0)
		life := time.Duration(rapid.Int64Range(1e6, 2e8).Draw(t, "life"))
		length := time.Duration(rapid.Int64Range(1e6, 1e9).Draw(t, "window"))
		connections := rapid.IntRange(1, 8).Draw(t, "connections")
		var s measure.Shares
		s.Begin(measure.Span{Lead: time.Second, Length: length})
		s.Add(&loadgen.Outcome{Sent: start, End: start.Add(1)}) // begins the clock
		for range connections {
			phase := time.Duration(rapid.Int64Range(0, int64(life)).Draw(t, "phase"))
			for at := start.Add(-phase); at.Before(start.Add(time.Second + length)); at = at.Add(life) {
				s.Add(&loadgen.Outcome{Sent: at, End: at.Add(life)})
				s.Add(&loadgen.Outcome{Sent: at, End: at.Add(life), Kind: loadgen.Status}) // counts nothing
			}
		}
		if want := float64(connections) * float64(length) / float64(life); math.Abs(s.Sum-want) > 1e-6*want {
			t.Fatalf("%v requests, want %v", s.Sum, want)
		}
	})
}

func TestSharesOfNothing(t *testing.T) {
	var s measure.Shares
	now := time.Now()
	s.Add(&loadgen.Outcome{Sent: now, End: now.Add(time.Second)}) // of the ramp
	s.Begin(measure.Span{Length: time.Second})
	s.Add(&loadgen.Outcome{Sent: now, End: now}) // took no time that the clock sees
	if s.Sum != 0 {
		t.Errorf("%v requests, want none", s.Sum)
	}
}
