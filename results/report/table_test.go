package report_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nodecompare/results"
	"nodecompare/results/report"
)

var update = flag.Bool("update", false, "write the golden files anew: go test ./results/report -update")

// server is what one mode's server does at 1, 64 and 1,000 connections.
type server struct {
	rps, p50, p99, cpu [3]float64 // p50, p99, cpu in µs
	threads            [3]int
	memory             [3]uint64
	errors             uint64
}

var known = map[string]server{
	"blocking": {
		[3]float64{24_300, 33_300, 26_200}, [3]float64{38, 562, 21_000}, [3]float64{110, 4870, 57_600}, [3]float64{30, 24.1, 26},
		[3]int{61, 79, 1074}, [3]uint64{23_200_000, 26_700_000, 75_900_000}, 0,
	},
	"async": {
		[3]float64{21_800, 50_900, 28_900}, [3]float64{40, 751, 33_000}, [3]float64{120, 4380, 60_700}, [3]float64{20, 7.21, 8},
		[3]int{9, 9, 11}, [3]uint64{15_100_000, 15_400_000, 17_600_000}, 0,
	},
	"pool": {
		[3]float64{20_000, 33_000, 18_600}, [3]float64{38, 600, 21_000}, [3]float64{110, 4900, 2_614_000}, [3]float64{30, 24.3, 26},
		[3]int{209, 277, 280}, [3]uint64{28_000_000, 33_600_000, 53_300_000}, 812,
	},
}

func fixed(modes ...string) *results.Record {
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: "v1.2.3",
		Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), ElapsedS: 61.5,
		Host: results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18.44", Cores: 2, Go: "go1.26.8", OpenFiles: 20000},
		Settings: results.Settings{Profile: "standard", Rounds: 3, Seed: 7, Engine: "vegeta", Pin: results.Pin{Asked: "auto", Server: "0", Generator: "1"}, Workloads: []results.Workload{{
			Name: "hello", Method: "GET", Target: "/", Summary: "a fixed line of HTML: what the server itself costs",
			Ladder: []results.Step{{Connections: 1, DurationS: 0.5}, {Connections: 64, DurationS: 1.5}, {Connections: 1000, DurationS: 0.7}},
		}}},
	}
	for _, mode := range modes {
		r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: mode, Summary: "about " + mode})
	}
	for round := 1; round <= 3; round++ {
		for _, mode := range modes {
			s := known[mode]
			t := results.Trial{Workload: "hello", Mode: mode, Round: round, ElapsedS: 5}
			for i, connections := range []int{1, 64, 1000} {
				rung := results.Rung{
					Connections: connections, ElapsedS: 1, Requests: 10_000, Codes: map[int]uint64{200: 10_000}, ThroughputRPS: s.rps[i],
					InFlight:  0.9 * float64(connections),
					LatencyUS: results.Latency{Mean: s.p50[i], P50: s.p50[i], P90: s.p99[i], P99: s.p99[i], P999: s.p99[i], Max: s.p99[i]},
					Process:   &results.Process{CPUUSPerRequest: s.cpu[i], Threads: s.threads[i], RSSBytes: s.memory[i]},
				}
				if connections == 1000 && s.errors > 0 {
					rung.Errors = s.errors
					rung.ErrorKinds = map[string]uint64{"timeout": s.errors - 12, "reset": 12}
				}
				t.Rungs = append(t.Rungs, rung)
			}
			r.Trials = append(r.Trials, t)
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

// broken is a bench in which a server died, and which was then interrupted.
func broken() *results.Record {
	r := fixed("blocking", "async")
	r.Trials = r.Trials[:4]
	r.Trials[2].Rungs = r.Trials[2].Rungs[:1]
	r.Trials[2].Failure = "server blocking: pid 12 exited with status 2 though nobody asked it to; its last words: panic: no luck; to see it by hand, run: nodecompare serve --mode=blocking"
	r.Partial = true
	r.Verdicts = results.Judge(r)
	return r
}

// doubtful is a bench on a busy machine: its generator was at its limit, one round was stolen from, and async's first.
func doubtful() *results.Record {
	r := fixed("blocking", "async")
	r.Settings.Pin = results.Pin{Asked: "off", Note: "server and generator share all CPUs: pinning is off"}
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			g := &r.Trials[i].Rungs[j]
			e := results.Evidence{Elapsed: time.Second}
			if g.Connections > 1 {
				e.Generator = results.Generator{CPU: time.Second, Cores: 1}
			}
			if i == 1 && g.Connections == 64 {
				e.Stolen, e.Busy = time.Second, time.Second
			}
			if i == 2 && g.Connections == 1000 {
				e.Stolen, e.Busy = 50*time.Millisecond, time.Second
				g.Voided = &results.Trust{Status: results.Void, Reasons: []string{"stolen from"}, Rules: []string{"steal"}}
			}
			trust := results.Weigh(e)
			g.Trust = &trust
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

// void is a bench of which nothing is left for one mode.
func void() *results.Record {
	r := fixed("blocking", "async")
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			if r.Trials[i].Mode == "async" {
				trust := results.Weigh(results.Evidence{Stolen: time.Second, Busy: time.Second})
				r.Trials[i].Rungs[j].Trust = &trust
			}
		}
	}
	r.Verdicts = results.Judge(r)
	return r
}

func render(t interface{ Fatal(...any) }, format string, r *results.Record, width int) string {
	f, err := report.Named(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b, r, report.Options{Width: width}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTableGolden(t *testing.T) {
	bare := fixed("blocking", "async") // as on a system that does not tell what a process uses
	for i := range bare.Trials {
		for j := range bare.Trials[i].Rungs {
			bare.Trials[i].Rungs[j].Process = nil
		}
	}
	bare.Verdicts = results.Judge(bare)
	for name, test := range map[string]struct {
		record *results.Record
		width  int
	}{
		"two":        {fixed("blocking", "async"), 0},
		"three":      {fixed("blocking", "async", "pool"), 80},
		"three-wide": {fixed("blocking", "async", "pool"), 120},
		"one":        {fixed("async"), 80},
		"broken":     {broken(), 80},
		"doubtful":   {doubtful(), 80},
		"void":       {void(), 80},
		"no-process": {bare, 80},
		"nothing":    {&results.Record{Tool: results.Tool, Settings: fixed("async", "pool").Settings, Verdicts: results.Judge(&results.Record{Settings: fixed("async", "pool").Settings}), Partial: true}, 80},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, "table", test.record, test.width)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// Whatever was measured, no line is wider than the terminal, and every error and failure is told.
func TestTableFitsItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := fixed(rapid.SampledFrom([][]string{{"async"}, {"blocking", "async"}, {"pool", "async", "blocking"}}).Draw(t, "modes")...)
		figure := rapid.Custom(func(t *rapid.T) float64 {
			return rapid.Float64Range(1, 9.999).Draw(t, "figure") * []float64{0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7}[rapid.IntRange(0, 9).Draw(t, "power")]
		})
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs {
				g := &r.Trials[i].Rungs[j]
				g.ThroughputRPS, g.LatencyUS.P50, g.LatencyUS.P99 = figure.Draw(t, "rps"), figure.Draw(t, "p50"), figure.Draw(t, "p99")
				g.Process.CPUUSPerRequest, g.Process.RSSBytes = figure.Draw(t, "cpu"), uint64(100*figure.Draw(t, "memory"))
			}
		}
		r.Verdicts = results.Judge(r)
		width := rapid.IntRange(50, 200).Draw(t, "width")
		for line := range strings.Lines(render(t, "table", r, width)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
			}
			if strings.Contains(line, "NaN") || strings.Contains(line, "Inf") || strings.Contains(line, "e+") {
				t.Fatalf("no figure for people: %s", line)
			}
		}
	})
}

func TestJSONIsTheRecord(t *testing.T) {
	want := broken()
	got, err := results.Decode(strings.NewReader(render(t, "json", want, 0)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestUnknownFormatListsTheKnown(t *testing.T) {
	_, err := report.Named("yaml")
	if err == nil || !strings.Contains(err.Error(), `unknown format "yaml": the known ones are table, json`) {
		t.Errorf("got %v", err)
	}
}

type fullDisk struct{ room int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.room -= len(b); d.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(b), nil
}

func TestWriteErrorsAreReported(t *testing.T) {
	for _, f := range report.Formats {
		whole := len(render(t, f.Name, fixed("blocking", "async"), 80))
		for _, room := range []int{0, whole / 3, whole - 1} {
			if err := f.Write(&fullDisk{room}, fixed("blocking", "async"), report.Options{}); err == nil {
				t.Errorf("%s: no error though only %d of %d bytes were written", f.Name, room, whole)
			}
		}
	}
}
