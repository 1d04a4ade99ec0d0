package eventloop_test

import (
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestResolution(t *testing.T) {
	const wait = 100 * time.Microsecond
	for _, c := range []struct {
		name       string
		resolution time.Duration
		hold       time.Duration // see KeepProcessor
		under      time.Duration // the shortest of many waits, on however slow a machine
		atLeast    time.Duration // the longest
	}{
		{"as it is by default", 0, 0, time.Hour, time.Millisecond},
		{"fine", 10 * time.Microsecond, 0, 900 * time.Microsecond, wait},
		{"fine, with the processor kept", 10 * time.Microsecond, time.Millisecond, 900 * time.Microsecond, wait},
		{"coarse", 20 * time.Millisecond, 0, time.Hour, 20 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := eventloop.New(1)
			if err != nil {
				t.Fatal(err)
			}
			if c.resolution > 0 {
				l.SetResolution(c.resolution)
			}
			l.KeepProcessor(c.hold)
			shortest, longest, left := time.Hour-1, time.Duration(0), 50
			var timer eventloop.Timer
			var set time.Time
			timer.Init(l, func() {
				took := time.Since(set)
				shortest, longest = min(shortest, took), max(longest, took)
				if left--; left == 0 || shortest < c.under && longest >= c.atLeast {
					l.Stop()
					return
				}
				set = time.Now()
				timer.Set(wait)
			})
			l.Post(func() { set = l.Now(); timer.Set(wait) })
			if err := l.Run(); err != nil {
				t.Fatal(err)
			}
			if shortest < wait || shortest >= c.under || longest < c.atLeast {
				t.Errorf("waits of %v took %v to %v; want no less, less than %v at times, and %v at others",
					wait, shortest, longest, c.under, c.atLeast)
			}
		})
	}
}
