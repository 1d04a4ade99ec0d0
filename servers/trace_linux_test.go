package servers_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"

	"nodecompare/servers"
	"nodecompare/servers/trace"
)

// A traced server says what became of a numbered request, in its order, and nothing of others.
func TestTracesNumberedRequests(t *testing.T) {
	for _, mode := range []struct{ name, events string }{
		{"blocking", "read wait on answered read work worked on answered"},
		{"pool", "read wait on answered read work worked on answered"},
		{"goroutine", "read wait on answered read work worked on answered"},
		{"async", "read wait on answered read wait work worked on answered"},
	} {
		t.Run(mode.name, func(t *testing.T) {
			r := trace.NewRecorder()
			v := serve(t, mode.name, servers.Config{Trace: r})
			before := trace.Now()
			for i, path := range []string{"/wait?ms=5", "/file", "/wait?ms=1"} {
				q, err := http.NewRequest("GET", v.url+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				q.Close = true
				if i < 2 {
					q.Header.Set(trace.Header, fmt.Sprint(i+1))
				}
				a, err := http.DefaultClient.Do(q)
				if err != nil {
					t.Fatal(err)
				}
				if err := a.Body.Close(); err != nil {
					t.Fatal(err)
				}
			}
			v.stop()
			file := filepath.Join(t.TempDir(), "trace")
			if err := r.Save(file); err != nil {
				t.Fatal(err)
			}
			events, err := trace.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for i, e := range events {
				got += " " + string(e.Kind)
				if e.Thread == 0 || e.CPU == 0 || e.At < before || i > 0 && e.At < events[i-1].At {
					t.Errorf("event %d is %+v: want a thread, its CPU time, and the events in order", i, e)
				}
				if e.Kind == trace.Wait && e.Holds != (mode.name == "blocking" || mode.name == "pool") {
					t.Errorf("%+v: whether a thread waits with its request is wrong", e)
				}
			}
			if got != " "+mode.events {
				t.Errorf("the events are%s, want %s", got, mode.events)
			}
			i := slices.IndexFunc(events, func(e trace.Event) bool { return e.Kind == trace.Wait })
			if waited := events[i+1].At - events[i].At; events[i].Least != 5e6 || waited < 5e6 {
				t.Errorf("%+v, and %d ns until it went on: want a wait of 5 ms", events[i], waited)
			}
		})
	}
}
