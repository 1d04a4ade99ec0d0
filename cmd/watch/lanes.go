package watch

import (
	"cmp"
	"math"
	"slices"
	"time"

	"nodecompare/results/scene"
	"nodecompare/servers/trace"
)

// shortest is the least time in which somebody is said to be held up: less is what a thread needs
// to wake.
const shortest = 2.0

// since returns times in milliseconds after a start. Their microseconds are whole: a client's and a
// server's clocks are read no nearer to what they time.
func since(start int64) func(at int64) float64 {
	return func(at int64) float64 {
		return math.Round(float64(at-start)/float64(time.Microsecond)) / 1000
	}
}

// assemble makes lanes of what the clients saw and what the server recorded.
func assemble(requests []Request, start int64, sent []Sent, events []trace.Event) *scene.Recording {
	ms := since(start)
	m := &scene.Recording{Recorded: len(events) > 0, Threads: []scene.Thread{}}
	events = slices.Clone(events)
	slices.SortStableFunc(events, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
	places := threads(m, events, ms)
	for i, s := range sent {
		l := scene.Lane{Method: requests[i].Method, Target: requests[i].Target, Number: i + 1, Sent: ms(s.At),
			Answered: ms(s.Answered), Status: s.Status}
		m.End = max(m.End, l.Answered)
		own := slices.DeleteFunc(slices.Clone(events), func(e trace.Event) bool { return e.Request != i+1 })
		l.Spans = lane(m, l, own, places, ms)
		m.Requests = append(m.Requests, l)
	}
	return m
}

// threads makes a lane of each thread that events are of, in the order of their first, and returns
// where each one is.
func threads(m *scene.Recording, events []trace.Event, ms func(int64) float64) map[int]int {
	places := map[int]int{}
	for _, e := range events {
		if _, seen := places[e.Thread]; seen {
			continue
		}
		places[e.Thread] = len(m.Threads)
		own := slices.DeleteFunc(slices.Clone(events), func(o trace.Event) bool { return o.Thread != e.Thread })
		t := scene.Thread{ID: e.Thread, Awake: -1, Spans: []scene.Span{}, Worker: !slices.ContainsFunc(own,
			func(o trace.Event) bool { return o.Kind != trace.Work && o.Kind != trace.Worked })}
		last := own[len(own)-1]
		if e.CPU > 0 && last.CPU > 0 {
			t.Awake = since(e.CPU)(last.CPU)
		}
		for n, o := range own {
			next := o
			if n+1 < len(own) {
				next = own[n+1]
			}
			s := scene.Span{From: ms(o.At), To: ms(next.At), State: scene.Running, Request: o.Request, For: o.For}
			switch {
			case o.Kind == trace.Wait && o.Holds:
				s.State = scene.Waiting
			case o.Kind == trace.Wait, o.Kind == trace.Answered:
				continue
			case o.Kind == trace.Worked && (next.Kind != trace.On || next.Request != o.Request):
				continue // a worker's; in place the thread goes on with the request
			}
			add(&t, s)
		}
		m.Threads = append(m.Threads, t)
	}
	return places
}

// add adds a span, or makes the last one longer.
func add(t *scene.Thread, s scene.Span) {
	if n := len(t.Spans) - 1; n >= 0 && s.State == scene.Running {
		l := &t.Spans[n]
		if l.State == scene.Running && l.Request == s.Request && l.To == s.From {
			l.To = s.To
			return
		}
	}
	if s.To > s.From {
		t.Spans = append(t.Spans, s)
	}
}

// lane makes a request's spans of its events.
func lane(m *scene.Recording, l scene.Lane, own []trace.Event, places map[int]int,
	ms func(int64) float64) (spans []scene.Span) {
	add := func(s scene.Span) {
		if s.To <= s.From {
			return
		}
		s.Request = l.Number
		if n := len(spans) - 1; n >= 0 && s.State == scene.Running && spans[n].State == scene.Running &&
			spans[n].Thread == s.Thread {
			spans[n].To = s.To
			return
		}
		spans = append(spans, s)
	}
	if len(own) == 0 {
		add(scene.Span{From: l.Sent, To: l.Answered, State: scene.Unknown})
		return spans
	}
	first := ms(own[0].At)
	queued := scene.Span{From: l.Sent, To: first, State: scene.Queued}
	if first-l.Sent >= shortest {
		queued.By = holder(m, places[own[0].Thread], l.Number, l.Sent, first)
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
			could := ms(e.At + e.Least) // when it could go on
			held := e.Least > 0 && !e.Holds && to-could >= shortest
			if !held {
				could = to
			}
			add(scene.Span{From: from, To: could, State: scene.Waiting, For: e.For})
			if held {
				goes := place
				if n+1 < len(own) {
					goes = places[own[n+1].Thread]
				}
				add(scene.Span{From: could, To: to, State: scene.HeldUp, By: holder(m, goes, l.Number, could, to)})
			}
		case trace.Worked:
			if n+1 < len(own) && own[n+1].Thread != e.Thread {
				add(scene.Span{From: from, To: to, State: scene.Waiting, For: "its turn on the loop"})
				continue
			}
			add(scene.Span{From: from, To: to, State: scene.Running, Thread: place + 1})
		case trace.Answered:
			add(scene.Span{From: from, To: to, State: scene.Answering})
		default:
			add(scene.Span{From: from, To: to, State: scene.Running, Thread: place + 1})
		}
	}
	return spans
}

// holder returns the other request that a thread was taken by for most of a time; 0 for none.
func holder(m *scene.Recording, thread, but int, from, to float64) (by int) {
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
