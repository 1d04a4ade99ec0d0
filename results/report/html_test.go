package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"nodecompare/results"
	"nodecompare/results/report"
	"nodecompare/results/stat"
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

func TestPageOfLittle(t *testing.T) {
	for name, r := range lacking(t) {
		page := string(html(t, r))
		for _, want := range []string{"<h1>", `id="verdict"`, `id="reading"`, `id="w1"`, `id="conditions"`} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page has no %s", name, want)
			}
		}
		if strings.Contains(page, "NaN") && !strings.Contains(page, "isNaN") || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%s: a value could not be written", name)
		}
	}
}

func TestPageSize(t *testing.T) {
	sizes := []struct{ modes, workloads, most int }{{2, 2, 600_000}}
	if os.Getenv("NODECOMPARE_CI") == "1" { // to make a record of that size takes seconds
		sizes = append(sizes, struct{ modes, workloads, most int }{6, 7, 2_500_000})
	}
	for _, c := range sizes {
		if size := len(html(t, bench(t, c.modes, c.workloads, 6))); size > c.most {
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
	if !bytes.Contains(page, []byte(`content="default-src 'none';`)) {
		t.Error("the page's policy lets it load something")
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
	if n := strings.Count(page, "</style"); n != 1 {
		t.Errorf("the style ends %d times", n)
	}
}

// drawn is one mode's series of a plot, as the page's data has it.
type drawn struct {
	Mode                 int
	Marks, Curve, Dashed bool
	X, Y, Low, High      []float64
}

// pageData reads the data that a page draws.
func pageData(t *testing.T, r *results.Record) (data struct {
	Plots []struct {
		ID     string
		Series []drawn
	}
	Timelines []struct {
		Trials []struct{ Rungs []struct{ Void bool } }
	}
}) {
	t.Helper()
	_, after, found := strings.Cut(string(html(t, r)), `<script type="application/json" id="data">`)
	text, _, _ := strings.Cut(after, "</script>")
	if err := json.Unmarshal([]byte(text), &data); err != nil || !found {
		t.Fatalf("the page's data cannot be read: %v", err)
	}
	return data
}

// plotted is what a plot shows.
func plotted(t *testing.T, r *results.Record, id string) []drawn {
	t.Helper()
	for _, p := range pageData(t, r).Plots {
		if p.ID == id {
			return p.Series
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
	lines := pageData(t, r).Timelines
	if len(lines) != 1 || len(lines[0].Trials) != len(r.Trials) {
		t.Fatalf("want one timeline of %d trials", len(r.Trials))
	}
	for i, rung := range lines[0].Trials[0].Rungs {
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
			drawn = append(drawn, fmt.Sprintf("%d: %.0f to %.0f at %v to %v, dashed %v", s.Mode, s.Y[0],
				s.Y[len(s.Y)-1], s.X[0], s.X[len(s.X)-1], s.Dashed))
		}
	}
	want := []string{"0: 1000 to 24700 at 1 to 2000, dashed false", "1: 1000 to 48330 at 1 to 2000, dashed false",
		"1: 48330 to 48450 at 2000 to 3912, dashed true"}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("curves (-want +got):\n%s", diff)
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
