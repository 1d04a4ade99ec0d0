package loadgen

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"nodecompare/loadgen/response"
)

// The arithmetic of a schedule, with no clock: 10 requests at 100/s, taken up 7 ms late from the fifth on, each answered
// after 2 ms.
func TestLatencyCountsFromTheIntendedTime(t *testing.T) {
	rec := newRecorder(Attack{Rate: 100})
	for seq := range uint64(10) {
		sent := time.Duration(seq) * 10 * time.Millisecond
		if seq >= 5 {
			sent += 7 * time.Millisecond
		}
		rec.add(&outcome{seq: seq, sent: sent, done: sent + 2*time.Millisecond, answer: response.Answer{Status: 200, Size: 35}})
	}
	res := rec.result(12)
	near := func(got int64, want time.Duration) bool {
		return float64(got) > 0.998*float64(want) && float64(got) < 1.002*float64(want)
	}
	if got := res.Latency.Max(); !near(got, 9*time.Millisecond) {
		t.Errorf("largest latency %v, want 9ms", time.Duration(got))
	}
	if got := res.Latency.ValueAtQuantile(50); !near(got, 2*time.Millisecond) {
		t.Errorf("median latency %v, want 2ms", time.Duration(got))
	}
	if got := res.Uncorrected.Max(); !near(got, 2*time.Millisecond) {
		t.Errorf("largest uncorrected latency %v, want 2ms", time.Duration(got))
	}
	if got := res.SendLag.Max(); !near(got, 7*time.Millisecond) || res.SendLag.Min() != 0 {
		t.Errorf("send lag %v to %v, want 0 to 7ms", time.Duration(res.SendLag.Min()), time.Duration(got))
	}
	if res.Elapsed != 99*time.Millisecond || res.Unsent != 2 || res.BytesIn != 350 || res.Requests != 10 {
		t.Errorf("elapsed %v, unsent %d, bytes %d, requests %d", res.Elapsed, res.Unsent, res.BytesIn, res.Requests)
	}
}

func TestLatencyBeyondTheHistogram(t *testing.T) {
	rec := newRecorder(Attack{})
	rec.add(&outcome{done: 2 * MaxLatency, answer: response.Answer{Status: 200}})
	if got := rec.result(0).Latency.Max(); got < int64(MaxLatency) {
		t.Errorf("%v, want %v or a little more", time.Duration(got), MaxLatency)
	}
}

// The test server's certificate has to be trusted, for which there is no option: hence from inside.
func TestSecure(t *testing.T) {
	hold := make(chan bool)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 {
			t.Errorf("%s over TLS", r.Proto)
		}
		if r.URL.Path == "/hold" {
			<-hold
		}
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	defer close(hold)
	generator := func(a Attack) *Generator {
		t.Helper()
		a, err := a.prepared()
		if err != nil {
			t.Fatal(err)
		}
		c, err := newHTTPSTransport(a)
		if err != nil {
			t.Fatal(err)
		}
		c.std.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		c.std.TLSClientConfig.NextProtos = nil
		t.Cleanup(c.close)
		return &Generator{attack: a, driver: &attacker{attack: a, transport: c, failures: newFailures()}}
	}

	g := generator(Attack{Target: Target{Method: "POST", URL: s.URL, Body: []byte("hello")}, Connections: 2, Rate: 100})
	res, err := g.Run(t.Context(), 100*time.Millisecond)
	if err != nil || res.Requests != 10 || res.Errors != 0 || res.BytesIn != 50 {
		t.Errorf("%+v, %v", res, err)
	}

	for want, errors := range map[string]uint64{"hello": 0, "hallo": 5, "hell": 5} {
		g = generator(Attack{Target: Target{Method: "POST", URL: s.URL, Body: []byte("hello")}, WantBody: []byte(want), Connections: 2, Rate: 100})
		res, err = g.Run(t.Context(), 50*time.Millisecond)
		if err != nil || res.ErrorKinds[Body] != errors || res.Errors != errors || res.Requests != 5 {
			t.Errorf("wanting the body %q: %+v, %v", want, res, err)
		}
	}

	g = generator(Attack{Target: Target{Method: "POST", URL: s.URL, Body: []byte("hello")}, Connections: 2, Rate: 100, MaxBody: 4})
	res, err = g.Run(t.Context(), 50*time.Millisecond)
	if err != nil || res.ErrorKinds[Other] != 5 {
		t.Errorf("over the body limit: %+v, %v", res, err)
	}

	g = generator(Attack{Target: Target{URL: s.URL + "/hold"}, Connections: 2, Rate: 20, Timeout: 50 * time.Millisecond})
	res, err = g.Run(t.Context(), 100*time.Millisecond)
	if err != nil || res.ErrorKinds[Timeout] != 2 {
		t.Errorf("timeout: %+v, %v", res, err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	g = generator(Attack{Target: Target{URL: s.URL + "/hold"}, Connections: 2, Timeout: time.Hour})
	res, err = g.Run(ctx, time.Hour)
	if err != context.DeadlineExceeded || res.Aborted != 2 || res.Requests != 0 {
		t.Errorf("cancelled: %+v, %v", res, err)
	}
}
