package html

import (
	"fmt"
	"io"
	"strings"

	"nodecompare/results"
	"nodecompare/results/scene"
	"nodecompare/results/unit"
)

// scenePart is a recorded scene as pages show it: its words. The script draws the lanes.
type scenePart struct {
	*scene.Trace
	Legend []sceneKind
	OnCPU  bool // when threads had a CPU is drawn
	Modes  []sceneMode
}

// sceneKind is a state with the class that it is drawn by.
type sceneKind struct{ Class, Meaning string }

type sceneMode struct {
	*scene.Recording
	Place, Look int // of its lanes in sceneData, and its colour
}

// sceneData is what the script draws of a scene.
type sceneData struct {
	End   float64      `json:"end"`   // of the time axis, in milliseconds
	Marks []sceneMark  `json:"marks"` // on the axis
	Modes []sceneLanes `json:"modes"`
}

type sceneMark struct {
	At   float64 `json:"at"`
	Text string  `json:"text"`
}

// sceneLanes is the lanes of a mode.
type sceneLanes struct {
	End      float64     `json:"end"`
	Threads  []laneData  `json:"threads"`
	Requests []laneData  `json:"requests"`
	Unknown  string      `json:"unknown,omitempty"`
	Rows     [][3]string `json:"rows"` // of each request: what it is, when it was sent, when answered
}

type laneData struct {
	Name   string          `json:"name"`
	Worker bool            `json:"worker,omitempty"`
	Spans  []spanData      `json:"spans"`
	On     [][2]plotNumber `json:"on,omitempty"` // when a thread had a CPU
}

type spanData struct {
	From    plotNumber `json:"from"`
	To      plotNumber `json:"to"`
	Class   string     `json:"is"`
	Request int        `json:"request,omitempty"`
	Text    string     `json:"text"`
}

// scenePage is what scene.html shows.
type scenePage struct {
	embedded
	Title, CPUs string
	Scene       *scenePart
}

// WriteScene writes one page that replays a scene. It needs nothing else, and its own policy
// forbids it to load anything.
func WriteScene(out io.Writer, t *scene.Trace) error {
	source, err := pageTemplate("scene.html")
	if err != nil {
		return err
	}
	p := scenePage{Title: strings.TrimSuffix(capital(t.Summary), "."), CPUs: unit.Counted(t.CPUs, "CPU"),
		Scene: scenePartOf(t, func(string) int { return -1 })}
	if p.embedded, err = embeddingOf(sceneDataOf(t), "",
		[]string{"page/style.css", "page/answer.css", "page/scene.css", "page/print.css"},
		[]string{"page/data.js", "page/tables.js", "page/scene.js", "page/replay.js"}); err != nil {
		return err
	}
	if err := source.ExecuteTemplate(out, "scene.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// recordScene is the part of a record's page; nil where no scene was recorded.
func recordScene(r *results.Record) *scenePart {
	if r.Scene == nil || len(r.Scene.Modes) == 0 {
		return nil
	}
	return scenePartOf(r.Scene, func(mode string) int { return modeIndex(r, mode) })
}

// scenePartOf makes the words of a scene. place is where a mode stands among others, which gives
// its colour; -1 for its place in the scene.
func scenePartOf(t *scene.Trace, place func(mode string) int) *scenePart {
	p := &scenePart{Trace: t}
	for _, s := range t.States() {
		p.Legend = append(p.Legend, sceneKind{stateClass(s), s.Meaning()})
	}
	for i, m := range t.Modes {
		look := place(m.Name)
		if look < 0 {
			look = i
		}
		p.Modes = append(p.Modes, sceneMode{m, i, look % looksKnown})
		for _, l := range m.Threads {
			p.OnCPU = p.OnCPU || len(l.OnCPU) > 0
		}
	}
	return p
}

func sceneDataOf(t *scene.Trace) *sceneData {
	d := &sceneData{End: t.Axis()}
	step := scene.Step(d.End, 6)
	for at := 0.0; at < d.End*0.86; at += step {
		d.Marks = append(d.Marks, sceneMark{at, fmt.Sprintf("%g ms", at)})
	}
	for _, m := range t.Modes {
		of := sceneLanes{End: m.End, Threads: []laneData{}, Unknown: m.Unknown}
		for _, l := range m.Threads {
			lane := laneData{Name: l.Name, Worker: l.Worker, Spans: spansOf(l.Spans, l.Name)}
			for _, s := range l.OnCPU {
				lane.On = append(lane.On, [2]plotNumber{coarse(s.From), coarse(s.To)})
			}
			of.Threads = append(of.Threads, lane)
		}
		for _, l := range m.Requests {
			of.Requests = append(of.Requests,
				laneData{Name: fmt.Sprintf("%d %s", l.Number, l.Path()), Spans: spansOf(l.Spans, "")})
			of.Rows = append(of.Rows, [3]string{fmt.Sprintf("%d: %s %s", l.Number, l.Method, l.Target),
				scene.Short(l.Sent),
				fmt.Sprintf("%s, after %s", scene.Millis(l.Answered), scene.Millis(l.Latency()))})
		}
		d.Modes = append(d.Modes, of)
	}
	return d
}

// spansOf are those of a thread's lane, or with "" of a request's.
func spansOf(spans []scene.Span, thread string) []spanData {
	all := []spanData{}
	for _, s := range spans {
		all = append(all, spanData{plotNumber(s.From), plotNumber(s.To), stateClass(s.State), s.Request,
			s.Text(thread)})
	}
	return all
}

// stateClass returns the state's class in the page.
func stateClass(s scene.State) string {
	if s == scene.HeldUp {
		return "held"
	}
	return string(s)
}
