package loadgen_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/loadtest"
)

// Targets take turns by their weights, and each is sent with its own method, headers and body.
func TestTargetsTakeTurns(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for _, rate := range []float64{0, 400} {
			var seen loadtest.Arrivals
			s := serve(t, seen.ServeHTTP)
			var told []string
			var inFlight atomic.Int64
			a := loadgen.Attack{
				Engine: engine, Rate: rate, Connections: 1, Duration: time.Minute, InFlight: &inFlight,
				Target: loadgen.Target{URL: s.URL + "/often", Weight: 4},
				Others: []loadgen.Target{
					{Method: http.MethodPost, URL: s.URL + "/post?a=1", Header: http.Header{"X-Of": {"b"}},
						Body: []byte("text"), Weight: 2},
					{Method: http.MethodHead, URL: s.URL + "/gone", Weight: 2},
				},
			}
			ctx, enough := context.WithCancel(t.Context())
			defer enough()
			a.Each = func(x *loadgen.Outcome) {
				if told = append(told, fmt.Sprint(x.Target, " ", x.Code, " ", x.Bytes)); len(told) == 9 {
					enough()
				}
				if n := inFlight.Load(); n < 0 || n > 1 {
					t.Errorf("%d requests in flight over one connection", n)
				}
			}
			res, err := drive(ctx, a)
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			checkSums(t, res)
			got := seen.Got() // and perhaps one that was cut short
			sent := []string{"GET /often  ", "POST /post?a=1 b text", "HEAD /gone  ", "GET /often  "}
			answered := []string{"0 200 6", "1 200 5", "2 410 0", "0 200 6"}
			if len(told) != int(res.Requests) || len(told) < 9 || len(got) < len(told) {
				t.Fatalf("%d requests, %d seen, %d told", res.Requests, len(got), len(told))
			}
			for i := range told {
				if got[i] != sent[i%4] || told[i] != answered[i%4] {
					t.Fatalf("rate %v, request %d: the server saw %q, the load %q; want %q, %q", rate, i,
						got[i], told[i], sent[i%4], answered[i%4])
				}
			}
			if n := inFlight.Load(); n != 0 {
				t.Errorf("%d requests in flight after the run", n)
			}
		}
	})
}

func TestTargetsThatCannotBe(t *testing.T) {
	at := func(url string, weight int) loadgen.Target { return loadgen.Target{URL: url, Weight: weight} }
	first := at("http://a.example/", 0)
	for name, c := range map[string]struct {
		others []loadgen.Target
		want   string
	}{
		"another server": {[]loadgen.Target{at("http://A.example/b", 0), at("http://b.example/", 0)},
			`"http://b.example/": all targets of a load go to one server, and the first goes to http://a.example`},
		"another scheme": {[]loadgen.Target{at("https://a.example/", 0)}, "one server"},
		"no URL":         {[]loadgen.Target{at("http://a.example/%", 0)}, "invalid URL escape"},
		"a bad header":   {[]loadgen.Target{{URL: first.URL, Header: http.Header{"a b": {"c"}}}}, "not a token"},
		"less than none": {[]loadgen.Target{at(first.URL, -1)}, "a weight of -1: it must be from 1 to 1000000"},
		"too heavy":      {[]loadgen.Target{at(first.URL, 1_000_000)}, "their weights add up to 1000001"},
	} {
		for _, engine := range []string{loadgen.Loop, loadgen.Vegeta} {
			g, err := open(loadgen.Attack{Engine: engine, Connections: 1, Target: first, Others: c.others})
			if err == nil {
				g.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s, %s: %v", name, engine, err)
			}
		}
	}
	heavy := slices.Repeat([]loadgen.Target{at(first.URL, 1_000_000)}, 10) // as often as each other
	g, err := open(loadgen.Attack{Engine: loadgen.Loop, Connections: 1,
		Target: at(first.URL, 1_000_000), Others: heavy})
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
}
