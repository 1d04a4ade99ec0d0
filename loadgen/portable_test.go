package loadgen_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// A result that has travelled as JSON is what it was, and those of loads beside each other add up.
func TestPortable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "bad") {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	defer server.Close()
	for _, rate := range []float64{0, 200} {
		g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: server.URL + "/"},
			Others: []loadgen.Target{{URL: server.URL + "/bad"}}, Connections: 3, Rate: rate})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		was, err := g.Run(context.Background(), 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		travelled := func() *loadgen.Result {
			p, err := loadgen.Pack(was)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			var back loadgen.Portable
			if err := json.Unmarshal(text, &back); err != nil {
				t.Fatal(err)
			}
			is, err := back.Unpack()
			if err != nil {
				t.Fatal(err)
			}
			return is
		}
		is := travelled()
		if is.Requests != was.Requests || is.Codes[418] != was.Codes[418] || was.Errors == 0 ||
			!is.Latency.Equals(was.Latency) || !is.Failed.Equals(was.Failed) || !is.SendLag.Equals(was.SendLag) ||
			!is.Uncorrected.Equals(was.Uncorrected) || !is.Start.Equal(was.Start) {
			t.Errorf("rate %v: %d requests became %d, or the rest is another", rate, was.Requests, is.Requests)
		}
		var joint loadgen.Joint
		joint.Add(travelled(), 0.5)
		joint.Add(travelled(), 0.5)
		both := joint.Result()
		if both.Requests != 2*was.Requests || both.Latency.TotalCount() != 2*was.Latency.TotalCount() ||
			both.Latency.Max() != was.Latency.Max() || both.Elapsed != was.Elapsed || both.Ended != was.Ended ||
			both.Offered != 2*rate {
			t.Errorf("rate %v: two of %d requests are together one of %d", rate, was.Requests, both.Requests)
		}
	}
}

// A result of which a part is missing is none.
func TestPortableAddsUp(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: 1, WantStatus: 404})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	r, err := g.Run(context.Background(), 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*loadgen.Portable){
		"requests":  func(p *loadgen.Portable) { p.Requests++ },
		"errors":    func(p *loadgen.Portable) { p.Errors++ },
		"histogram": func(p *loadgen.Portable) { p.Histograms[0] = "" },
		"garbage":   func(p *loadgen.Portable) { p.Histograms[3] = "HISTFAAA" },
	} {
		p, err := loadgen.Pack(r)
		if err != nil {
			t.Fatal(err)
		}
		spoil(&p)
		if _, err := p.Unpack(); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}
