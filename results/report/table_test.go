package report_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"pgregory.net/rapid"

	"nodecompare/results"
	"nodecompare/results/report"
)

var update = flag.Bool("update", false, "write the golden files anew: go test ./results/report -update")

// render writes a record. What people get is two things, by the names here: the answer, and the
// table with all details.
func render(t interface{ Fatal(...any) }, format string, r *results.Record, o report.Options) string {
	o.Details = format == "table"
	if format == "answer" {
		format = "table"
	}
	f := formatNamed(t, report.Formats, format)
	var b bytes.Buffer
	if err := f.Write(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	at := func(columns int) report.Options { return report.Options{Width: columns} }
	for name, test := range map[string]struct {
		format string
		record *results.Record
		report.Options
	}{
		"answer-40":           {"answer", sample(), at(40)},
		"answer-80":           {"answer", sample(), at(80)},
		"answer-color":        {"answer", sample(), report.Options{Width: 80, Color: true}},
		"answer-one":          {"answer", one(), at(80)},
		"answer-three":        {"answer", three(), at(80)},
		"answer-three-wide":   {"answer", three(), at(120)},
		"answer-many":         {"answer", manyModes(), at(80)},
		"answer-many-40":      {"answer", manyModes(), at(40)},
		"answer-broken":       {"answer", broken(), at(80)},
		"answer-void":         {"answer", void(), at(80)},
		"answer-depends":      {"answer", depends(), at(80)},
		"answer-undecided":    {"answer", undecided(), at(80)},
		"answer-chat":         {"answer", chatting(), at(80)},
		"answer-chat-40":      {"answer", chatting(), at(40)},
		"answer-bare":         {"answer", bare(), at(80)},
		"answer-nothing":      {"answer", nothing(), at(80)},
		"table-40":            {"table", sample(), at(40)},
		"table-80":            {"table", sample(), at(80)},
		"table-140":           {"table", sample(), at(140)},
		"table-color":         {"table", sample(), report.Options{Width: 80, Color: true}},
		"table-one":           {"table", one(), at(80)},
		"table-three":         {"table", three(), at(80)},
		"table-three-wide":    {"table", three(), at(120)},
		"table-broken":        {"table", broken(), at(80)},
		"table-void":          {"table", void(), at(80)},
		"table-chat":          {"table", chatting(), at(80)},
		"table-bare":          {"table", bare(), at(80)},
		"table-nothing":       {"table", nothing(), at(80)},
		"table-null":          {"table", null(), at(80)},
		"table-null-40":       {"table", null(), at(40)},
		"table-depends-40":    {"table", depends(), at(40)},
		"table-depends":       {"table", depends(), at(80)},
		"markdown-depends":    {"markdown", depends(), at(0)},
		"markdown":            {"markdown", sample(), at(0)},
		"markdown-null":       {"markdown", null(), at(0)},
		"csv":                 {"csv", sample(), at(0)},
		"csv-broken":          {"csv", broken(), at(0)},
		"csv-chat":            {"csv", chatting(), at(0)},
		"benchfmt":            {"benchfmt", sample(), at(0)},
		"github-bigger":       {"github-bigger", sample(), at(0)},
		"github-smaller":      {"github-smaller", sample(), at(0)},
		"github-bigger-empty": {"github-bigger", nothing(), at(0)},
		"bmf":                 {"bmf", sample(), at(0)},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, test.format, test.record, test.Options)
			compareGolden(t, name+".golden", got)
		})
	}
}

var escape = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// Whatever was measured, of whatever servers, no line is wider than the terminal, colours change
// nothing but colours, and each figure is one for people.
func TestTableFitsItsWidth(t *testing.T) {
	figure := rapid.Custom(func(t *rapid.T) float64 {
		return rapid.Float64Range(1, 9.999).Draw(t, "figure") * []float64{0.01, 0.1, 1, 10, 100, 1e3, 1e4,
			1e5, 1e6, 1e7}[rapid.IntRange(0, 9).Draw(t, "power")]
	})
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom([]func() *results.Record{
			sample, one, three, broken, void, bare, nothing, null, depends, undecided, chatting}).Draw(t, "record")()
		for i := range r.Trials {
			for j := range r.Trials[i].Rungs {
				g := &r.Trials[i].Rungs[j]
				g.ThroughputRPS, g.LatencyUS.P50, g.LatencyUS.P99, g.LatencyUS.P999 = figure.Draw(t, "rps"),
					figure.Draw(t, "p50"), figure.Draw(t, "p99"), figure.Draw(t, "p99.9")
				if g.Process != nil {
					g.Process.CPUUSPerRequest, g.Process.RSSBytes = figure.Draw(t, "cpu"),
						uint64(100*figure.Draw(t, "memory"))
				}
			}
		}
		rename(r, rapid.SampledFrom([]string{"mine", "a-server-with-a-name-that-is-longer-than-any-column",
			"サーバー", "é"}).Draw(t, "name"))
		width := rapid.IntRange(40, 200).Draw(t, "width")
		plain := render(t, "table", r, report.Options{Width: width})
		for line := range strings.Lines(plain) {
			line = strings.TrimSuffix(line, "\n")
			if n := twwidth.WidthWithOptions(line, twwidth.Options{}); n > width {
				t.Fatalf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
			}
			if strings.Contains(line, "NaN") || strings.Contains(line, "Inf") || strings.Contains(line, "e+") {
				t.Fatalf("no figure for people: %s", line)
			}
		}
		if colored := render(t, "table", r,
			report.Options{Width: width, Color: true}); escape.ReplaceAllString(colored, "") != plain {
			t.Fatalf("without its colours it is another page:\n%s", colored)
		}
	})
}

// rename gives the last mode another name, wherever it stands.
func rename(r *results.Record, name string) {
	modes := r.Settings.Modes
	old := modes[len(modes)-1].Name
	swap := func(s *string) {
		if *s == old {
			*s = name
		}
	}
	for i := range modes {
		swap(&modes[i].Name)
	}
	for i := range r.Trials {
		swap(&r.Trials[i].Mode)
	}
	for _, v := range r.Verdicts {
		for _, f := range v.Findings {
			for i := range f.Words {
				swap(&f.Words[i].Mode)
			}
			for i := range f.Models {
				swap(&f.Models[i].Mode)
			}
			for i := range f.Scaling {
				swap(&f.Scaling[i].Mode)
			}
			for i := range f.Comparisons {
				swap(&f.Comparisons[i].A)
				swap(&f.Comparisons[i].B)
				swap(&f.Comparisons[i].Better)
			}
		}
	}
}

// A record that was saved renders as the one that had just been measured.
func TestSavedRecordRendersTheSame(t *testing.T) {
	for name, record := range map[string]*results.Record{"sample": sample(), "broken": broken(),
		"null": null(), "nothing": nothing()} {
		var saved bytes.Buffer
		if err := results.Encode(&saved, record); err != nil {
			t.Fatal(err)
		}
		loaded, err := results.Decode(&saved)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Formats {
			if render(t, f.Name, record, report.Options{}) != render(t, f.Name, loaded, report.Options{}) {
				t.Errorf("%s as %s differs after it was saved and loaded", name, f.Name)
			}
		}
	}
}

func TestJSONIsTheRecord(t *testing.T) {
	want := broken()
	got, err := results.Decode(strings.NewReader(render(t, "json", want, report.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
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
		for _, r := range []*results.Record{sample(), null()} {
			whole := len(render(t, f.Name, r, report.Options{Width: 80}))
			for _, room := range []int{0, whole / 3, whole - 1} {
				if err := f.Write(&fullDisk{room}, r, report.Options{Details: f.Name == "table"}); err == nil {
					t.Errorf("%s: no error though only %d of %d bytes were written", f.Name, room, whole)
				}
			}
		}
	}
}

// A mark in the table has its note below, and no mark stands without a reason.
func TestMarksHaveNotes(t *testing.T) {
	for _, test := range []struct {
		record *results.Record
		want   bool
	}{{sample(), true}, {bare(), false}} {
		page := render(t, "table", test.record, report.Options{Width: 80})
		lines := strings.Split(page, "\n")
		marked := slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, "│") && strings.Contains(l, "*")
		})
		noted := slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "* SUSPECT: ") })
		if marked != test.want || noted != test.want {
			t.Errorf("marked %v, noted %v, want %v:\n%s", marked, noted, test.want, page)
		}
	}
}

// A mode whose trials fall into two groups says so, and the others say nothing.
func TestTwoGroupsAreNoted(t *testing.T) {
	r := sample()
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			if y := r.Trials[i].Rungs[j].Yardstick; y != nil && r.Trials[i].Mode == "async" &&
				r.Trials[i].Workload == "hello" {
				y.RelativeCPU = []float64{0.86, 1.3}[r.Trials[i].Round%2]
			}
		}
	}
	page := render(t, "markdown", r, report.Options{})
	want := "Two groups:** of the trials of async 3 took some 0.86× the yardstick's CPU per request, and 3 some 1.3×"
	if strings.Count(page, want) != 1 || strings.Count(page, "Two groups") != 1 {
		t.Errorf("want %q once:\n%s", want, page)
	}
}

// compareGolden holds a text against a file of testdata; with -update the file is written first.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
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
}

// formatNamed is a line of one of the tables of formats.
func formatNamed[T any](t interface{ Fatal(...any) }, all []report.Format[T], name string) report.Format[T] {
	i := slices.IndexFunc(all, func(f report.Format[T]) bool { return f.Name == name })
	if i < 0 {
		t.Fatal("no format " + name)
	}
	return all[i]
}
