// Package scene holds what became of a few requests to a server, thread by thread: what `watch`
// records, what a bench keeps of its own modes, and what the formats show. It neither plays a scene
// nor draws one.
package scene

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// State is what a thread or a request does.
type State string

const (
	Running   State = "running"   // a thread runs the request's code
	Waiting   State = "waiting"   // for a timer, another service, a worker
	Queued    State = "queued"    // sent, and not read yet
	HeldUp    State = "held up"   // its wait is over, and its thread does something else
	Answering State = "answering" // the answer is on its way
	Busy      State = "busy"      // a thread that records nothing had a CPU
	Unknown   State = "unknown"   // sent and not answered yet; the server is not recorded
)

// Trace is a scene as it was played to some modes, one after the other.
type Trace struct {
	Scene   string       `json:"scene"`
	Summary string       `json:"summary"`
	Look    string       `json:"look_for,omitempty"`
	Lesson  string       `json:"lesson,omitempty"` // why it is so
	Twice   string       `json:"twice,omitempty"`  // what twice the requests would do
	CPUs    int          `json:"cpus"`             // that the servers could run on
	Modes   []*Recording `json:"modes"`
	Missing []string     `json:"missing,omitempty"` // modes that were not played to, and why
}

// Recording is what one mode's server did in a scene. Its times are in milliseconds after the
// scene's start, and its threads and requests in the order of their first event.
type Recording struct {
	Name     string   `json:"name"`
	Summary  string   `json:"summary"`
	Recorded bool     `json:"recorded"` // the server said what it did
	End      float64  `json:"end_ms"`   // the last answer
	Threads  []Thread `json:"threads"`
	Requests []Lane   `json:"requests"`
	Says     []string `json:"says"`              // what this shows, in sentences
	Unknown  string   `json:"unknown,omitempty"` // what is not known of it
}

// Thread is the lane of a thread that the scene's requests ran on.
type Thread struct {
	Name   string  `json:"name"`
	Worker bool    `json:"worker,omitempty"` // it did what was handed over to it, and nothing else
	ID     int     `json:"id,omitempty"`     // the operating system's number
	Awake  float64 `json:"awake_ms"`         // its CPU time from its first event to its last; -1 if not known
	Spans  []Span  `json:"spans"`
	OnCPU  []Stint `json:"on_cpu,omitempty"` // when it had a CPU; none if that is not known
}

// Lane is that of a request.
type Lane struct {
	Method   string  `json:"method"`
	Target   string  `json:"target"`
	Number   int     `json:"number"` // from 1
	Sent     float64 `json:"sent_ms"`
	Answered float64 `json:"answered_ms"` // by the client's clock
	Status   int     `json:"status"`
	Spans    []Span  `json:"spans"`
}

// Span is a time in a lane. A lane is idle between its spans.
type Span struct {
	From    float64 `json:"from_ms"`
	To      float64 `json:"to_ms"`
	State   State   `json:"state"`
	Request int     `json:"request"`          // from 1; 0 if it is not known
	For     string  `json:"for,omitempty"`    // what it waits for
	By      int     `json:"by,omitempty"`     // the request that holds it up; 0 for none, or not known
	Thread  int     `json:"thread,omitempty"` // that runs the request, from 1; 0 if none does
}

// Stint is a time that a thread had a CPU.
type Stint struct {
	From float64 `json:"from_ms"`
	To   float64 `json:"to_ms"`
}

// Latency returns how long the client waited, in milliseconds.
func (l Lane) Latency() float64 { return l.Answered - l.Sent }

// Path returns the request's path, without its query.
func (l Lane) Path() string {
	p, _, _ := strings.Cut(l.Target, "?")
	return p
}

// Silent reports whether the thread recorded nothing, so that only the kernel knows of it.
func (t Thread) Silent() bool { return len(t.Spans) > 0 && t.Spans[0].Request == 0 }

// End returns the last answer of all modes.
func (t *Trace) End() (end float64) {
	for _, m := range t.Modes {
		end = max(end, m.End)
	}
	return end
}

// Axis returns where a drawing ends: at the last answer, and a little more.
func (t *Trace) Axis() float64 { return max(t.End()*1.01, 1) }

// Step returns a round distance of marks, so that there are at most so many of them.
func Step(end float64, most int) float64 {
	for unit := 1.0; ; unit *= 10 {
		for _, n := range []float64{1, 2, 5} {
			if end/(n*unit) <= math.Max(float64(most), 1) {
				return n * unit
			}
		}
	}
}

// States returns those that a lane has, in the order of a legend.
func (t *Trace) States() (all []State) {
	seen := map[State]bool{}
	for _, m := range t.Modes {
		for _, l := range m.Requests {
			for _, s := range l.Spans {
				seen[s.State] = true
			}
		}
		for _, l := range m.Threads {
			for _, s := range l.Spans {
				seen[s.State] = true
			}
		}
	}
	for _, s := range []State{Running, Waiting, Queued, HeldUp, Answering, Busy, Unknown} {
		if seen[s] {
			all = append(all, s)
		}
	}
	return all
}

// Meaning says in a few words what the state is, for a legend.
func (s State) Meaning() string { return meanings[s] }

var meanings = map[State]string{
	Running:   "runs on a thread",
	Waiting:   "waits",
	Queued:    "queued, not read yet",
	HeldUp:    "held up: ready, but cannot go on",
	Answering: "answer on its way",
	Busy:      "busy, for whom is not known",
	Unknown:   "not known",
}

// apart is the shortest time that a scene's drawing can show, as a share of the scene.
const apart = 0.001

// Compact joins the stints of a thread that are too near each other to be drawn apart, of which a
// thread that computes on a busy machine has hundreds. Sentences are made before.
func (t *Trace) Compact() {
	least := apart * t.End()
	for _, m := range t.Modes {
		for i, thread := range m.Threads {
			var joined []Stint
			for _, s := range slices.SortedFunc(slices.Values(thread.OnCPU), func(a, b Stint) int {
				return cmp.Compare(a.From, b.From)
			}) {
				if n := len(joined) - 1; n >= 0 && s.From-joined[n].To < least {
					joined[n].To = max(joined[n].To, s.To)
					continue
				}
				joined = append(joined, s)
			}
			m.Threads[i].OnCPU = joined
		}
	}
}
