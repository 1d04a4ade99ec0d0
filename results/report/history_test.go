package report_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report"
	"nodecompare/thorough"
)

// history is of five benches of the sample, a week apart: the first one on another machine, and the
// last with a tenth more CPU in async's requests.
func history() gate.History {
	var records []gate.Named
	for week := range 5 {
		r := sample()
		r.Started = r.Started.Add(time.Duration(week) * 7 * 24 * time.Hour)
		if week == 0 {
			r.Host.CPU = "another one"
		}
		for i := range r.Trials {
			r.Trials[i].Started = r.Trials[i].Started.Add(time.Duration(week) * 7 * 24 * time.Hour)
			for j := range r.Trials[i].Rungs {
				change(&r.Trials[i].Rungs[j], week, r.Trials[i].Mode == "async" && week == 4)
			}
		}
		records = append(records, gate.Named{Name: fmt.Sprintf("week-%d.json", week), Record: r})
	}
	return gate.Trace(records)
}

// change makes the machine slower by a percent a week, which the yardstick feels as well.
func change(g *results.Rung, week int, worse bool) {
	g.Trust = &results.Trust{Status: results.Valid, Reasons: []string{}}
	g.Process.CPUUSPerRequest *= 1 + 0.01*float64(week)
	if worse {
		g.Process.CPUUSPerRequest *= 1.1
	}
	if g.Yardstick != nil {
		g.Yardstick.CPUUS *= 1 + 0.01*float64(week)
		if worse {
			g.Yardstick.RelativeCPU *= 1.1
		}
	}
}

func renderHistory(t testing.TB, format string, h gate.History, o report.Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := formatNamed(t, report.HistoryFormats, format).Write(&b, h, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHistoryGolden(t *testing.T) {
	for name, width := range map[string]int{"history-40": 40, "history-80": 80, "history-140": 140} {
		compareGolden(t, name+".golden", renderHistory(t, "table", history(), report.Options{Width: width}))
	}
}

// What the machine does to yardstick and server alike is no change; what the server does is one.
func TestHistoryIsHeldAgainstTheYardstick(t *testing.T) {
	for _, l := range history().Lines {
		if l.Metric != results.CPUPerRequest.Name || !l.Relative || l.Workload != "hello" {
			continue
		}
		for week, want := range []float64{1, 1, 1, 1, map[string]float64{"async": 1.1}[l.Mode]} {
			if week == 4 && l.Mode != "async" {
				want = 1
			}
			got := l.Figures[week].Value / l.Figures[1].Value
			if week > 0 && (got < want-0.005 || got > want+0.005) {
				t.Errorf("%s in week %d: %.3f times that of week 1, want %.3f", l.Mode, week, got, want)
			}
		}
	}
}

func TestHistoryJSONIsTheHistory(t *testing.T) {
	var got gate.History
	if err := json.Unmarshal([]byte(renderHistory(t, "json", history(), report.Options{})), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Moments) != 5 || got.Since != 1 || got.Latest.Outcome != gate.Regressed ||
		len(got.Moments[1].Apart) == 0 {
		t.Errorf("read %d moments since %d, %s", len(got.Moments), got.Since, got.Latest.Outcome)
	}
}

func TestHistoryEscapes(t *testing.T) {
	h := history()
	h.Moments[1].Name, h.Moments[1].Apart[0] = "</script><b>", "<script>alert(1)</script>"
	page := renderHistory(t, "html", h, report.Options{})
	if strings.Contains(page, "<b>") || strings.Count(page, "<script") != 2 {
		t.Error("the page has a text as it came from outside")
	}
	if found := loads.FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// Each figure is drawn, wide and narrow, and nothing is asked of anybody.
func TestHistoryInBrowser(t *testing.T) {
	thorough.Only(t)
	file := filepath.Join(t.TempDir(), "history.html")
	if err := os.WriteFile(file, []byte(renderHistory(t, "html", history(), report.Options{})), 0o600); err != nil {
		t.Fatal(err)
	}
	browser := start(t)
	for _, wide := range []int64{1280, 390} {
		v := open(t, browser, file, wide, false)
		v.do(t, chromedp.Poll(`document.querySelector(".plot canvas") !== null`, nil,
			chromedp.WithPollingTimeout(0)))
		plots := ask[[]painted](t, v, paintedPlots)
		if len(plots) < 10 {
			t.Errorf("%d plots", len(plots))
		}
		for _, p := range plots {
			if p.Width < 200 || p.Height < 100 || p.Pixels < 500 || !p.Colour {
				t.Errorf("plot %s is not drawn: %+v", p.ID, p)
			}
		}
		if over := ask[int](t, v, tooWide); over > 0 {
			t.Errorf("at a width of %d the page is %d pixels too wide", wide, over)
		}
		v.quiet(t)
	}
}
