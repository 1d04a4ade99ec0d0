package loadgen_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// A load of so many requests sends exactly these, in either shape, with new connections too, and
// whether or not it has a duration beside them.
func TestRequests(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for _, c := range []struct {
			requests    uint64
			connections int
			rate        float64
			duration    time.Duration
			fresh       bool
		}{
			{1, 1, 0, 0, false}, {3, 64, 0, 0, false}, {100, 7, 0, 0, false}, {100, 7, 0, time.Hour, true},
			{50, 4, 0, 0, true},
			{20, 4, 400, 0, false}, {20, 4, 400, time.Hour, true}, {5, 64, 100, 0, false},
		} {
			s := speaking(t, 1, false, "1")
			a := loadgen.Attack{
				Engine: engine, Target: loadgen.Target{URL: s.URL}, Connect: loadgen.Connect{New: c.fresh},
				Connections: c.connections, Rate: c.rate, Duration: c.duration, Requests: c.requests,
			}
			res := run(t, a)
			if res.Requests != c.requests || res.Errors != 0 || res.Unsent != 0 ||
				uint64(s.requests[1].Load()) != c.requests {
				t.Errorf("%+v: %d requests, errors %v, %d unsent; the server saw %d", c, res.Requests,
					res.ErrorExamples, res.Unsent, s.requests[1].Load())
			}
			if opened := uint64(s.opened.Load()); opened > c.requests || c.fresh && opened != c.requests {
				t.Errorf("%+v: %d connections", c, opened)
			}
			if c.rate > 0 && res.Elapsed.Seconds() < float64(c.requests)/c.rate {
				t.Errorf("%+v: it took %v", c, res.Elapsed)
			}
			if c.rate == 0 && (res.Duration > res.Elapsed || res.Duration < 0) {
				t.Errorf("%+v: it was to send for %v of %v", c, res.Duration, res.Elapsed)
			}
		}
	})
}

// The duration ends a load of more requests than fit into it, and each run may send as many again.
func TestRequestsAndDuration(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "x") })
		for rate, most := range map[float64]uint64{0: 1 << 40, 100: 1000} {
			res := run(t, loadgen.Attack{
				Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 2, Rate: rate,
				Duration: 100 * time.Millisecond, Requests: most,
			})
			if res.Requests >= most || rate > 0 && res.Requests+res.Unsent != 10 ||
				res.Duration != 100*time.Millisecond {
				t.Errorf("at %v: %d requests in %v", rate, res.Requests, res.Duration)
			}
		}
		g, err := open(loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL},
			Connections: 4, Requests: 10})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for range 3 {
			if res, err := g.Run(t.Context(), 0); err != nil || res.Requests != 10 {
				t.Errorf("%+v, %v", res, err)
			}
		}
	})
}

// A server that is not there fails as many requests as were to be sent, and no more.
func TestRequestsOnNobody(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		_, addr := bound(t)
		for _, fresh := range []bool{false, true} {
			for _, requests := range []uint64{1, 3} {
				res := run(t, loadgen.Attack{
					Engine: engine, Target: loadgen.Target{URL: "http://" + addr},
					Connect: loadgen.Connect{New: fresh}, Connections: 2, Requests: requests,
				})
				if res.Requests != requests || res.ErrorKinds[loadgen.Refused] != requests {
					t.Errorf("of %d, new connections %v: %d requests, errors %v", requests, fresh,
						res.Requests, fmt.Sprint(res.ErrorKinds))
				}
			}
		}
	})
}
