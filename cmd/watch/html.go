package watch

import (
	"embed"
	"fmt"
	"html/template"
	"io"

	"nodecompare/results/report/html"
	"nodecompare/results/unit"
)

//go:embed page
var pageParts embed.FS

// looks is how many colours a page knows for modes.
const looks = 8

// page is what page/watch.html shows.
type page struct {
	Policy template.HTMLAttr
	Style  template.CSS
	Script template.JS
	Trace  *Trace
	Title  string
	CPUs   string
	Marks  []mark
	Legend []kind
	Modes  []modePart
	OnCPU  bool // when threads had a CPU is drawn
}

// mark is a time on the ruler; At is in percent of it.
type mark struct {
	At   float64
	Text string
}

// kind is a state with the class that it is drawn by.
type kind struct{ Class, Meaning string }

type modePart struct {
	*Mode
	Place, Look int
	Groups      []group
	Rows        []row
}

type group struct {
	Name  string
	Lanes []laneView
}

type laneView struct {
	Name   string
	Thread bool
	Bars   []barView
	On     []barView // when it had a CPU
}

type barView struct {
	Class, Text, Mark string
	Left, Width, From float64
}

// row is a request in the table.
type row struct {
	Name, Sent, Answered string
	Did                  []string
}

// WriteHTML writes one page that replays the trace. It needs nothing else, and its own policy
// forbids it to load anything.
func WriteHTML(w io.Writer, t *Trace) error {
	source, err := template.ParseFS(pageParts, "page/watch.html")
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	style, err := pageParts.ReadFile("page/watch.css")
	if err != nil {
		return fmt.Errorf("read the page's style: %w", err)
	}
	script, err := pageParts.ReadFile("page/watch.js")
	if err != nil {
		return fmt.Errorf("read the page's script: %w", err)
	}
	end := axis(t.End())
	p := page{Trace: t, Title: upper(t.Summary), CPUs: unit.Counted(t.CPUs, "CPU"),
		Style: template.CSS(style), Script: template.JS(script),
		Policy: html.Policy(string(script))}
	step := Step(end, 6)
	for at := 0.0; at < end*0.92; at += step {
		p.Marks = append(p.Marks, mark{100 * at / end, fmt.Sprintf("%g ms", at)})
	}
	seen := t.states()
	for i, m := range t.Modes {
		part := modePart{Mode: m, Place: i, Look: i % looks}
		threads, requests := group{Name: "Threads"}, group{Name: "Requests"}
		for _, l := range m.Threads {
			p.OnCPU = p.OnCPU || len(l.OnCPU) > 0
			threads.Lanes = append(threads.Lanes, laneView{l.Name, true, bars(l.Spans, l.Name, end), l.stints(end)})
		}
		for _, l := range m.Requests {
			name := fmt.Sprintf("%d %s", l.Number, path(l.Target))
			requests.Lanes = append(requests.Lanes, laneView{name, false, bars(l.Spans, "", end), nil})
			r := row{Name: fmt.Sprintf("%d: %s %s", l.Number, l.Method, l.Target), Sent: short(l.Sent),
				Answered: fmt.Sprintf("%s, after %s", millis(l.Answered), millis(l.Latency()))}
			for _, s := range l.Spans {
				r.Did = append(r.Did, upper(s.text(""))+".")
			}
			part.Rows = append(part.Rows, r)
		}
		part.Groups = []group{threads, requests}
		p.Modes = append(p.Modes, part)
	}
	for _, s := range shown {
		if seen[s] {
			p.Legend = append(p.Legend, kind{s.class(), glyphs[s].meaning})
		}
	}
	if err := source.ExecuteTemplate(w, "watch.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// class returns the state's class in the page.
func (s State) class() string {
	if s == HeldUp {
		return "held"
	}
	return string(s)
}

// bars returns the spans of a lane, those of a thread with their requests' numbers.
func bars(spans []Span, thread string, end float64) (all []barView) {
	for _, s := range spans {
		b := barView{Class: s.State.class(), Text: s.text(thread), From: s.From,
			Left: 100 * max(s.From, 0) / end, Width: 100 * (s.To - s.From) / end}
		if thread != "" && b.Width > 2 && s.Request > 0 {
			b.Mark = fmt.Sprint(s.Request)
		}
		all = append(all, b)
	}
	return all
}

// stints returns the times that a thread had a CPU.
func (t Thread) stints(end float64) (all []barView) {
	for _, s := range t.OnCPU {
		all = append(all, barView{Left: 100 * s.From / end, Width: 100 * (s.To - s.From) / end})
	}
	return all
}

// text says what a span is. thread is the thread whose lane it is in; "" for a request's.
func (s Span) text(thread string) string {
	when := fmt.Sprintf(" for %s (%s to %s)", short(s.To-s.From), millis(s.From), millis(s.To))
	who := fmt.Sprintf("request %d", s.Request)
	if thread != "" {
		who = thread
	}
	blame := ""
	if s.By > 0 {
		blame = fmt.Sprintf(", by request %d", s.By)
	}
	switch s.State {
	case Busy:
		return who + " has a CPU, and for whom it works is not known," + when
	case Running:
		if thread != "" {
			return fmt.Sprintf("%s runs request %d%s", who, s.Request, when)
		}
		return who + " runs" + when
	case Waiting:
		if thread != "" {
			return fmt.Sprintf("%s stands still with request %d, which waits for %s,%s", who, s.Request, s.For, when)
		}
		return who + " waits for " + s.For + "," + when
	case Queued:
		return who + " is in the queue and not read yet" + blame + "," + when
	case HeldUp:
		return who + " is ready, and held up" + blame + "," + when
	case Answering:
		return who + "'s answer is on its way" + when
	}
	return "what the server does with " + who + " is not known" + when
}
