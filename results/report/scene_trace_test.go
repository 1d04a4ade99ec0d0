package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"nodecompare/results/report"
	"nodecompare/results/scene"
)

// sampleScene is a scene with one request of each state, in the given modes.
func sampleScene(modes ...string) *scene.Trace {
	t := &scene.Trace{Scene: "waits", Summary: "one request that waits", Look: "Look & see", Lesson: "So it is.",
		Twice: "Twice as long.", CPUs: 2}
	for _, name := range modes {
		t.Modes = append(t.Modes, &scene.Recording{
			Name: name, Summary: "a loop", Recorded: true, End: 20, Says: []string{"1 thread served the request."},
			Threads: []scene.Thread{{Name: "the loop", ID: 7, Awake: 1, Spans: []scene.Span{
				{From: 1, To: 2, State: scene.Running, Request: 1},
				{From: 15, To: 19, State: scene.Running, Request: 1}}, OnCPU: []scene.Stint{{From: 1, To: 2}}}},
			Requests: []scene.Lane{{Method: "GET", Target: "/wait?ms=5", Number: 1, Answered: 20,
				Status: 200, Spans: []scene.Span{{To: 1, State: scene.Queued, Request: 1},
					{From: 1, To: 2, State: scene.Running, Request: 1, Thread: 1},
					{From: 2, To: 7, State: scene.Waiting, Request: 1, For: "a timer of 5ms"},
					{From: 7, To: 15, State: scene.HeldUp, Request: 1, By: 1},
					{From: 15, To: 20, State: scene.Running, Request: 1, Thread: 1}}}},
		})
	}
	return t
}

// written is a scene in a format.
func written(t *testing.T, format string, of *scene.Trace, o report.Options) string {
	t.Helper()
	i := slices.IndexFunc(report.SceneFormats, func(f report.Format[*scene.Trace]) bool { return f.Name == format })
	var b strings.Builder
	if err := report.SceneFormats[i].Write(&b, of, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The trace keeps the rules of Chrome's Trace Event Format for complete events and metadata: times
// and lasting in microseconds, none below 0, names for each process and thread, and events of one
// thread that lie one behind the other.
func TestTraceFileKeepsTheFormatsRules(t *testing.T) {
	var f struct {
		TraceEvents     []map[string]any
		DisplayTimeUnit string
	}
	if err := json.Unmarshal([]byte(written(t, "trace", sampleScene("async"), report.Options{})), &f); err != nil {
		t.Fatal(err)
	}
	if f.DisplayTimeUnit != "ms" {
		t.Errorf("displayTimeUnit is %q, and the format knows ms and ns", f.DisplayTimeUnit)
	}
	type lane struct{ pid, tid float64 }
	named, ends, complete := map[lane]bool{}, map[lane]float64{}, 0
	for _, e := range f.TraceEvents {
		pid, okPID := e["pid"].(float64)
		tid, okTID := e["tid"].(float64)
		name, okName := e["name"].(string)
		at, okAt := e["ts"].(float64)
		if !okPID || !okTID || !okName || !okAt || at < 0 {
			t.Errorf("%v lacks a name, pid, tid or ts from 0 on", e)
		}
		switch e["ph"] {
		case "M":
			args, ok := e["args"].(map[string]any)
			value, _ := args["name"].(string)
			if !ok || value == "" || name != "process_name" && name != "thread_name" {
				t.Errorf("%v is no metadata event with a name", e)
			}
			named[lane{pid, tid}] = true
		case "X":
			complete++
			took, ok := e["dur"].(float64)
			if l := (lane{pid, tid}); !ok || took < 0 || !named[l] || at < ends[l]-0.001 {
				t.Errorf("%v: want a duration, a named thread, and a start after %v", e, ends[l])
			} else {
				ends[l] = at + took
			}
		default:
			t.Errorf("%v: an event of a phase that is not written", e)
		}
	}
	if complete != 7 || ends[lane{2, 1}] != 20000 {
		t.Errorf("%d complete events and ends %v, want 7, and the request's after 20,000 µs", complete, ends)
	}
}
