package loadgen_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// losing serves answers, but for one request: the first that comes after a time, or of a number.
func losing(t *testing.T, after time.Duration, number int64) string {
	var began, seen atomic.Int64
	var lost atomic.Bool
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		now := time.Now()
		began.CompareAndSwap(0, now.UnixNano())
		n := seen.Add(1)
		if late := now.UnixNano()-began.Load() >= int64(after); (number == 0 && late || n == number) &&
			lost.CompareAndSwap(false, true) {
			<-r.Context().Done()
		}
		time.Sleep(time.Millisecond)
	})
	return s.URL
}

// A request that times out long after the load has ended is an error, and stretches no rate.
func TestLostRequestDoesNotStretchTheRun(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		const duration, timeout = 300 * time.Millisecond, 2 * time.Second
		for _, c := range []struct {
			rate     float64
			threads  int
			requests uint64
			duration time.Duration
			number   int64 // of the request that is lost
		}{{0, 1, 0, duration, 0}, {0, 2, 0, duration, 0}, {200, 1, 0, duration, 0}, {0, 2, 50, 0, 25}} {
			t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
				t.Parallel()
				timely := func(res *loadgen.Result) bool { return res.Errors == 1 && res.Elapsed < 2*duration }
				res := patiently(timely, func() *loadgen.Result {
					return run(t, loadgen.Attack{Engine: engine,
						Target: loadgen.Target{URL: losing(t, duration*2/3, c.number)}, Connections: 12, Rate: c.rate,
						Threads: c.threads, Requests: c.requests, Duration: c.duration, Timeout: timeout})
				})
				if !timely(res) || res.ErrorKinds[loadgen.Timeout] != 1 || res.Elapsed < c.duration {
					t.Errorf("%+v: elapsed %v, errors %v", c, res.Elapsed, res.ErrorKinds)
				}
				if res.Ended < timeout || res.Duration > res.Elapsed {
					t.Errorf("%+v: ended after %v, elapsed %v of %v", c, res.Ended, res.Elapsed, res.Duration)
				}
			})
		}
	})
}

// A load of which nothing was answered has lasted all the same.
func TestElapsedOfALoadWithoutAnAnswer(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		const duration, timeout = 100 * time.Millisecond, 300 * time.Millisecond
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		for _, c := range []struct {
			rate     float64
			requests uint64
			duration time.Duration
			least    time.Duration
		}{{0, 0, duration, duration}, {50, 0, duration, duration}, {0, 2, 0, timeout}} {
			res := run(t, loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2,
				Rate: c.rate, Requests: c.requests, Duration: c.duration, Timeout: timeout})
			if res.Requests == 0 || res.Errors != res.Requests || res.Elapsed < c.least || res.Ended < res.Elapsed {
				t.Errorf("%+v: %d errors of %d, elapsed %v, ended %v", c, res.Errors, res.Requests, res.Elapsed,
					res.Ended)
			}
		}
	})
}
