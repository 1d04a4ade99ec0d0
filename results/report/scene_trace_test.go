package report_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"nodecompare/results"
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

// playedScene is one of six requests to each mode, on a thread each, as long as those that are
// recorded: a thread has dozens of stints, and times have three decimals.
func playedScene(modes []results.Mode) *scene.Trace {
	t := &scene.Trace{Scene: "mixed", Summary: "six requests", Look: "Which?", Lesson: "So.", Twice: "Twice.", CPUs: 2}
	for n, m := range modes {
		r := &scene.Recording{Name: m.Name, Summary: m.Summary, Recorded: true, End: 310}
		for i := range 6 {
			from := 1.7*float64(i) + 0.137*float64(n+1)
			spans := []scene.Span{
				{From: from, To: from + 0.893, State: scene.Queued, Request: i + 1},
				{From: from + 0.893, To: from + 1.217, State: scene.Running, Request: i + 1, Thread: i + 1},
				{From: from + 1.217, To: from + 101.358, State: scene.Waiting, Request: i + 1,
					For: "a timer of 100ms"},
				{From: from + 101.358, To: from + 203.781, State: scene.HeldUp, Request: i + 1, By: 4},
				{From: from + 203.781, To: from + 204.012, State: scene.Running, Request: i + 1, Thread: i + 1}}
			thread := scene.Thread{ID: 4711 + i, Awake: 0.731, Spans: slices.Clone(spans[1:3])}
			for k := range 24 {
				at := from + 8.319*float64(k)
				thread.OnCPU = append(thread.OnCPU, scene.Stint{From: at, To: at + 3.113})
			}
			r.Threads = append(r.Threads, thread)
			r.Requests = append(r.Requests, scene.Lane{Method: "GET", Target: "/wait?ms=100", Number: i + 1,
				Status: 200, Sent: from, Answered: from + 204.012, Spans: spans})
		}
		r.Say()
		t.Modes = append(t.Modes, r)
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

// The trace keeps the rules of Chrome's Trace Event Format for complete events and metadata, and
// those of Perfetto's importer: times and lasting in whole microseconds, none below 0; a name for
// each process and thread; numbers of threads that are no other thread's and no process's; and
// events of one thread that lie one behind the other, of which it would drop those that overlap.
func TestTraceFileKeepsTheFormatsRules(t *testing.T) {
	of := sampleScene("async", "node")
	spans := of.Modes[0].Requests[0].Spans // times whose product with 1,000 is not whole
	spans[1].To, spans[2].From, spans[2].To, spans[3].From = 2.3, 2.3, 7.001, 7.001
	var f struct {
		TraceEvents     []map[string]any
		DisplayTimeUnit string
	}
	if err := json.Unmarshal([]byte(written(t, "trace", of, report.Options{})), &f); err != nil {
		t.Fatal(err)
	}
	if f.DisplayTimeUnit != "ms" {
		t.Errorf("displayTimeUnit is %q, and the format knows ms and ns", f.DisplayTimeUnit)
	}
	whole := func(v any) (float64, bool) {
		n, ok := v.(float64)
		return n, ok && n >= 0 && n == math.Trunc(n)
	}
	processes, threads, ends, complete := map[float64]bool{}, map[float64]float64{}, map[float64]float64{}, 0
	for _, e := range f.TraceEvents {
		pid, okPID := whole(e["pid"])
		tid, okTID := whole(e["tid"])
		at, okAt := whole(e["ts"])
		name, okName := e["name"].(string)
		if !okPID || !okTID || !okName || !okAt {
			t.Errorf("%v lacks a name, or a pid, tid or ts that is whole and not below 0", e)
		}
		switch e["ph"] {
		case "M":
			args, _ := e["args"].(map[string]any)
			value, _ := args["name"].(string)
			_, twice := threads[tid]
			switch {
			case value == "":
				t.Errorf("%v names nothing", e)
			case name == "process_name" && tid == pid && !processes[pid]:
				processes[pid] = true
			case name == "thread_name" && !twice && processes[pid]:
				threads[tid] = pid
			default:
				t.Errorf("%v is no name for a process, or for a thread of one that has a name", e)
			}
		case "X":
			complete++
			took, ok := whole(e["dur"])
			if !ok || threads[tid] != pid || at < ends[tid] {
				t.Errorf("%v: want a lasting, a thread with a name, and a start from %v on", e, ends[tid])
			}
			ends[tid] = at + took
		default:
			t.Errorf("%v: an event of a phase that is not written", e)
		}
	}
	for tid := range threads {
		if processes[tid] {
			t.Errorf("thread %v has the number of a process", tid)
		}
	}
	if complete != 2*7 || len(processes) != 4 || len(threads) != 4 {
		t.Errorf("%d complete events of %d threads in %d processes, want 14, 4 and 4", complete, len(threads),
			len(processes))
	}
}
