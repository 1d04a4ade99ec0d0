package loadgen

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The test server's certificate has to be trusted, for which there is no option: hence from inside.
func TestHTTPS(t *testing.T) {
	t.Parallel()
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
		c, err := newHTTPSTransport(a, nil)
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
