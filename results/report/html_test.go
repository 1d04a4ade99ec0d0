package report_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"nodecompare/results"
	"nodecompare/results/report"
	tell "nodecompare/results/report/summary"
	"nodecompare/results/stat"
	"nodecompare/thorough"
)

// html is a record's page.
func html(t testing.TB, r *results.Record) []byte {
	t.Helper()
	f := formatNamed(t, report.Formats, "html")
	var page bytes.Buffer
	if err := f.Write(&page, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	return page.Bytes()
}

// lacking are records that lack something which the page would show.
func lacking(t testing.TB) map[string]*results.Record {
	t.Helper()
	all := map[string]*results.Record{}
	made := func(name string, modes int, change func(*results.Record)) {
		r := bench(t, modes, 1, 3)
		change(r)
		r.Verdicts = results.Judge(r)
		all[name] = r
	}
	rungs := func(change func(*results.Rung)) func(*results.Record) {
		return func(r *results.Record) {
			for i := range r.Trials {
				for j := range r.Trials[i].Rungs {
					change(&r.Trials[i].Rungs[j])
				}
			}
		}
	}
	made("one mode", 1, func(*results.Record) {})
	made("null", 2, func(r *results.Record) { r.Settings.Null = true })
	made("partial", 2, func(r *results.Record) {
		r.Partial, r.Trials = true, r.Trials[:1]
		r.Trials[0].Interrupted, r.Trials[0].Rungs = true, r.Trials[0].Rungs[:2]
	})
	made("no trials", 2, func(r *results.Record) { r.Trials = nil })
	made("no process figures", 2, rungs(func(g *results.Rung) {
		g.Process = nil
		g.Timeline.CPUS, g.Timeline.Threads, g.Timeline.RSSBytes = nil, nil, nil
	}))
	made("no timelines", 2, rungs(func(g *results.Rung) { g.Timeline = nil }))
	made("no answers", 2, rungs(func(g *results.Rung) {
		g.Errors, g.ErrorKinds = g.Requests, map[string]uint64{"timeout": g.Requests}
		g.ThroughputRPS, g.LatencyUS, g.Histogram, g.Codes = 0, results.Latency{}, "", nil
		g.Timeline.Requests = make([]uint64, len(g.Timeline.Requests))
	}))
	made("a broken histogram", 2, rungs(func(g *results.Rung) { g.Histogram = "HISTFAAA" }))
	made("all void", 2, rungs(func(g *results.Rung) {
		trust := results.Weigh(results.Evidence{LatencyUS: results.Latency{P50: -1}})
		g.Trust = &trust
	}))
	made("no trust, no selftest", 2, func(r *results.Record) {
		rungs(func(g *results.Rung) { g.Trust = nil })(r)
		r.Selftest, r.Settings.Pin = nil, results.Pin{}
	})
	return all
}

// unpacked returns a page without the data that its script draws, since packed letters may spell
// anything.
func unpacked(page string) string {
	before, packed, _ := strings.Cut(page, `id="data">`)
	_, after, _ := strings.Cut(packed, "<")
	return before + after
}

func TestPageOfLittle(t *testing.T) {
	for name, r := range lacking(t) {
		page := string(html(t, r))
		for _, want := range []string{"<h1 ", `id="answer"`, `id="reading"`, `id="w1"`, `id="conditions"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page has no %s", name, want)
			}
		}
		if page = unpacked(page); strings.Contains(page, "NaN") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a value could not be written", name)
		}
	}
}

// Six modes on seven workloads, in as many rounds as a bench makes by default, are the most that
// people measure at once. Each has a scene of its modes.
func TestPageSize(t *testing.T) {
	thorough.Only(t)
	for _, c := range []struct{ modes, workloads, most int }{{2, 2, 200_000}, {6, 7, 400_000}} {
		r := bench(t, c.modes, c.workloads, 6)
		r.Scene = playedScene(r.Settings.Modes)
		if size := len(html(t, r)); size > c.most {
			t.Errorf("%d modes on %d workloads: the page has %d bytes, want %d at most", c.modes,
				c.workloads, size, c.most)
		}
	}
}

func TestPageIsTheSameAgain(t *testing.T) {
	if !bytes.Equal(html(t, bench(t, 3, 2, 3)), html(t, bench(t, 3, 2, 3))) {
		t.Error("the same record gave two different pages")
	}
}

// What would make a browser load something: attributes, imports and URLs in styles. What script
// could ask for, the page's own policy forbids, and the browser test would see.
var loads = regexp.MustCompile(`(?i)(src|srcset|href|action|poster|data)\s*=\s*["']?\s*(https?:)?//|` +
	`@import|url\(\s*["']?\s*(https?:)?//|fetch\(|XMLHttpRequest|new WebSocket|sendBeacon`)

func TestPageLoadsNothing(t *testing.T) {
	page := html(t, bench(t, 2, 1, 2))
	if found := loads.Find(page); found != nil {
		t.Errorf("the page has %q", found)
	}
	policy := regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`).FindSubmatch(page)
	want := regexp.MustCompile(
		`^default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-[^' ]+'$`)
	if policy == nil || !want.Match(policy[1]) {
		t.Errorf("the page's policy is %q", policy)
	}
}

// Names and a server's last words come from outside.
func TestPageEscapes(t *testing.T) {
	const harm = `"'><script>alert(1)</script><!--</style>{{.}}&amp;`
	r := bench(t, 2, 1, 2)
	old := r.Settings.Modes[0].Name
	r.Settings.Modes[0].Name, r.Settings.Modes[0].Summary = harm, harm
	for i := range r.Trials {
		if r.Trials[i].Mode == old {
			r.Trials[i].Mode = harm
		}
	}
	w := &r.Settings.Workloads[0]
	w.Summary, w.Target, w.Note = harm, harm, harm
	r.Host.CPU, r.Host.Kernel, r.ToolVersion, r.Settings.Pin.Note = harm, harm, harm, harm
	failed(r, 1, harm)
	page := string(html(t, r))
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("the page has %d scripts, want the data and its own", n)
	}
	if strings.Contains(page, harm) {
		t.Error("the page has a text as it came from outside")
	}
	if n := strings.Count(page, "</style"); n != 2 { // the page's, and that without script
		t.Errorf("the style ends %d times", n)
	}
}

// drawn is one mode's series of a plot, as the page's data has it.
type drawn struct {
	Mode                 int
	Marks, Curve, Dashed bool
	X, Y, Low, High      []float64
	Span                 []float64
}

// spread fills in X, as the page's script does.
func (d *drawn) spread() {
	for k := range d.Y {
		if len(d.Span) == 2 {
			d.X = append(d.X, d.Span[0]*math.Pow(d.Span[1]/d.Span[0], float64(k)/float64(max(1, len(d.Y)-1))))
		}
	}
}

type shownFigure struct {
	ID   string
	Plot struct {
		X      struct{ Ticks []float64 }
		Series []drawn
	}
}

// shownData is what a page draws.
type shownData struct {
	Answer []struct {
		Model *struct{ Plot struct{ Series []drawn } }
		Bars  []struct {
			Title string
			More  bool
			Rows  []struct {
				Mode             int
				Value, Low, High float64
			}
		}
	}
	Parts []struct {
		ID       string
		Figures  []shownFigure
		Timeline struct {
			Trials []struct {
				Rungs []struct {
					Void bool
					Rate []float64
				}
			}
		}
		Tables []struct {
			Rows []struct {
				Name  string
				Cells []any // a figure, or a list of it and its interval
			}
		}
	}
}

// pageData unpacks the data that a page draws.
func pageData(t *testing.T, r *results.Record) (data shownData) {
	t.Helper()
	_, after, _ := strings.Cut(string(html(t, r)), `<script type="text/plain" id="data">`)
	text, _, found := strings.Cut(after, "</script>")
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !found {
		t.Fatalf("the page's data cannot be read: %v", err)
	}
	if err := json.NewDecoder(flate.NewReader(bytes.NewReader(packed))).Decode(&data); err != nil {
		t.Fatal(err)
	}
	for _, part := range data.Parts {
		for _, f := range part.Figures {
			for i := range f.Plot.Series {
				f.Plot.Series[i].spread()
			}
		}
	}
	return data
}

// plotted is what a plot shows.
func plotted(t *testing.T, r *results.Record, id string) []drawn {
	t.Helper()
	for _, part := range pageData(t, r).Parts {
		for _, f := range part.Figures {
			if f.ID == id {
				return f.Plot.Series
			}
		}
	}
	t.Fatalf("the page has no plot %s", id)
	return nil
}

// The points of a plot are the record's medians and intervals, of the runs that are not VOID.
func TestPageHasTheFigures(t *testing.T) {
	r := bench(t, 2, 1, 6)
	voided(r, 0, 2) // blocking in round 1 at 64 connections
	points := 0
	for _, s := range plotted(t, r, "w1-throughput") {
		if !s.Marks {
			continue
		}
		for i, x := range s.X {
			points++
			e, _ := r.Estimate("hello", r.Settings.Modes[s.Mode].Name, results.ClosedAt(int(x)), results.Throughput)
			for _, pair := range [][2]float64{{s.Y[i], e.Value}, {s.Low[i], e.Low}, {s.High[i], e.High}} {
				if got, want := fmt.Sprintf("%.4g", pair[0]), fmt.Sprintf("%.4g", pair[1]); got != want {
					t.Errorf("at %v connections the plot has %s, want %s", x, got, want)
				}
			}
		}
	}
	if points != 2*len(sampleLadder) {
		t.Errorf("%d points, want %d", points, 2*len(sampleLadder))
	}
	lines := pageData(t, r).Parts[0].Timeline
	if len(lines.Trials) != len(r.Trials) {
		t.Fatalf("want a timeline of %d trials", len(r.Trials))
	}
	for i, rung := range lines.Trials[0].Rungs {
		if rung.Void != (i == 2) {
			t.Errorf("rung %d is VOID: %v", i, rung.Void)
		}
	}
}

// The plot of latencies says what the table says, also where one round of several was a bad one:
// both are medians over the rounds.
func TestPageHasTheTablesLatencies(t *testing.T) {
	r := bench(t, 2, 1, 6)
	slow := hdr.New(1, int64(time.Hour), 3)
	for i := range r.Trials[0].Rungs {
		rung := &r.Trials[0].Rungs[i]
		if rung.Load != results.Common {
			continue
		}
		h, err := hdr.Decode([]byte(rung.Histogram))
		if err != nil {
			t.Fatal(err)
		}
		for _, bar := range h.Distribution() {
			if err := slow.RecordValues(100*bar.To, bar.Count); err != nil {
				t.Fatal(err)
			}
		}
		text, err := slow.Encode(hdr.V2CompressedEncodingCookieBase)
		if err != nil {
			t.Fatal(err)
		}
		rung.Histogram = string(text)
		rung.LatencyUS.P99 = float64(slow.ValueAtQuantile(99)) / 1e3
		rung.LatencyUS.P999 = float64(slow.ValueAtQuantile(99.9)) / 1e3
	}
	percentiles := map[float64]results.Figure{10: results.P90, 100: results.P99, 1000: results.P999}
	points := 0
	for _, s := range plotted(t, r, "w1-latency") {
		if !s.Marks {
			continue
		}
		for i, x := range s.X {
			f, ok := percentiles[x]
			if !ok {
				continue
			}
			points++
			e, _ := r.Estimate("hello", r.Settings.Modes[s.Mode].Name, results.AtCommon, f)
			if math.Abs(s.Y[i]/e.Value-1) > 0.001 {
				t.Errorf("%s of %s is %v in the plot, and %v in the table", f.Name, r.Settings.Modes[s.Mode].Name,
					s.Y[i], e.Value)
			}
		}
	}
	if points < 4 {
		t.Errorf("%d points", points)
	}
}

// The law's curve goes along the ladder, and dashed from its top to beyond the peak that it
// foretells.
func TestPageDrawsTheLaw(t *testing.T) {
	r := bench(t, 2, 1, 6)
	for i, f := range r.Verdicts[0].Findings {
		if f.Row != results.RowScalability {
			continue
		}
		one := func(v float64) stat.Estimate { return stat.Estimate{Value: v, Low: v, High: v, N: 6} }
		r.Verdicts[0].Findings[i].Scaling = []results.Scaling{
			{Mode: "blocking", USL: &results.USL{Lambda: one(1000), Sigma: one(0.02), Kappa: one(1e-5), Peak: 313},
				Most: 2000},
			{Mode: "async", USL: &results.USL{Lambda: one(1000), Sigma: one(0.02), Kappa: one(1e-7), Peak: 3130,
				Beyond: true}, Held: 2000, Most: 2000},
		}
	}
	var drawn []string
	for _, s := range plotted(t, r, "w1-throughput") {
		if s.Curve {
			drawn = append(drawn, fmt.Sprintf("%d: %.0f to %.0f at %.0f to %.0f, dashed %v", s.Mode, s.Y[0],
				s.Y[len(s.Y)-1], s.X[0], s.X[len(s.X)-1], s.Dashed))
		}
	}
	want := []string{"0: 1000 to 24700 at 1 to 2000, dashed false", "1: 1000 to 48330 at 1 to 2000, dashed false",
		"1: 48330 to 48450 at 2000 to 3912, dashed true"}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("curves (-want +got):\n%s", diff)
	}
}

// The first screen has the answer of the terminal: its claims, and the figures that they rest on.
func TestPageBeginsWithTheAnswer(t *testing.T) {
	r := bench(t, 3, 2, 6)
	a := tell.AnswerOf(r)
	page := string(html(t, r))
	screen, _, _ := strings.Cut(page, "<details")
	for _, c := range a.Claims {
		for _, want := range []string{c.Mark + "</span>" + c.Row, template.HTMLEscapeString(c.Text)} {
			if !strings.Contains(screen, want) {
				t.Errorf("the first screen lacks %q", want)
			}
		}
	}
	for _, row := range a.Rows[1:] {
		for _, l := range row.Lines {
			for _, c := range l.Cells {
				want := `<span class="figure">` + c.Text + `</span><span class="factor">` + c.Against()
				if !strings.Contains(screen, want) {
					t.Errorf("the ranking lacks %s, %s", c.Text, c.Against())
				}
			}
		}
	}
	for i, view := range pageData(t, r).Answer {
		l := a.Rows[1].Lines[i]
		if len(view.Bars) != 1 || len(view.Bars[0].Rows) != len(l.Cells) || view.Model == nil {
			t.Fatalf("%s has no plots of the claims: %+v", l.Workload, view)
		}
		for _, b := range view.Bars[0].Rows {
			if c := l.Cells[b.Mode]; math.Abs(b.Value/c.Value-1) > 0.001 || b.Low > b.Value || b.High < b.Value {
				t.Errorf("%s: the bar is %v, the figure %v", l.Workload, b, c.Value)
			}
		}
	}
}

// Doubt is in proportion: one banner where nothing should be quoted, and none elsewhere.
func TestPageWarnsOnce(t *testing.T) {
	good, bad := bench(t, 2, 1, 3), bench(t, 2, 1, 3)
	bad.Selftest.Verdict = results.SelftestNoisy
	const banner = `<p class="banner">`
	shown := func(r *results.Record) string {
		page := string(html(t, r))
		script := strings.Index(page, "<noscript><p")
		return page[:script]
	}
	if n := strings.Count(shown(good), banner); n != 0 {
		t.Errorf("a good bench has %d banners", n)
	}
	if page := shown(bad); strings.Count(page, banner) != 1 || !strings.Contains(page, "Do not quote these figures.") {
		t.Error("a noisy machine has not one banner")
	}
}

// What failed in the pilot is in the list of failures, before the trials.
func TestPageListsPilotFailures(t *testing.T) {
	r := bench(t, 2, 1, 2)
	r.PilotFailures = []results.Missing{{Mode: "async", Workload: "hello", Reason: "no answer came"}}
	r.Trials[0].Failure = "it exited"
	_, list, _ := strings.Cut(string(html(t, r)), "<h3>Failures</h3>")
	pilot := strings.Index(list, "<p><strong>async on hello, in the pilot.</strong> no answer came</p>")
	trial := strings.Index(list, "it exited")
	if pilot < 0 || trial < pilot {
		t.Errorf("the pilot's failure is at %d, a trial's at %d of %.300s", pilot, trial, list)
	}
}

// A factor of another figure than the one beside it says of which.
func TestPageNamesWhatAFactorIsOf(t *testing.T) {
	r := manyModes()
	f := &r.Verdicts[0].Findings[2]
	for i := range f.Comparisons {
		f.Comparisons[i].Metric, f.Comparisons[i].Rests = results.P99.Name, true
	}
	for mode, metric := range map[string]string{"async": results.P99.Name, "blocking": results.P99.Name,
		"node": "memory per connection"} {
		s := results.Standing{Mode: mode, Group: 2, Best: "async", Metric: metric, Ratio: 3.9, Low: 3.1, High: 4.8}
		if mode == "async" {
			s.Group, s.Ratio, s.Low, s.High = 1, 1, 1, 1
		}
		f.Standings = append(f.Standings, s)
	}
	page := render(t, "html", r, report.Options{})
	for _, want := range []string{"3.9× memory (3.1–4.8)", "3.9× (3.1–4.8)"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
