package eventloop_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers/eventloop"
)

func TestTimersRunByTimeAndThenBySettingOrder(t *testing.T) {
	l := start(t, 1)
	var got []string
	timers := make([]eventloop.Timer, 6)
	done := make(chan struct{})
	on(t, l, func() {
		for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
			timers[i].Init(l, func() { got = append(got, name) })
		}
		const ms = time.Millisecond
		timers[0].Set(3 * ms)
		timers[1].Set(1 * ms)
		timers[2].Set(2 * ms)
		timers[3].Set(1 * ms)
		timers[4].Set(-ms) // at once
		timers[5].Set(ms)
		timers[1].Set(1 * ms) // moved: behind d and f, which are due at the same moment
		timers[2].Stop()
		timers[2].Stop()
		var last eventloop.Timer
		last.Init(l, func() { close(done) })
		last.Set(4 * ms)
	})
	receive(t, done)
	if diff := cmp.Diff([]string{"e", "d", "f", "b", "a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestATimerIsNeverEarly(t *testing.T) {
	l := start(t, 1)
	for _, d := range []time.Duration{0, time.Nanosecond, 700 * time.Microsecond, time.Millisecond,
		3*time.Millisecond + 1, 20 * time.Millisecond} {
		ran := make(chan time.Time, 1)
		var timer eventloop.Timer
		timer.Init(l, func() { ran <- time.Now() })
		begin := time.Now()
		l.Post(func() { timer.Set(d) })
		if took := receive(t, ran).Sub(begin); took < d {
			t.Errorf("a timer of %v ran after %v", d, took)
		}
	}
}

// The posted phase comes after handlers that may have taken long: a wait that was asked for just
// now must not be counted from before them.
func TestAPostedFunctionsTimerCountsFromThePost(t *testing.T) {
	l := start(t, 1)
	const busy, d = 60 * time.Millisecond, 50 * time.Millisecond
	ran := make(chan time.Duration, 1)
	var timer eventloop.Timer
	_, peer := accepted(t, l, &handler{data: func(_ *eventloop.Conn, _ []byte) {
		burn(busy)
		begin := time.Now()
		timer.Init(l, func() { ran <- time.Since(begin) })
		l.Post(func() { timer.Set(d) })
	}})
	mustWrite(t, peer, []byte("x"))
	if took := receive(t, ran); took < d {
		t.Errorf("a timer of %v that was set by a function posted %v into a turn ran after %v", d, busy, took)
	}
}

func TestATimerSetForLongerThanTimeLastsDoesNotRun(t *testing.T) {
	l := start(t, 1)
	ran := false
	var forever, soon eventloop.Timer
	done := make(chan struct{})
	on(t, l, func() {
		forever.Init(l, func() { ran = true })
		soon.Init(l, func() { close(done) })
		forever.Set(math.MaxInt64)
		soon.Set(time.Millisecond)
	})
	receive(t, done)
	on(t, l, func() {
		if ran {
			t.Error("a timer set for 292 years has run")
		}
	})
}

func TestATimerThatSetsItselfForNoTimeDoesNotStarveSockets(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	var timer eventloop.Timer
	runs, stop := 0, false
	timer.Init(l, func() {
		if runs++; !stop {
			timer.Set(0)
		}
	})
	on(t, l, func() { timer.Set(0) })
	peer := dial(t, addr)
	for range 10 {
		mustWrite(t, peer, []byte("ping"))
		mustRead(t, peer, 4)
	}
	on(t, l, func() {
		if stop = true; runs < 10 {
			t.Errorf("the timer ran %d times during ten round trips of one turn at least each", runs)
		}
	})
}

func TestATimerThatIsDueMayStillBeStoppedAndMoved(t *testing.T) {
	l := start(t, 1)
	var got []string
	var a, b, c, last eventloop.Timer
	done := make(chan struct{})
	on(t, l, func() {
		a.Init(l, func() {
			got = append(got, "a")
			b.Stop()
			c.Set(2 * time.Millisecond)
		})
		b.Init(l, func() { got = append(got, "b") })
		c.Init(l, func() { got = append(got, "c"); last.Set(0) })
		last.Init(l, func() { close(done) })
		for _, timer := range []*eventloop.Timer{&a, &b, &c} {
			timer.Set(0)
		}
	})
	receive(t, done)
	if diff := cmp.Diff([]string{"a", "c"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingAndStoppingATimerAllocatesNothing(t *testing.T) {
	l := start(t, 1)
	on(t, l, func() {
		timers := make([]eventloop.Timer, 1000)
		for i := range timers {
			timers[i].Init(l, func() { t.Error("a stopped timer ran") })
			timers[i].Set(time.Hour)
		}
		i := 0
		if n := testing.AllocsPerRun(5000, func() {
			timer := &timers[i*7919%len(timers)]
			i++
			timer.Stop()
			timer.Set(time.Hour + time.Duration(i*31%997)*time.Second)
			timer.Set(time.Hour)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
		for i := range timers {
			timers[i].Stop()
		}
	})
}

// burn holds the calling thread for d.
func burn(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
	}
}
