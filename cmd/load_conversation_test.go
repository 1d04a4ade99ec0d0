package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

// eventServer sends an event every few milliseconds, each of them late, and leaves out some.
func eventServer(t *testing.T, late time.Duration, leavesOut func(id int) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		start := time.Now()
		for id := 0; r.Context().Err() == nil; id++ {
			due := start.Add(time.Duration(id) * 2 * time.Millisecond)
			select {
			case <-time.After(time.Until(due.Add(late))):
			case <-r.Context().Done():
				return
			}
			if !leavesOut(id) {
				fmt.Fprintf(w, "id: %d\ndata: {\"due_us\": %d}\n\n", id, due.UnixMicro())
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What a server does to its subscribers is known here, and the load finds it.
func TestLoadOfSubscribers(t *testing.T) {
	const late = 5 * time.Millisecond
	url := eventServer(t, late, func(id int) bool { return id%100 == 99 })
	cmd, out, errs := command(t, "load", "--subscribe", url, "--connections=3", "--duration=1s", "--format=json",
		"--max-missed=0%", "--max-p50=1h")
	if code := codeOf(t, cmd.Run()); code != 3 || !strings.Contains(errs.String(), "missed ") {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	var run results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		t.Fatal(err)
	}
	d := run.Deliveries
	if d == nil || !d.Numbered || d.Doubled+d.OutOfOrder+d.Silent+d.Untimed != 0 || run.Errors != 0 ||
		run.Conversation != results.Subscription {
		t.Fatalf("%s", out)
	}
	// one in a hundred, but for the last ids, of which the next has not come
	if came := float64(run.Requests); float64(d.Missed) < came/100-3 || float64(d.Missed) > came/99+3 {
		t.Errorf("missed %d, while %v came", d.Missed, came)
	}
	if least := float64(late.Microseconds()); run.LatencyUS.P50 < least || run.LatencyUS.Mean < least {
		t.Errorf("events came after %v µs, and were %v late", run.LatencyUS.P50, late)
	}
}

func TestLoadOfNoSubscribers(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	cmd, out, errs := command(t, "load", "--subscribe", s.URL, "--connections=2", "--duration=100ms")
	if code := codeOf(t, cmd.Run()); code != 1 || !strings.Contains(out.String(), "No subscriber heard an event.") ||
		!strings.Contains(errs.String(), "status 404") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
	url := eventServer(t, time.Hour, func(int) bool { return false })
	cmd, out, errs = command(t, "load", "--subscribe", url, "--connections=2", "--duration=100ms")
	if code := codeOf(t, cmd.Run()); code != 5 || !strings.Contains(out.String(), "2 subscribers had heard nothing") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
}

func TestLoadFlagsOfSubscribers(t *testing.T) {
	for args, want := range map[string]string{
		"--subscribe --rate=5":           "--rate is not for subscribers, since the server sets how often",
		"--subscribe --new-connections":  "--new-connections is not for subscribers",
		"--subscribe --engine=vegeta":    "--engine=vegeta knows no subscribers",
		"--subscribe --method=HEAD":      "would hear no event",
		"--max-missed=1%":                "--max-missed is of events: give --subscribe too",
		"--subscribe --max-missed=never": "write it as a part",
	} {
		cmd, _, errs := command(t, append([]string{"load", "http://127.0.0.1:1/"}, strings.Fields(args)...)...)
		if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s ended with %d: %s", args, code, errs)
		}
	}
	cmd, _, errs := command(t, "load", "https://127.0.0.1:1/", "--subscribe")
	if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), "cannot do https") {
		t.Errorf("ended with %d: %s", code, errs)
	}
}
