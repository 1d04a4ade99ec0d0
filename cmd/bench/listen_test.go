package bench_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// events serves an event each 100 ms, as workload.LiveInterval has it, each of them late; some are
// left out. Without due it says no times.
func events(t *testing.T, late time.Duration, due bool, leavesOut func(id int) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ticks" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		start := time.Now()
		for id := 0; ; id++ {
			at := start.Add(time.Duration(id) * 100 * time.Millisecond)
			select {
			case <-time.After(time.Until(at.Add(late))):
			case <-r.Context().Done():
				return
			}
			data := "{}"
			if due {
				data = fmt.Sprintf("{\"due_us\":%d}", at.UnixMicro())
			}
			if !leavesOut(id) {
				fmt.Fprintf(w, "id: %d\ndata: %s\n\n", id, data)
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// Two servers of users have known faults here, and the bench finds them.
func TestBenchOfSubscribers(t *testing.T) {
	thorough.Only(t)
	const late = 5 * time.Millisecond
	faulty := events(t, late, true, func(id int) bool { return id%5 == 4 })
	untimed := events(t, 0, false, func(int) bool { return false })
	r := measuredOwn(t, bench.Options{Workloads: []string{"live"}, Rounds: 1},
		[]string{"faulty=" + faulty, "untimed=" + untimed}, []string{"live=/ticks"}, nil)
	if len(r.Trials) != 2 {
		t.Fatalf("%d trials", len(r.Trials))
	}
	for _, trial := range r.Trials {
		for _, rung := range trial.Rungs {
			d := rung.Deliveries
			if d == nil || !d.Numbered || rung.Errors > 0 || rung.Requests == 0 || rung.Engine != "loop" {
				t.Fatalf("%s: %+v", trial.Mode, rung)
			}
			at := results.ClosedAt(rung.Connections)
			_, timed := trial.Read(at, results.P99)
			if trial.Mode == "untimed" {
				if d.Untimed != rung.Requests || d.Missed > 0 || timed {
					t.Errorf("untimed: %+v of %d, with a latency: %v", d, rung.Requests, timed)
				}
				continue
			}
			// one in five, as far as the next has come
			if owed := float64(d.Missed + rung.Requests); float64(d.Missed) < owed/10 || float64(d.Missed) > owed/3 {
				t.Errorf("missed %d, while %d came", d.Missed, rung.Requests)
			}
			if least := float64(late.Microseconds()); !timed || rung.LatencyUS.P50 < least {
				t.Errorf("p50 %v µs of events that are %v late", rung.LatencyUS.P50, late)
			}
			if !slices.Contains(rung.Trust.Rules, "deliveries") {
				t.Errorf("%+v", rung.Trust)
			}
			if share, ok := trial.Read(at, results.AnsweredShare); !ok || share > 0.9 {
				t.Errorf("its share of the events is %v", share)
			}
		}
	}
}

// What is no stream of events is not driven, and a stream of events is no answer to a request.
func TestBenchOfSubscribersNeedsEvents(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer s.Close()
	for _, c := range []struct{ url, workload, path, want string }{
		{s.URL, "live", "/ticks", "text/event-stream is expected"},
		{events(t, 0, true, func(int) bool { return false }), "hello", "/ticks", "a stream of events, which does not"},
	} {
		_, err := own(t, bench.Options{Workloads: []string{c.workload}, Rounds: 1}, []string{"mine=" + c.url},
			[]string{c.workload + "=" + c.path}, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.workload, err, c.want)
		}
	}
}

// talks serves a chat whose rooms deliver what was said, but for what leavesOut says of the
// deliveries so far.
func talks(t *testing.T, leavesOut func(delivery int) bool) string {
	t.Helper()
	var mu sync.Mutex
	rooms, said := map[string]map[*websocket.Conn]bool{}, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/rooms" {
			http.NotFound(w, r)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		name := r.URL.Query().Get("room")
		mu.Lock()
		if rooms[name] == nil {
			rooms[name] = map[*websocket.Conn]bool{}
		}
		rooms[name][c] = true
		mu.Unlock()
		for {
			kind, message, err := c.Read(r.Context())
			mu.Lock()
			if err != nil {
				delete(rooms[name], c)
				mu.Unlock()
				return
			}
			for m := range rooms[name] {
				if bytes.Contains(message, []byte(`"seq":`)) {
					if said++; leavesOut(said) {
						continue
					}
				}
				m.Write(r.Context(), kind, message)
			}
			mu.Unlock()
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// A chat that loses messages is found out, and one that loses none has each delivery.
func TestBenchOfMembers(t *testing.T) {
	thorough.Only(t)
	r := measuredOwn(t, bench.Options{Workloads: []string{"chat"}, Rounds: 1},
		[]string{"right=" + talks(t, func(int) bool { return false }),
			"faulty=" + talks(t, func(n int) bool { return n%10 == 0 })}, []string{"chat=/rooms"}, nil)
	if len(r.Trials) != 2 || r.Settings.Workloads[0].RoomSize != 10 {
		t.Fatalf("%d trials, %+v", len(r.Trials), r.Settings.Workloads)
	}
	for _, trial := range r.Trials {
		for _, rung := range trial.Rungs {
			d := rung.Deliveries
			if d == nil || rung.Errors > 0 || rung.Engine != "loop" || slices.Contains(rung.Trust.Rules, "expected") ||
				d.Expected == 0 || d.Doubled+d.OutOfOrder+d.Strange > 0 ||
				rung.OfferedRPS != float64(rung.Connections) {
				t.Fatalf("%s: %+v, %+v, %v", trial.Mode, rung.Requests, d, rung.Trust)
			}
			if lost := map[string]uint64{"right": 0, "faulty": d.Expected / 10}[trial.Mode]; d.Missed > lost+1 ||
				d.Missed+1 < lost || slices.Contains(rung.Trust.Rules, "deliveries") != (lost > 0) {
				t.Errorf("%s: %d of %d are lost, %v", trial.Mode, d.Missed, d.Expected, rung.Trust)
			}
		}
	}
}

// What is no chat is not driven.
func TestBenchOfMembersNeedsAChat(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer s.Close()
	_, err := own(t, bench.Options{Workloads: []string{"chat"}, Rounds: 1}, []string{"mine=" + s.URL},
		[]string{"chat=/rooms"}, nil)
	if err == nil || !strings.Contains(err.Error(), "no WebSocket: status 200") {
		t.Error(err)
	}
}
