package hosts

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// A host that has to connect before it sends has begun when its connections stood, and not when it
// was told to: what it was late by counts against the overlap of the hosts.
func TestConnectingIsNoPartOfTheRun(t *testing.T) {
	// The loop engine opens 64 connections at once, and the next ones 8 ms later: three pauses.
	const connections, least = 200, 16 * time.Millisecond
	var once sync.Once
	var first time.Time
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		once.Do(func() { first = time.Now() })
	}))
	defer server.Close()
	g, err := loadgen.Open(loadgen.Attack{Target: loadgen.Target{URL: server.URL}, Connections: connections,
		Engine: loadgen.Loop})
	if err != nil {
		t.Fatal(err)
	}
	w := LoadWorker{load: g}
	defer w.Close()
	at := time.Now().Add(500 * time.Millisecond)
	r, err := w.run(t.Context(), start{at.UnixNano(), 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if r.Late > 0 {
		t.Skipf("a slow machine: the start was %v ago", r.Late)
	}
	began := time.Unix(0, r.Began)
	if late := began.Sub(at); late < least || began.After(first) {
		t.Errorf("it began %v after the start, and its first request came %v after it: want it from %v on, "+
			"and before the request", late, first.Sub(at), least)
	}
}
