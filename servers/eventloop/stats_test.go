package eventloop_test

import (
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestLagGrowsWhenAHandlerBlocks(t *testing.T) {
	l := start(t, 1)
	on(t, l, func() {})
	const busy = 300 * time.Millisecond
	before := l.Stats()
	on(t, l, func() { burn(busy) })
	on(t, l, func() {})
	on(t, l, func() {})
	after := l.Stats()
	if after.MaxLag < busy {
		t.Errorf("MaxLag: got %v after a turn of %v", after.MaxLag, busy)
	}
	if got := time.Duration(after.Turns)*after.Lag - time.Duration(before.Turns)*before.Lag; got < busy/2 {
		t.Errorf("Lag: got %v over %d turns, before %v over %d; it should hold a turn of %v", after.Lag, after.Turns, before.Lag, before.Turns, busy)
	}
}

// Timers and sockets block the loop as well as posted functions do.
func TestLagCountsEveryPhase(t *testing.T) {
	const busy = 100 * time.Millisecond
	for _, phase := range []string{"timers", "poll", "close"} {
		t.Run(phase, func(t *testing.T) {
			l := start(t, 1)
			done := make(chan struct{}, 1)
			block := func() { burn(busy); done <- struct{}{} }
			h := &handler{}
			server, peer := accepted(t, l, h)
			var timer eventloop.Timer
			timer.Init(l, block)
			switch phase {
			case "timers":
				on(t, l, func() { timer.Set(0) })
			case "poll":
				on(t, l, func() { h.data = func(*eventloop.Conn, []byte) { block() } })
				mustWrite(t, peer, []byte("x"))
			case "close":
				on(t, l, func() { h.closed = func(error) { block() }; server.Close() })
			}
			receive(t, done)
			on(t, l, func() { h.data, h.closed = nil, nil }) // at the earliest in the turn that blocked
			on(t, l, func() {})                              // in the next, whose poll counts it
			on(t, l, func() {})                              // when that turn's counts are published
			if got := l.Stats().MaxLag; got < busy {
				t.Errorf("MaxLag: got %v", got)
			}
		})
	}
}

// A loop that is made early and run late was not late for anyone.
func TestLagDoesNotCountTheTimeBeforeRun(t *testing.T) {
	l, err := eventloop.New(1)
	if err != nil {
		t.Fatal(err)
	}
	const gap = 2 * time.Second
	<-time.After(gap) // the gap itself is what is tested
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	for range 3 {
		on(t, l, func() {})
	}
	if s := l.Stats(); s.MaxLag >= gap {
		t.Errorf("MaxLag: got %v for a loop that was run %v after it was made", s.MaxLag, gap)
	}
	l.Stop()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
}

func TestStatsCount(t *testing.T) {
	l := start(t, 2)
	_, addr := listen(t, l, echo)
	peer := dial(t, addr)
	mustWrite(t, peer, []byte("x"))
	mustRead(t, peer, 1)
	var timers [7]eventloop.Timer
	on(t, l, func() {
		for i := range timers {
			timers[i].Init(l, func() { t.Error("ran") })
			timers[i].Set(time.Hour)
		}
		timers[0].Stop()
	})
	on(t, l, func() {})
	s := l.Stats()
	if s.Conns != 1 || s.Timers != 6 || s.Posted != 0 || s.Working != 0 || s.Refused != 0 || s.Turns == 0 {
		t.Errorf("got %+v, want 1 connection and 6 timers", s)
	}

	hold, entered := make(chan struct{}), make(chan struct{})
	l.Post(func() { close(entered); <-hold })
	receive(t, entered)
	for range 3 {
		l.Post(func() {})
	}
	if s := l.Stats(); s.Posted != 3 {
		t.Errorf("Posted: got %d, want 3", s.Posted)
	}
	close(hold)

	release := make(chan struct{})
	done := make(chan struct{}, 5)
	on(t, l, func() {
		for range 5 {
			l.Work(func() { <-release }, func() { done <- struct{}{} })
		}
	})
	if s := l.Stats(); s.Working != 5 {
		t.Errorf("Working: got %d, want 5", s.Working)
	}
	close(release)
	for range 5 {
		receive(t, done)
	}
	until(t, l, func() bool { return l.Stats().Working == 0 })
}

// A loop that has nothing to do sleeps.
func TestAnIdleLoopDoesNotTurn(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	dial(t, addr)
	until(t, l, func() bool { return l.Stats().Conns == 1 })
	turns := l.Stats().Turns
	timerPause(t, l, 200*time.Millisecond)
	if turned := l.Stats().Turns - turns; turned > 20 {
		t.Errorf("%d turns in 200 ms of nothing to do", turned)
	}
}
