package report_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report"
	"nodecompare/results/stat"
)

// passed is a gate that found nothing worse. Like its variants it is written by hand, so that a
// change of the rules does not change what is tested here.
func passed() gate.Result {
	began := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	g := gate.Result{
		Outcome: gate.Pass, Reasons: []string{},
		Notes: []string{"tool: v1.2.3 in the old record, v1.3.0 in the new one"},
		Old:   gate.Side{ToolVersion: "v1.2.3", Started: began, Rounds: 6},
		New:   gate.Side{ToolVersion: "v1.3.0", Started: began.Add(26 * time.Hour), Rounds: 6},
	}
	for _, mode := range []string{"blocking", "async"} {
		add := func(metric, unit string, connections int, old, now, ratio float64) *gate.Change {
			e := func(v float64) stat.Estimate {
				return stat.Estimate{Value: v, Low: 0.97 * v, High: 1.04 * v, Confidence: 0.969, N: 6}
			}
			g.Changes = append(g.Changes, gate.Change{
				Workload: "hello", Mode: mode, Metric: metric, Unit: unit, At: results.ClosedAt(connections),
				Old: e(old), New: e(now),
				Ratio: ratio, Low: ratio - 0.014, High: ratio + 0.017, P: 1, Uncorrected: 0.4, Floor: 0.05,
				Margin: 0.10, LessIsBetter: true, Outcome: gate.Pass,
			})
			return &g.Changes[len(g.Changes)-1]
		}
		beside(add("CPU per request", "us", 64, 8.99, 9.84, 1.012))
		beside(add("throughput", "requests/s", 64, 86_900, 81_200, 0.998))
		add("share answered", "1", 1000, 1, 0.99987, 0.9999)
		add("memory", "bytes", 1000, 17_800_000, 17_600_000, 0.989)
		add("threads", "threads", 1000, 1055, 1061, 1.006)
		add("p99", "us", 64, 1680, 2140, 1.27).Outcome = gate.Shown
	}
	return g
}

// beside makes a change one of figures over the yardstick's.
func beside(c *gate.Change) { c.Relative, c.Scaled = true, c.Old.Value*c.Ratio }

func regressed() gate.Result {
	g := passed()
	g.Outcome = gate.Regressed
	c := &g.Changes[6]
	c.Outcome, c.Confirmed, c.Ratio, c.Low, c.High, c.P = gate.Regressed, true, 1.123, 1.091, 1.158, 0.0043
	beside(c)
	c.New = stat.Estimate{Value: 10.1, Low: 9.8, High: 10.4, Confidence: 0.969, N: 12}
	c.Reason = "CPU per request regressed, and a second run confirmed it: first +11.9% (+8.3% to +15.6%), " +
		"then +12.6% (+9.7% to +15.4%); the figures are of both runs"
	g.Reasons = []string{"async on hello: " + c.Reason}
	return g
}

func unconfirmed() gate.Result {
	g := passed()
	g.Outcome = gate.Regressed
	c := &g.Changes[3]
	c.Outcome, c.Ratio, c.Low, c.High = gate.Regressed, 12.34, 11.8, 13.1
	c.Reason = "memory regressed: +1134.0% (+1080.0% to +1210.0%)"
	g.Reasons = []string{"blocking on hello: " + c.Reason}
	return g
}

func inconclusive() gate.Result {
	g := passed()
	g.Outcome, g.MoreRounds = gate.Inconclusive, 4
	c := &g.Changes[1]
	c.Outcome, c.Low, c.High, c.MoreRounds = gate.Inconclusive, 0.771, 1.302, 4
	g.Reasons = []string{"1 figure is inconclusive: its interval reaches beyond what may be lost; about 4 " +
		"more rounds of both records would settle that"}
	return g
}

func invalid() gate.Result {
	g := passed()
	g.Outcome, g.Changes = gate.Invalid, []gate.Change{}
	g.Reasons = []string{
		"CPU: Model 7 in the old record, Model 8 in the new one: another machine: bench the old version on " +
			"this machine, and compare with that record",
		"profile: standard in the old record, quick in the new one: give --profile as it was, or bench the " +
			"old version again with the settings of now",
	}
	return g
}

func lost() gate.Result {
	g := passed()
	g.Outcome = gate.Invalid
	for i := range g.Changes[:6] {
		c := &g.Changes[i]
		c.Outcome, c.Ratio, c.Low, c.High = gate.Invalid, 0, 0, 0
		c.Reason = "6 of 6 trials in the new record failed or are VOID, and 6 good ones are needed: bench " +
			"it again, with more --rounds if this machine often makes them VOID"
		c.New = stat.Estimate{}
	}
	g.Reasons = []string{"blocking on hello: " + g.Changes[0].Reason}
	return g
}

func renderGate(t interface{ Fatal(...any) }, format string, g gate.Result, o report.Options) string {
	f := formatNamed(t, report.GateFormats, format)
	var b bytes.Buffer
	if err := f.Write(&b, g, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGateGolden(t *testing.T) {
	for name, test := range map[string]struct {
		gate    gate.Result
		format  string
		options report.Options
	}{
		"pass.table":          {passed(), "table", report.Options{}},
		"regressed.table":     {regressed(), "table", report.Options{}},
		"regressed.colour":    {regressed(), "table", report.Options{Color: true}},
		"regressed.narrow":    {regressed(), "table", report.Options{Width: 50}},
		"regressed.markdown":  {regressed(), "markdown", report.Options{}},
		"regressed.github":    {regressed(), "github", report.Options{}},
		"regressed.details":   {regressed(), "table", report.Options{Details: true}},
		"regressed.40":        {regressed(), "table", report.Options{Width: 40}},
		"regressed.120":       {regressed(), "table", report.Options{Width: 120}},
		"lost.details":        {lost(), "table", report.Options{Details: true, Width: 60}},
		"unconfirmed.table":   {unconfirmed(), "table", report.Options{Width: 60}},
		"inconclusive.table":  {inconclusive(), "table", report.Options{Width: 120}},
		"inconclusive.github": {inconclusive(), "github", report.Options{}},
		"invalid.table":       {invalid(), "table", report.Options{}},
		"invalid.markdown":    {invalid(), "markdown", report.Options{}},
		"invalid.github":      {invalid(), "github", report.Options{}},
		"lost.table":          {lost(), "table", report.Options{}},
		"pass.github":         {passed(), "github", report.Options{}},
		"regressed.json":      {regressed(), "json", report.Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := renderGate(t, test.format, test.gate, test.options)
			compareGolden(t, "gate-"+name+".golden", got)
		})
	}
}

// Whatever changed by however much, no line is wider than the terminal, and no figure is one for
// machines.
func TestGateTableFitsItsWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := regressed()
		figure := rapid.Custom(func(t *rapid.T) float64 {
			return rapid.Float64Range(1, 9.999).Draw(t, "figure") * []float64{0.01, 0.1, 1, 10, 100, 1e3,
				1e4, 1e5, 1e6, 1e7}[rapid.IntRange(0, 9).Draw(t, "power")]
		})
		for i := range g.Changes {
			c := &g.Changes[i]
			c.Old.Value, c.New.Value = figure.Draw(t, "old"), figure.Draw(t, "new")
			if c.Unit == "1" {
				c.Old.Value, c.New.Value = rapid.Float64Range(0, 1).Draw(t, "old"),
					rapid.Float64Range(0, 1).Draw(t, "new")
			}
			c.Ratio = figure.Draw(t, "ratio")
			c.Low, c.High = c.Ratio*rapid.Float64Range(0.01, 1).Draw(t, "low"),
				c.Ratio*rapid.Float64Range(1, 100).Draw(t, "high")
		}
		width := rapid.IntRange(40, 200).Draw(t, "width")
		o := report.Options{Width: width, Details: rapid.Bool().Draw(t, "details")}
		for line := range strings.Lines(renderGate(t, "table", g, o)) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
				t.Fatalf("a line of %d columns in a terminal of %d:\n%s", n, width, line)
			}
			if strings.Contains(line, "NaN") || strings.Contains(line, "Inf") || strings.Contains(line, "e+") {
				t.Fatalf("no figure for people: %s", line)
			}
		}
	})
}

// Names and reasons come from command lines and servers: they stay text in a table cell, and within
// one annotation.
func TestGateEscapes(t *testing.T) {
	g := regressed()
	for i := range g.Changes {
		g.Changes[i].Mode = "my|mode <b>,\n::error::"
	}
	g.Reasons = []string{"100% of it: \n::warning::no"}
	markdown := renderGate(t, "markdown", g, report.Options{})
	for line := range strings.Lines(markdown) {
		if strings.HasPrefix(line, "| hello") && len(regexp.MustCompile(`[^\\]\|`).FindAllString(line, -1)) != 8 {
			t.Errorf("a cell was broken open: %s", line)
		}
	}
	if strings.Contains(markdown, "<b>") {
		t.Errorf("HTML went through:\n%s", markdown)
	}
	commands := 0
	for line := range strings.Lines(renderGate(t, "github", g, report.Options{})) {
		commands++
		if !strings.HasPrefix(line, "::error title=") {
			t.Errorf("a command of another's making: %s", line)
		}
	}
	if commands != 2 {
		t.Errorf("%d annotations, want one for the regression and one for the outcome", commands)
	}
}

func TestGateJSONIsTheGate(t *testing.T) {
	var got gate.Result
	want := regressed()
	if err := json.Unmarshal([]byte(renderGate(t, "json", want, report.Options{})), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(gate.Change{})); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestGateWriteErrorsAreReported(t *testing.T) {
	for _, f := range report.GateFormats {
		whole := len(renderGate(t, f.Name, regressed(), report.Options{}))
		for _, room := range []int{0, whole / 3, whole - 1} {
			if err := f.Write(&fullDisk{room}, regressed(), report.Options{}); err == nil {
				t.Errorf("%s: no error though only %d of %d bytes were written", f.Name, room, whole)
			}
		}
	}
}
