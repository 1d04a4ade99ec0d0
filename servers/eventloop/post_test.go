package eventloop_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestPostKeepsEachGoroutinesOrderAndLosesNothing(t *testing.T) {
	l := start(t, 1)
	const posters, each = 16, 5000
	var next [posters]int
	var wrong atomic.Int32
	var group sync.WaitGroup
	for p := range posters {
		group.Go(func() {
			for i := range each {
				l.Post(func() {
					if next[p] != i {
						wrong.Add(1)
					}
					next[p]++
				})
			}
		})
	}
	group.Wait()
	on(t, l, func() {
		for p, n := range next {
			if n != each {
				t.Errorf("poster %d: %d functions ran, want %d", p, n, each)
			}
		}
	})
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d functions ran out of order", n)
	}
}

// A Post that fell into the gap between looking at the queue and going to sleep would leave the
// loop asleep, with nothing else to wake it: the ping would never be answered.
func TestPostWakesALoopThatIsJustFallingAsleep(t *testing.T) {
	t.Run("in the poller", func(t *testing.T) { wakesJustFallingAsleep(t, start(t, 1)) })
	t.Run("dozing", func(t *testing.T) {
		l := start(t, 1)
		on(t, l, func() { l.Doze(true) })
		wakesJustFallingAsleep(t, l)
	})
	t.Run("dozing until a timer is due", func(t *testing.T) {
		l := start(t, 1)
		on(t, l, func() {
			var timer eventloop.Timer
			timer.Init(l, func() { timer.Set(time.Millisecond) })
			timer.Set(0)
			l.Doze(true)
		})
		wakesJustFallingAsleep(t, l)
	})
}

func wakesJustFallingAsleep(t *testing.T, l *eventloop.Loop) {
	n := 7_000
	if testing.Short() {
		n = 2000
	}
	answer := make(chan struct{}, 1)
	f := func() { answer <- struct{}{} }
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for i := range n {
		l.Post(f)
		select {
		case <-answer:
		case <-timeout.C:
			t.Fatalf("post %d was not heard", i)
		}
		for range i % 200 { // the loop is met in every stage of falling asleep
			runtime.Gosched()
		}
	}
}

func TestAPostedFunctionsPostRunsInTheNextTurn(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	peer := dial(t, addr)

	// One that posts itself again and again leaves the sockets their turn, and sees one turn each
	// time. A timer that sets itself runs once a turn.
	turn, before, runs, stop := 0, 0, 0, false
	var timer eventloop.Timer
	timer.Init(l, func() {
		turn++
		timer.Set(0)
	})
	var again func()
	again = func() {
		if runs > 0 && !stop && turn != before+1 {
			t.Errorf("run %d in turn %d, the one before in %d", runs, turn, before)
			stop = true
		}
		before = turn
		if runs++; !stop {
			l.Post(again)
		}
	}
	l.Post(func() {
		timer.Set(0)
		l.Post(again)
	})
	for range 10 {
		mustWrite(t, peer, []byte("ping"))
		mustRead(t, peer, 4)
	}
	on(t, l, func() { stop = true; timer.Stop() })
}

func TestPostIsRefusedAfterRunHasEnded(t *testing.T) {
	l, err := eventloop.New(1)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan string, 3)
	if !l.Post(func() { ran <- "before Run" }) {
		t.Error("refused before Run")
	}
	l.Stop()
	if !l.Post(func() { ran <- "before the end" }) {
		t.Error("refused before Run has ended")
	}
	if err := l.Run(); err != nil {
		t.Error(err)
	}
	if l.Post(func() { ran <- "after the end" }) {
		t.Error("taken after Run has ended")
	}
	close(ran)
	var got []string
	for s := range ran {
		got = append(got, s)
	}
	if len(got) != 2 || got[0] != "before Run" || got[1] != "before the end" {
		t.Errorf("ran: %q", got)
	}
	l.Stop() // once more does no harm
	if err := l.Run(); err != eventloop.ErrStopped {
		t.Errorf("Run of a loop that has ended: got %v, want ErrStopped", err)
	}
}

// Posts and Stops that race with the end of Run must neither write to a descriptor that is closed,
// or another's by then, nor be taken and lost.
func TestPostAndStopRaceWithTheEndOfRun(t *testing.T) {
	n := 3000
	if testing.Short() {
		n = 300
	}
	for range n {
		l, err := eventloop.New(1)
		if err != nil {
			t.Fatal(err)
		}
		var taken, ran atomic.Int32
		var group sync.WaitGroup
		var timer eventloop.Timer
		timer.Init(l, l.Stop)
		timer.Set(50 * time.Microsecond)
		group.Go(func() {
			if err := l.Run(); err != nil {
				t.Error(err)
			}
		})
		for range 3 {
			group.Go(func() {
				for range 20 {
					if !l.Post(func() { ran.Add(1) }) {
						return
					}
					taken.Add(1)
				}
				l.Stop()
			})
		}
		group.Wait()
		if taken.Load() != ran.Load() {
			t.Fatalf("%d functions were taken, %d ran", taken.Load(), ran.Load())
		}
	}
}

func TestPostAllocatesNothing(t *testing.T) {
	l := start(t, 1)
	answer := make(chan struct{}, 1)
	f := func() { answer <- struct{}{} }
	n := testing.AllocsPerRun(2000, func() {
		l.Post(f)
		<-answer
	})
	if n != 0 {
		t.Errorf("%v allocations for a Post that wakes the loop", n)
	}
}
