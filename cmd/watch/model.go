package watch

import (
	"cmp"
	"slices"
	"time"

	"nodecompare/servers/trace"
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

// Span is a time in a lane. A lane is idle between its spans.
type Span struct {
	From    float64 `json:"from_ms"` // after the scene's start
	To      float64 `json:"to_ms"`
	State   State   `json:"state"`
	Request int     `json:"request"`          // from 1
	For     string  `json:"for,omitempty"`    // what it waits for
	By      int     `json:"by,omitempty"`     // the request that holds it up; 0 for none, or not known
	Thread  int     `json:"thread,omitempty"` // that runs the request, from 1; 0 if none does
}

// Thread is a lane of a thread that the scene's requests ran on.
type Thread struct {
	Name   string  `json:"name"`
	Worker bool    `json:"worker,omitempty"` // it did what was handed over to it, and nothing else
	ID     int     `json:"id,omitempty"`     // the operating system's number
	Awake  float64 `json:"awake_ms"`         // its CPU time from its first event to its last; -1 if not known
	Spans  []Span  `json:"spans"`
	// OnCPU is when it had a CPU; none if that is not known.
	OnCPU []Time `json:"on_cpu,omitempty"`
}

// Time is from one moment to another.
type Time struct {
	From float64 `json:"from_ms"` // after the scene's start
	To   float64 `json:"to_ms"`
}

// Lane is that of a request.
type Lane struct {
	Request
	Number   int     `json:"number"`
	Sent     float64 `json:"sent_ms"`
	Answered float64 `json:"answered_ms"` // by the client's clock
	Status   int     `json:"status"`
	Spans    []Span  `json:"spans"`
}

// Latency returns how long the client waited, in milliseconds.
func (l Lane) Latency() float64 { return l.Answered - l.Sent }

// Mode is what one mode's server did in a scene.
type Mode struct {
	Name     string   `json:"name"`
	Summary  string   `json:"summary"`
	Recorded bool     `json:"recorded"` // the server said what it did
	End      float64  `json:"end_ms"`   // the last answer
	Threads  []Thread `json:"threads"`
	Requests []Lane   `json:"requests"`
	Says     []string `json:"says"`              // what this shows, in sentences
	Unknown  string   `json:"unknown,omitempty"` // what is not known of it
}

// Trace is a scene as it was played to some modes.
type Trace struct {
	Scene   string   `json:"scene"`
	Summary string   `json:"summary"`
	Look    string   `json:"look_for,omitempty"`
	Lesson  string   `json:"lesson,omitempty"`
	CPUs    int      `json:"cpus"`
	Modes   []*Mode  `json:"modes"`
	Missing []string `json:"missing,omitempty"` // modes that this machine cannot run, and why
}

// End returns the last answer of all modes.
func (t *Trace) End() (end float64) {
	for _, m := range t.Modes {
		end = max(end, m.End)
	}
	return end
}

// shortest is the least time in which somebody is said to be held up: less is what a thread needs
// to wake.
const shortest = 2.0

// assemble makes lanes of what the clients saw and what the server recorded.
func assemble(scene Scene, start int64, sent []Sent, events []trace.Event) *Mode {
	ms := func(at int64) float64 { return float64(at-start) / float64(time.Millisecond) }
	m := &Mode{Recorded: len(events) > 0, Threads: []Thread{}}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
	places := m.threads(events, ms)
	for i, s := range sent {
		l := Lane{Request: scene.Requests[i], Number: i + 1, Sent: ms(s.At), Answered: ms(s.Answered),
			Status: s.Status}
		m.End = max(m.End, l.Answered)
		own := slices.DeleteFunc(slices.Clone(events), func(e trace.Event) bool { return e.Request != i+1 })
		l.Spans = m.lane(l, own, places, ms)
		m.Requests = append(m.Requests, l)
	}
	return m
}

// threads makes a lane of each thread that events are of, in the order of their first, and returns
// where each one is.
func (m *Mode) threads(events []trace.Event, ms func(int64) float64) map[int]int {
	places := map[int]int{}
	for _, e := range events {
		if _, seen := places[e.Thread]; seen {
			continue
		}
		places[e.Thread] = len(m.Threads)
		own := slices.DeleteFunc(slices.Clone(events), func(o trace.Event) bool { return o.Thread != e.Thread })
		t := Thread{ID: e.Thread, Awake: -1, Spans: []Span{}, Worker: !slices.ContainsFunc(own,
			func(o trace.Event) bool { return o.Kind != trace.Work && o.Kind != trace.Worked })}
		last := own[len(own)-1]
		if e.CPU > 0 && last.CPU > 0 {
			t.Awake = float64(last.CPU-e.CPU) / float64(time.Millisecond)
		}
		for n, o := range own {
			next := o
			if n+1 < len(own) {
				next = own[n+1]
			}
			s := Span{From: ms(o.At), To: ms(next.At), State: Running, Request: o.Request, For: o.For}
			switch {
			case o.Kind == trace.Wait && o.Holds:
				s.State = Waiting
			case o.Kind == trace.Wait, o.Kind == trace.Answered:
				continue
			case o.Kind == trace.Worked && (next.Kind != trace.On || next.Request != o.Request):
				continue // a worker's; in place the thread goes on with the request
			}
			t.add(s)
		}
		m.Threads = append(m.Threads, t)
	}
	return places
}

// add adds a span, or makes the last one longer.
func (t *Thread) add(s Span) {
	if n := len(t.Spans) - 1; n >= 0 && s.State == Running {
		l := &t.Spans[n]
		if l.State == Running && l.Request == s.Request && l.To == s.From {
			l.To = s.To
			return
		}
	}
	if s.To > s.From {
		t.Spans = append(t.Spans, s)
	}
}

// lane makes a request's spans of its events.
func (m *Mode) lane(l Lane, own []trace.Event, places map[int]int, ms func(int64) float64) (spans []Span) {
	add := func(s Span) {
		if s.To <= s.From {
			return
		}
		s.Request = l.Number
		if n := len(spans) - 1; n >= 0 && s.State == Running && spans[n].State == Running &&
			spans[n].Thread == s.Thread {
			spans[n].To = s.To
			return
		}
		spans = append(spans, s)
	}
	if len(own) == 0 {
		add(Span{From: l.Sent, To: l.Answered, State: Unknown})
		return spans
	}
	first := ms(own[0].At)
	queued := Span{From: l.Sent, To: first, State: Queued}
	if first-l.Sent >= shortest {
		queued.By = m.holder(places[own[0].Thread], l.Number, l.Sent, first)
	}
	add(queued)
	for n, e := range own {
		from, to := ms(e.At), l.Answered
		if n+1 < len(own) {
			to = ms(own[n+1].At)
		}
		place := places[e.Thread]
		switch e.Kind {
		case trace.Wait:
			could := from + float64(e.Least)/float64(time.Millisecond) // when it could go on
			held := e.Least > 0 && !e.Holds && to-could >= shortest
			if !held {
				could = to
			}
			add(Span{From: from, To: could, State: Waiting, For: e.For})
			if held {
				goes := place
				if n+1 < len(own) {
					goes = places[own[n+1].Thread]
				}
				add(Span{From: could, To: to, State: HeldUp, By: m.holder(goes, l.Number, could, to)})
			}
		case trace.Worked:
			if n+1 < len(own) && own[n+1].Thread != e.Thread {
				add(Span{From: from, To: to, State: Waiting, For: "its turn on the loop"})
				continue
			}
			add(Span{From: from, To: to, State: Running, Thread: place + 1})
		case trace.Answered:
			add(Span{From: from, To: to, State: Answering})
		default:
			add(Span{From: from, To: to, State: Running, Thread: place + 1})
		}
	}
	return spans
}

// holder returns the other request that a thread was taken by for most of a time; 0 for none.
func (m *Mode) holder(thread, but int, from, to float64) (by int) {
	most := 0.0
	for _, s := range m.Threads[thread].Spans {
		if d := min(s.To, to) - max(s.From, from); s.Request != but && d > most {
			most, by = d, s.Request
		}
	}
	if most < (to-from)/4 {
		return 0
	}
	return by
}
