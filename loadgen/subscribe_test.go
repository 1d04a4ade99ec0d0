package loadgen_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// streams serves a stream of events, chunked as net/http has it, or up to the connection's end.
func streams(t *testing.T, chunked bool, tell func(r *http.Request, say func(string))) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		if !chunked {
			w.Header().Set("Transfer-Encoding", "identity")
		}
		tell(r, func(text string) {
			fmt.Fprint(w, text)
			w.(http.Flusher).Flush()
		})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func tick(id int, due time.Time) string {
	return fmt.Sprintf("id: %d\ndata: {\"due_us\":%d}\n\n", id, due.UnixMicro())
}

func subscribe(t *testing.T, a loadgen.Attack) *loadgen.Result {
	t.Helper()
	a.Conversation = loadgen.Subscribe
	res, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// What a server leaves out, says twice or in disorder is known exactly, and enters no latency; the
// latency of what it says is from when that was due.
func TestSubscribers(t *testing.T) {
	t.Parallel()
	const connections, late = 4, 5 * time.Millisecond
	for _, chunked := range []bool{false, true} {
		url := streams(t, chunked, func(r *http.Request, say func(string)) {
			say("retry: 1000\n\n")
			due := time.Now().Add(-late)
			for _, ids := range [][]int{{1, 2, 3}, {5, 5, 6}, {9, 8, 10}} { // missing: 4, 7; 5 twice; 8 late
				text := ":comment\n\n"
				for _, id := range ids {
					text += tick(id, due)
				}
				say(text)
			}
			<-r.Context().Done()
		})
		for _, threads := range []int{1, 2} {
			res := subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: connections,
				Threads: threads, Duration: time.Second})
			want := loadgen.Deliveries{Next: 4 * connections, Missed: 2 * connections, Doubled: connections,
				Disordered: connections}
			if res.Deliveries != want || res.Requests != 7*connections || res.Errors != 0 {
				t.Errorf("chunked %v, %d threads: %+v of %d, %v", chunked, threads, res.Deliveries, res.Requests,
					res.ErrorExamples)
			}
			if n := res.Latency.TotalCount(); n != 7*connections {
				t.Errorf("%d latencies", n)
			}
			if least := time.Duration(res.Latency.Min()); least < late-late/100 {
				t.Errorf("an event took %v, and was due %v before it was sent", least, late)
			}
			if res.Elapsed != time.Second {
				t.Errorf("the run took %v", res.Elapsed)
			}
		}
	}
}

// Subscriptions last from run to run: the next one counts what comes in it, and knows what was
// missed in it alone.
func TestSubscribersLastFromRunToRun(t *testing.T) {
	t.Parallel()
	const every, connections = 5 * time.Millisecond, 4
	var subscriptions atomic.Int64
	url := streams(t, true, func(r *http.Request, say func(string)) {
		subscriptions.Add(1)
		start := time.Now()
		for id := 0; r.Context().Err() == nil; id++ {
			time.Sleep(time.Until(start.Add(time.Duration(id) * every)))
			if id%50 != 0 {
				say(tick(id, start.Add(time.Duration(id)*every)))
			}
		}
	})
	for _, threads := range []int{1, 2} {
		g, err := open(loadgen.Attack{Conversation: loadgen.Subscribe, Target: loadgen.Target{URL: url},
			Connections: connections, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		var sum loadgen.Deliveries
		for good, runs := 0, 0; good < 3; runs++ {
			res, err := g.Run(t.Context(), 300*time.Millisecond)
			if err != nil || res.Errors != 0 || runs > 50 {
				t.Fatalf("run %d: %+v, %v", runs, res, err)
			}
			if res.Requests < connections || res.Deliveries.Silent != 0 {
				continue // the machine stood still meanwhile
			}
			good++
			sum.Missed += res.Deliveries.Missed
			time.Sleep(20 * time.Millisecond) // nobody counts what comes now
		}
		if n := subscriptions.Swap(0); n != connections || sum.Missed == 0 {
			t.Errorf("%d subscriptions of %d, %d missed", n, connections, sum.Missed)
		}
	}
}

// A subscription that ends between two runs is made anew by the next one.
func TestSubscribersComeBack(t *testing.T) {
	t.Parallel()
	var subscriptions atomic.Int64
	over := make(chan struct{})
	url := streams(t, true, func(r *http.Request, say func(string)) {
		say(tick(1, time.Now()))
		if subscriptions.Add(1) == 1 {
			<-over
			return
		}
		<-r.Context().Done()
	})
	g, err := open(loadgen.Attack{Conversation: loadgen.Subscribe, Target: loadgen.Target{URL: url}, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	hear := func() {
		t.Helper()
		for range 50 { // the machine may stand still meanwhile
			res, err := g.Run(t.Context(), 100*time.Millisecond)
			if err != nil || res.Errors != 0 {
				t.Fatalf("%+v, %v", res, err)
			}
			if res.Requests == 1 {
				return
			}
		}
		t.Fatal("nothing was heard")
	}
	hear()
	close(over)
	time.Sleep(400 * time.Millisecond) // the end comes between two runs
	hear()
	if n := subscriptions.Load(); n != 2 {
		t.Errorf("%d subscriptions, want 2", n)
	}
}

// Ticks that are due and do not come are known by those that came at regular times before, and
// connections that hear nothing are counted.
func TestSubscribersOfAServerThatFallsSilent(t *testing.T) {
	t.Parallel()
	const every = 20 * time.Millisecond
	url := streams(t, true, func(r *http.Request, say func(string)) {
		if r.URL.Path != "/silent" {
			start := time.Now()
			for id := range 3 {
				time.Sleep(time.Until(start.Add(time.Duration(id) * every)))
				say(tick(id, start.Add(time.Duration(id)*every)))
			}
		} else {
			say("\n")
		}
		<-r.Context().Done()
	})
	res := subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1, Duration: time.Second})
	if n := res.Deliveries.Overdue; n == 0 || n > uint64(time.Second/every) || res.Deliveries.Silent != 0 {
		t.Errorf("%+v", res.Deliveries)
	}
	res = subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url + "/silent"}, Connections: 3,
		Duration: 100 * time.Millisecond})
	if res.Deliveries != (loadgen.Deliveries{Silent: 3}) || res.Requests != 0 {
		t.Errorf("%+v", res.Deliveries)
	}
	res = subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url + "/silent"}, Connections: 1,
		Duration: time.Second, Timeout: 100 * time.Millisecond})
	if res.ErrorKinds[loadgen.Timeout] == 0 || res.Errors != res.Requests {
		t.Errorf("%+v", res.ErrorKinds)
	}
}

// A stream that is quiet but for comments lives on for longer than the timeout, which is of silence
// alone.
func TestSubscribersOfAQuietStream(t *testing.T) {
	t.Parallel()
	const timeout, every, comments = 2 * time.Second, 200 * time.Millisecond, 20
	var subscriptions atomic.Int64
	url := streams(t, true, func(r *http.Request, say func(string)) {
		subscriptions.Add(1)
		for range comments {
			time.Sleep(every)
			say(": ping\n\n")
		}
		say(tick(1, time.Now()))
		<-r.Context().Done()
	})
	quiet := func(res *loadgen.Result) bool {
		return res.Requests == 1 && res.Errors == 0 && subscriptions.Load() == 1
	}
	res := patiently(quiet, func() *loadgen.Result {
		subscriptions.Store(0)
		return subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1,
			Duration: every*comments + 2*time.Second, Timeout: timeout})
	})
	if !quiet(res) {
		t.Errorf("%d subscriptions, %d deliveries, errors %v", subscriptions.Load(), res.Requests, res.ErrorExamples)
	}
}

// What comes of a header, or of another answer than a stream, gives it no more time.
func TestSubscribersOfAnEndlessHeader(t *testing.T) {
	t.Parallel()
	for _, begin := range []string{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n",
		"HTTP/1.1 503 Service Unavailable\r\n\r\n"} {
		url := misbehave(t, func(conn *net.TCPConn) {
			if !request(bufio.NewReader(conn)) {
				return
			}
			io.WriteString(conn, begin)
			for _, err := io.WriteString(conn, "A: a\r\n"); err == nil; _, err = io.WriteString(conn, "A: a\r\n") {
				time.Sleep(20 * time.Millisecond)
			}
		})
		res := subscribe(t, loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1,
			Duration: time.Second, Timeout: 200 * time.Millisecond})
		if res.ErrorKinds[loadgen.Timeout] == 0 {
			t.Errorf("%q: errors %v", begin, res.ErrorExamples)
		}
	}
}

// Events without a due time count, and are in no latency; those without a numeric id, or with ids
// that do not rise by one, say nothing of what is missing.
func TestSubscribersOfOtherStreams(t *testing.T) {
	t.Parallel()
	for events, want := range map[string]loadgen.Deliveries{
		"id: 1\ndata: a\n\nid: 2\ndata: b\n\n":     {Next: 1, Untimed: 2},
		"data: a\n\ndata: b\n\n":                   {Untimed: 2, Unnumbered: 2},
		"id: x1\ndata: a\n\nid: x2\ndata: b\n\n":   {Untimed: 2, Unnumbered: 2},
		"id: 10\ndata: a\n\nid: 20\ndata: b\n\n":   {Missed: 9, Untimed: 2},
		tick(1, time.Now().Add(time.Hour)) + "\n":  {Early: 1},
		"\n" + tick(1, time.UnixMicro(0)) + ":a\n": {},
	} {
		url := streams(t, true, func(r *http.Request, say func(string)) {
			say(events)
			<-r.Context().Done()
		})
		a := loadgen.Attack{Target: loadgen.Target{URL: url}, Connections: 1, Duration: 300 * time.Millisecond}
		res := patiently(func(res *loadgen.Result) bool { return res.Requests > 0 },
			func() *loadgen.Result { return subscribe(t, a) })
		if res.Deliveries != want || res.Errors != 0 || uint64(res.Latency.TotalCount())+want.Untimed != res.Requests {
			t.Errorf("%q: %+v of %d, %v; want %+v", events, res.Deliveries, res.Requests, res.ErrorExamples, want)
		}
	}
}

func TestSubscribersOfNoStream(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/over", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: a\n\n")
	})
	mux.HandleFunc("/accept", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, r.Header.Get("Accept"))
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	for path, want := range map[string][2]string{
		"/page":    {loadgen.Malformed, "no event stream"},
		"/empty":   {loadgen.Status, "status 204"},
		"/nowhere": {loadgen.Status, "status 404"},
		"/over":    {loadgen.Reset, "the server ended the event stream"},
		"/accept":  {loadgen.Status, "status 418"},
	} {
		const connections, duration = 3, 100 * time.Millisecond
		a := loadgen.Attack{Target: loadgen.Target{URL: s.URL + path}, Connections: connections, Duration: duration}
		res := patiently(func(res *loadgen.Result) bool { return res.Errors >= connections },
			func() *loadgen.Result { return subscribe(t, a) })
		// it asks again after a second
		if most := uint64(connections * (1 + res.Elapsed/time.Second)); res.ErrorKinds[want[0]] == 0 ||
			res.Errors > most || !strings.Contains(res.ErrorExamples[want[0]], want[1]) ||
			res.Deliveries.Silent != connections {
			t.Errorf("%s: %v, %v, %+v", path, res.ErrorKinds, res.ErrorExamples, res.Deliveries)
		}
	}
}

func TestSubscriptionsThatCannotBe(t *testing.T) {
	url := "http://127.0.0.1:1"
	for want, a := range map[string]loadgen.Attack{
		"hear no event":   {Target: loadgen.Target{URL: url, Method: http.MethodHead}},
		"body to compare": {Target: loadgen.Target{URL: url}, WantBody: []byte("a")},
		"a connection":    {Target: loadgen.Target{URL: url}, Connect: loadgen.Connect{New: true}},
	} {
		a.Conversation, a.Connections = loadgen.Subscribe, 1
		if g, err := loadgen.Open(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want: %s", err, want)
			if g != nil {
				g.Close()
			}
		}
	}
}
