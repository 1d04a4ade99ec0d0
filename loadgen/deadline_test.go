package loadgen_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// The time of a request is its own, whatever deadline an earlier one has left on the connection: no
// request is cut short, and a hanging one ends all the same, not before its time.
func TestTimeoutIsOfEachRequest(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		const timeout, answered = time.Second, 3
		var served atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if served.Add(1) <= answered { // for longer than the timeout, all together
				<-time.After(timeout * 2 / 5)
				return
			}
			<-r.Context().Done()
		}))
		defer s.Close()
		var hung []time.Duration
		enough := func(res *loadgen.Result) bool { return res.Requests-res.Errors == answered && len(hung) > 0 }
		res := patiently(enough, func() *loadgen.Result {
			hung = nil
			served.Store(0)
			return run(t, loadgen.Attack{
				Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1, Duration: timeout * 2,
				Timeout: timeout,
				Each: func(x *loadgen.Outcome) {
					if x.Kind == loadgen.Timeout {
						hung = append(hung, x.End.Sub(x.Sent))
					}
				},
			})
		})
		if res.Requests-res.Errors != answered || len(hung) == 0 || int(res.Errors) != len(hung) {
			t.Errorf("%d requests, errors %v: want %d successes, and timeouts", res.Requests, res.ErrorKinds, answered)
		}
		if len(hung) > 0 && slices.Min(hung) < timeout {
			t.Errorf("hanging requests were given up after %v, want %v", hung, timeout)
		}
	})
}

// A request too large for the socket's buffers takes another path: an old deadline must not cut it
// either.
func TestTimeoutOfALargeRequest(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		const timeout = 2 * time.Second
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-time.After(timeout * 2 / 5)
			n, err := io.Copy(io.Discard, r.Body)
			if err != nil || n != 8<<20 {
				w.WriteHeader(http.StatusTeapot)
			}
		}))
		defer s.Close()
		const requests = 3 // the first one's deadline is over in the last
		res := patiently(func(res *loadgen.Result) bool { return res.Errors == 0 }, func() *loadgen.Result {
			return run(t, loadgen.Attack{
				Engine: engine, Target: loadgen.Target{Method: http.MethodPost, URL: s.URL, Body: make([]byte, 8<<20)},
				Connections: 1, Requests: requests, Duration: time.Minute, Timeout: timeout,
			})
		})
		if res.Requests != requests || res.Errors > 0 {
			t.Errorf("%d requests, errors %v %v", res.Requests, res.ErrorKinds, res.ErrorExamples)
		}
	})
}
