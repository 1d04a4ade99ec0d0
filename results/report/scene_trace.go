package report

import (
	"encoding/json"
	"fmt"
	"io"

	"nodecompare/results/scene"
)

// traceFile is Chrome's Trace Event Format in its object form, which Perfetto opens.
type traceFile struct {
	Events []traceEvent `json:"traceEvents"`
	Unit   string       `json:"displayTimeUnit"`
}

// traceEvent is a complete event (ph X), or a name (ph M). Times are in microseconds.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"`
	At       float64        `json:"ts"`
	Duration *float64       `json:"dur,omitempty"` // of complete events
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
}

// writeSceneTrace writes a process for the threads and one for the requests of each mode. Their
// numbers are places in the trace, since the viewers sort by them.
func writeSceneTrace(w io.Writer, t *scene.Trace) error {
	f := traceFile{Events: []traceEvent{}, Unit: "ms"}
	for i, m := range t.Modes {
		threads, requests := 2*i+1, 2*i+2
		f.name("process_name", threads, 0, m.Name+": threads")
		f.name("process_name", requests, 0, m.Name+": requests")
		for n, l := range m.Threads {
			name := l.Name
			if l.ID > 0 {
				name = fmt.Sprintf("%s (%d)", l.Name, l.ID)
			}
			f.lane(threads, n+1, name, l.Spans, l.Name)
		}
		for _, l := range m.Requests {
			f.lane(requests, l.Number, fmt.Sprintf("%d %s %s", l.Number, l.Method, l.Target), l.Spans, "")
		}
	}
	return json.NewEncoder(w).Encode(f)
}

func (f *traceFile) name(what string, process, thread int, name string) {
	f.Events = append(f.Events, traceEvent{Name: what, Phase: "M", Process: process, Thread: thread,
		Args: map[string]any{"name": name}})
}

func (f *traceFile) lane(process, number int, name string, spans []scene.Span, thread string) {
	f.name("thread_name", process, number, name)
	for _, s := range spans {
		title := string(s.State)
		if thread != "" && s.Request > 0 {
			title = fmt.Sprintf("request %d %s", s.Request, s.State)
		}
		if s.For != "" && s.State == scene.Waiting {
			title += " for " + s.For
		}
		took := 1000 * (s.To - s.From)
		f.Events = append(f.Events, traceEvent{Name: title, Category: string(s.State), Phase: "X",
			At: max(1000*s.From, 0), Duration: &took, Process: process, Thread: number,
			Args: map[string]any{"is": s.Text(thread)}})
	}
}
