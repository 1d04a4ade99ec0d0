package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"

	"nodecompare/results"
	"nodecompare/results/report"
	tell "nodecompare/results/report/summary"
)

// sampleMap is of those modes: the first ones cost more of a request, and computing drowns that.
func sampleMap(modes ...string) *results.Map {
	m := &results.Map{
		Tool: results.Tool, MapVersion: results.MapVersion, ToolVersion: "v1.2.3",
		Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), ElapsedS: 104.2,
		Host: results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18.44", Cores: 2, CPU: "AMD EPYC 7B13",
			Go: "go1.26.8", OpenFiles: 20000},
		Settings: results.MapSettings{
			Rounds: 6, Seed: 7, Pin: results.Pin{Asked: "auto", Server: "0", Generator: "1"},
			Waits: []int{0, 10, 100}, CPUs: []int{0, 100, 1000}, Connections: []int{16, 256},
		},
	}
	for _, name := range modes {
		m.Settings.Modes = append(m.Settings.Modes, results.Mode{Name: name, Summary: "the mode " + name})
	}
	for i, at := range m.Settings.Points() {
		for round := 1; round <= 6; round++ {
			for j, name := range modes {
				cost := float64(at.CPUUS) + 10*float64(len(modes)-j)
				rps := min(1e6/cost, 1e3*float64(at.Connections)/(float64(at.WaitMS)+cost/1e3))
				r := results.MapRun{
					MapPoint: at, Mode: name, Round: round, Requests: 1000,
					ThroughputRPS: wobbled(rps, round, i), PerRequestUS: 0.7*cost + 0.3*wobbled(cost, round, i+j),
					Trust: &results.Trust{Status: results.Valid, Reasons: []string{}},
				}
				if at.WaitMS == 100 && at.CPUUS == 100 { // a cell that one cannot tell
					r.ThroughputRPS *= 1 + 0.2*float64((round*7+j*round)%3)
					r.PerRequestUS *= 1 + 0.3*float64((round*5+j*round)%3)
				}
				m.Runs = append(m.Runs, r)
			}
		}
	}
	m.Judge()
	return m
}

// troubledMap has all that a map can suffer from.
func troubledMap() *results.Map {
	m := sampleMap("blocking", "async")
	m.Partial, m.Failures = true, []string{"blocking, round 3: server blocking: exited with status 1"}
	m.Settings.Missing = []results.Missing{{Mode: "node",
		Reason: "mode node: looking for Node.js: not found: install Node.js 20 or later"}}
	for i := range m.Runs {
		r := &m.Runs[i]
		switch {
		case r.WaitMS == 100 && r.CPUUS == 1000:
			r.Trust = &results.Trust{Status: results.Void}
		case r.WaitMS == 10 && r.Mode == "blocking" && r.Connections == 256:
			r.Errors = 500
		case r.WaitMS == 0 && r.CPUUS == 0:
			r.Trust = &results.Trust{Status: results.Suspect, Rules: []string{results.RuleGeneratorCPU}}
		}
	}
	m.Judge()
	return m
}

func renderMap(t testing.TB, format string, m *results.Map, o report.Options) string {
	t.Helper()
	f := formatNamed(t, report.MapFormats, format)
	var b strings.Builder
	if err := f.Write(&b, m, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMapGolden(t *testing.T) {
	for name, c := range map[string]struct {
		format string
		m      *results.Map
		report.Options
	}{
		"map-80":       {"table", sampleMap("blocking", "async"), report.Options{}},
		"map-40":       {"table", sampleMap("blocking", "async"), report.Options{Width: 40}},
		"map-details":  {"table", sampleMap("blocking", "async"), report.Options{Details: true}},
		"map-50":       {"table", sampleMap("blocking", "async"), report.Options{Width: 50, Details: true}},
		"map-colour":   {"table", sampleMap("blocking", "async"), report.Options{Width: 120, Color: true}},
		"map-three":    {"table", sampleMap("blocking", "goroutine", "async"), report.Options{}},
		"map-troubled": {"table", troubledMap(), report.Options{}},
		"map-csv":      {"csv", troubledMap(), report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := renderMap(t, c.format, c.m, c.Options)
			compareGolden(t, name+".golden", got)
		})
	}
}

func TestMapFitsItsWidth(t *testing.T) {
	for _, m := range []*results.Map{sampleMap("blocking", "async"),
		sampleMap("a-server-with-a-name-that-is-longer-than-any-column", "サーバー"), troubledMap()} {
		for _, width := range []int{40, 59, 60, 80, 100, 200} {
			for line := range strings.Lines(renderMap(t, "table", m, report.Options{Width: width}) +
				renderMap(t, "table", m, report.Options{Width: width, Details: true})) {
				line = strings.TrimSuffix(line, "\n")
				if n := twwidth.WidthWithOptions(line, twwidth.Options{}); n > width {
					t.Errorf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
				}
			}
		}
	}
}

// Each cell says in words what its colour says; nothing is loaded, and names from outside stay
// text.
func TestMapPage(t *testing.T) {
	const harm = `"'><script>alert(1)</script></style>{{.}}`
	m := sampleMap("blocking", "async")
	m.Host.CPU, m.Settings.Modes[0].Summary, m.Failures = harm, harm, []string{harm}
	page := renderMap(t, "html", m, report.Options{})
	for _, want := range []string{
		`<table class="heat"><caption>blocking and async on 256 connections</caption>`,
		`<th scope="row">no wait</th>`, `<th scope="col">computing 1 ms</th>`,
		`class="heat4 of1"><strong>async</strong><span class="line">rate: async `,
		`class="even"><strong>same</strong>`, `class="unknown"><strong>cannot tell</strong>`,
		`content="default-src 'none';`, `<summary>Figures</summary>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, harm) || strings.Contains(page, "<script") || strings.Count(page, "</style") != 1 {
		t.Error("the page has a text as it came from outside")
	}
	if found := loads.FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
	if page != renderMap(t, "html", m, report.Options{}) {
		t.Error("the same map gave two different pages")
	}
	if strings.Contains(page, "ZgotmplZ") || strings.Contains(unpacked(page), "NaN") {
		t.Error("a value could not be written")
	}
}

// Where noise hides most rates, the reader is told what would help.
func TestMapUnsure(t *testing.T) {
	const advice = "Most rates are undecided"
	m := sampleMap("blocking", "async")
	if strings.Contains(renderMap(t, "table", m, report.Options{Details: true}), advice) {
		t.Error("it is told where most rates are known")
	}
	for i := range m.Runs {
		m.Runs[i].ThroughputRPS *= 1 + float64((7*i+i*i)%5)
	}
	m.Judge()
	if got := renderMap(t, "table", m, report.Options{Width: 400, Details: true}); !strings.Contains(got, advice) {
		t.Errorf("it is not told:\n%s", got)
	}
}

// A map without a run says so everywhere, and divides by nothing.
func TestMapOfNothing(t *testing.T) {
	m := sampleMap("blocking", "async")
	m.Runs, m.Partial = nil, true
	m.Judge()
	for _, f := range report.MapFormats {
		if got := unpacked(renderMap(t, f.Name, m, report.Options{})); strings.Contains(got, "NaN") ||
			strings.Contains(got, "Inf") {
			t.Errorf("%s:\n%s", f.Name, got)
		}
	}
	if got := renderMap(t, "table", m, report.Options{}); !strings.Contains(got, "PARTIAL") ||
		!strings.Contains(got, "undecided in 18") {
		t.Errorf("the table says\n%s", got)
	}
}

// The place of what a mode wins is one that others are not in, and no bound that holds everywhere.
func TestMapPlaceIsNoBoundOfAll(t *testing.T) {
	m := &results.Map{Settings: results.MapSettings{Waits: []int{10}, CPUs: []int{0, 100, 1000},
		Connections: []int{16}}}
	p := results.MapPair{A: "blocking", B: "async"}
	for _, us := range m.Settings.CPUs {
		c := results.MapCell{MapPoint: results.MapPoint{WaitMS: 10, CPUUS: us, Connections: 16},
			Outcome: results.MapWins, Winner: "async"}
		if us == 1000 {
			c.Outcome, c.Winner = results.MapUnknown, ""
		}
		p.Cells = append(p.Cells, c)
	}
	got := tell.MapAnswer(m, p)
	if !strings.HasPrefix(got, "async wins 2 of 3 cells (computing 100 µs or less), ") {
		t.Error(got)
	}
}
