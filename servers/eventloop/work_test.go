package eventloop_test

import (
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestWorkCompletesOnTheLoop(t *testing.T) {
	l := start(t, 4)
	const n = 1000
	completed := 0 // only the loop's thread may touch it: the race detector watches
	done := make(chan struct{})
	on(t, l, func() {
		for range n {
			result := 0
			l.Work(func() { result = 42 }, func() {
				if result != 42 {
					t.Error("completed before the work was done")
				}
				if completed++; completed == n {
					close(done)
				}
			})
		}
	})
	receive(t, done)
}

// Every job waits until as many run as there are workers: fewer would hang, more would be counted.
func TestAllWorkersRunAtOnceAndNoMore(t *testing.T) {
	const workers = 4
	l := start(t, workers)
	var running, most atomic.Int32
	for round := range 20 { // later rounds find the workers idle, some just going to sleep
		var barrier sync.WaitGroup
		barrier.Add(workers)
		done := make(chan struct{})
		on(t, l, func() {
			left := 3 * workers
			for i := range left {
				l.Work(func() {
					now := running.Add(1)
					for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
					}
					if i < workers {
						barrier.Done()
						barrier.Wait()
					}
					running.Add(-1)
				}, func() {
					if left--; left == 0 {
						close(done)
					}
				})
			}
		})
		receive(t, done)
		if n := most.Load(); n != workers {
			t.Fatalf("round %d: %d jobs ran at once, want %d", round, n, workers)
		}
	}
}

func TestOneWorkerKeepsTheOrder(t *testing.T) {
	l := start(t, 1)
	const n = 500
	var worked, completed, want []int
	done := make(chan struct{})
	on(t, l, func() {
		for i := range n {
			want = append(want, i)
			l.Work(func() { worked = append(worked, i) }, func() {
				completed = append(completed, i)
				if len(completed) == n {
					close(done)
				}
			})
		}
	})
	receive(t, done)
	if !slices.Equal(worked, want) || !slices.Equal(completed, want) {
		t.Errorf("out of order: worked %v, completed %v", worked, completed)
	}
}

func TestStopLetsRunningWorkEndAndDropsTheRest(t *testing.T) {
	l, err := eventloop.New(1)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	begun, release := make(chan struct{}), make(chan struct{})
	var events []string // the worker writes, then the loop, then this goroutine: each after the other
	on(t, l, func() {
		l.Work(func() {
			close(begun)
			<-release
			events = append(events, "worked")
		}, func() {
			events = append(events, "completed")
			l.Work(func() { t.Error("work was begun after Stop") }, func() { t.Error("and completed") })
		})
		l.Work(func() { t.Error("queued work was begun after Stop") }, func() { t.Error("and completed") })
	})
	receive(t, begun)
	if n := l.Queued(); n != 1 {
		t.Errorf("%d jobs are queued, want 1", n)
	}
	l.Stop()
	for end := time.Now().Add(patience); l.Queued() > 0; runtime.Gosched() { // until the queue has been dropped
		if time.Now().After(end) {
			t.Fatal("the queued work was not dropped")
		}
	}
	select {
	case <-ended:
		t.Error("Run returned while work was running")
	default:
	}
	close(release)
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
	if got := strings.Join(events, " "); got != "worked completed" {
		t.Errorf("got %q", got)
	}
}

// A panic ends the process, as everywhere in Go, and what it says must not be lost on the way.
func TestPanicsEndTheProcessAndSayWhy(t *testing.T) {
	for _, name := range []string{"working panic", "handler panic"} {
		out, err := childCommand(t, name).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			t.Errorf("%s: got %v, want exit status 2", name, err)
		}
		if want := "panic: " + name; !strings.Contains(string(out), want) ||
			strings.Contains(string(out), "fatal error") {
			t.Errorf("%s: want %q, and no other error, in:\n%s", name, want, out)
		}
	}
}

func panicInWork() error {
	l, err := eventloop.New(1)
	if err != nil {
		return err
	}
	l.Post(func() { l.Work(func() { panic("working panic") }, func() {}) })
	return l.Run()
}

func panicInHandler() error {
	l, err := eventloop.New(1)
	if err != nil {
		return err
	}
	l.Post(func() { panic("handler panic") })
	return l.Run()
}
