package eventloop_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/servers/eventloop"
)

// Thousands of timers are set, moved and stopped in one turn; those that are left must run in the
// order in which a sort would put them.
func TestTimersAgreeWithASortedModel(t *testing.T) {
	l := start(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		type entry struct {
			timer, order int
			d            time.Duration
		}
		n := rapid.IntRange(1, 3000).Draw(rt, "timers")
		ops := rapid.SliceOfN(rapid.Uint32(), n, 2*n).Draw(rt, "ops")
		spread := rapid.Uint32Range(1, 2000).Draw(rt, "µs")
		timers := make([]eventloop.Timer, n)
		model := map[int]entry{}
		var got, want []int
		done := make(chan struct{})
		on(t, l, func() {
			for i := range timers {
				timers[i].Init(l, func() { got = append(got, i) })
			}
			for order, op := range ops {
				i := int(op>>2) % n
				if op&3 == 0 {
					timers[i].Stop()
					delete(model, i)
					continue
				}
				d := time.Duration(op*2654435761%spread) * time.Microsecond
				timers[i].Set(d)
				model[i] = entry{i, order, d}
			}
			var last eventloop.Timer
			last.Init(l, func() { close(done) })
			last.Set(time.Duration(spread) * time.Microsecond)
		})
		receive(t, done)
		var entries []entry
		for _, e := range model {
			entries = append(entries, e)
		}
		slices.SortFunc(entries, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.d, b.d), cmp.Compare(a.order, b.order))
		})
		for _, e := range entries {
			want = append(want, e.timer)
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%d timers ran, want %d; or in another order:\ngot  %v\nwant %v", len(got), len(want), got, want)
		}
	})
}

// Timers that set, move and stop each other while they run: whichever runs must be the earliest of
// those that the model has pending, and none may be lost.
func TestTimersThatDisturbEachOtherAgreeWithAModel(t *testing.T) {
	t.Parallel()
	l := start(t, 1)
	rapid.Check(t, func(rt *rapid.T) {
		const n = 200
		seed := rapid.Uint64().Draw(rt, "seed")
		random := func(below int) int {
			seed = seed*6364136223846793005 + 1442695040888963407
			return int(seed>>33) % below
		}
		type entry struct {
			when  time.Time
			order int
		}
		var timers [n]eventloop.Timer
		pending := map[int]entry{}
		order, budget := 0, 1000
		set := func(i int) {
			d := time.Duration(random(300)) * time.Microsecond
			timers[i].Set(d)
			order++
			pending[i] = entry{l.Now().Add(d), order}
		}
		done := make(chan string, 1)
		run := func(i int) {
			me, ok := pending[i]
			if !ok {
				done <- "a timer ran that was not set"
				return
			}
			delete(pending, i)
			if me.when.After(l.Now()) {
				done <- "a timer ran early"
				return
			}
			for _, e := range pending {
				if e.when.Before(me.when) || e.when.Equal(me.when) && e.order < me.order {
					done <- "a timer ran although an earlier one was pending"
					return
				}
			}
			for range 2 {
				if budget--; budget >= 0 {
					set(random(n))
				}
			}
			stop := random(n)
			timers[stop].Stop()
			delete(pending, stop)
			if len(pending) == 0 {
				done <- ""
			}
		}
		on(t, l, func() {
			for i := range timers {
				timers[i].Init(l, func() { run(i) })
				set(i)
			}
		})
		if wrong := receive(t, done); wrong != "" {
			rt.Fatal(wrong)
		}
		on(t, l, func() {
			for i := range timers {
				timers[i].Stop()
			}
		})
	})
}
