package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"nodecompare/results/scene"
)

// traceFile is Chrome's Trace Event Format in its object form, which Perfetto opens.
type traceFile struct {
	Events []traceEvent `json:"traceEvents"`
	Unit   string       `json:"displayTimeUnit"`
	lanes  int          // the number of the last one
}

// traceEvent is a complete event (ph X), or a name (ph M). Times are in whole microseconds: of two
// events on a thread that overlap by a rounding error, Perfetto drops one.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	At       int64          `json:"ts"`
	Duration *int64         `json:"dur,omitempty"` // of complete events
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
}

// writeSceneTrace writes a process for the threads and one for the requests of each mode. Their
// numbers are places in the trace, since the viewers sort by them. No lane has the number of
// another or of a process: Perfetto finds the thread that a name is for by its number alone, and
// puts the one with its process's number first.
func writeSceneTrace(w io.Writer, t *scene.Trace) error {
	f := traceFile{Events: []traceEvent{}, Unit: "ms", lanes: 2 * len(t.Modes)}
	for i, m := range t.Modes {
		threads, requests := 2*i+1, 2*i+2
		f.name("process_name", threads, threads, m.Name+": threads")
		f.name("process_name", requests, requests, m.Name+": requests")
		for _, l := range m.Threads {
			name := l.Name
			if l.ID > 0 {
				name = fmt.Sprintf("%s (%d)", l.Name, l.ID)
			}
			f.lane(threads, name, l.Spans, l.Name)
		}
		for _, l := range m.Requests {
			f.lane(requests, fmt.Sprintf("%d %s %s", l.Number, l.Method, l.Target), l.Spans, "")
		}
	}
	return json.NewEncoder(w).Encode(f)
}

func (f *traceFile) name(what string, process, thread int, name string) {
	f.Events = append(f.Events, traceEvent{Name: what, Phase: "M", Process: process, Thread: thread,
		Args: map[string]any{"name": name}})
}

func (f *traceFile) lane(process int, name string, spans []scene.Span, thread string) {
	f.lanes++
	f.name("thread_name", process, f.lanes, name)
	for _, s := range spans {
		title := string(s.State)
		if thread != "" && s.Request > 0 {
			title = fmt.Sprintf("request %d %s", s.Request, s.State)
		}
		if s.For != "" && s.State == scene.Waiting {
			title += " for " + s.For
		}
		from, to := micros(s.From), micros(s.To)
		took := to - from
		f.Events = append(f.Events, traceEvent{Name: title, Category: string(s.State), Phase: "X",
			At: from, Duration: &took, Process: process, Thread: f.lanes,
			Args: map[string]any{"is": s.Text(thread)}})
	}
}

// micros returns a time in milliseconds in microseconds, none before the scene's start.
func micros(ms float64) int64 { return max(int64(math.Round(1000*ms)), 0) }
