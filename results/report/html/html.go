// Package html writes one page that opens from disk: a record with plots, or a map as a heat map.
package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// The page's parts: its template, its style and script, and uPlot (page/uplot, with its licence).
//
//go:embed page
var pageParts embed.FS

// page.html is parsed when it is first needed, which is in few of the processes that this package
// is part of.
func pageTemplate() (*template.Template, error) {
	return template.ParseFS(pageParts, "page/page.html", "page/parts.html")
}

// recordPage is what page.html shows.
type recordPage struct {
	Title     string
	Policy    template.HTMLAttr
	Style     template.CSS
	Script    template.JS
	Record    *results.Record
	Heading   string
	Warnings  []string
	Remarks   []string
	Modes     []styledMode
	Article   verdict
	Workloads []workloadPart
	Cores     *coresPart // nil for none
	Interval  string     // what the intervals of this record are
	About     about
	Data      scriptData
}

// workloadPart is a workload's section.
type workloadPart struct {
	results.Workload
	ID       string
	Verdict  verdict
	Figures  []figure
	Missing  []string // what is not drawn, and why
	Timeline *timeline
	Runs     dataTable
}

// scriptData is what the script draws.
type scriptData struct {
	Modes     []string   `json:"modes"`
	Plots     []plot     `json:"plots"`
	Timelines []timeline `json:"timelines"`
}

// Write writes one page that needs nothing else: style, script and figures are in it, and its own
// policy forbids it to load anything. The same record gives the same bytes.
func Write(out io.Writer, r *results.Record) error {
	t, err := pageTemplate()
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	p := &recordPage{
		Title:    "nodecompare: " + strings.Join(modeNames(r), ", "),
		Record:   r,
		Heading:  summary.Heading(r),
		Interval: summary.IntervalNote(r.Settings.Rounds),
		Modes:    styledModes(r),
		Article:  articleVerdict(r),
		About:    aboutRecord(r),
		Cores:    coresSection(r),
	}
	for _, remark := range summary.Remarks(r) {
		if urgent(remark) {
			p.Warnings = append(p.Warnings, remark)
		} else {
			p.Remarks = append(p.Remarks, remark)
		}
	}
	if err := p.embed(); err != nil {
		return err
	}
	p.Data.Modes = modeNames(r)
	for i, w := range r.Settings.Workloads {
		h := workloadPart{Workload: w, ID: fmt.Sprintf("w%d", i+1), Runs: runsTable(r, w)}
		if i < len(r.Verdicts) {
			h.Verdict = verdictTable(r, w, r.Verdicts[i])
			h.Figures, h.Missing = workloadFigures(r, w, r.Verdicts[i], h.ID)
		}
		for _, f := range h.Figures {
			p.Data.Plots = append(p.Data.Plots, f.Plot)
		}
		if line := trialTimelines(r, w, h.ID); len(line.Trials) > 0 {
			h.Timeline = &line
			p.Data.Timelines = append(p.Data.Timelines, line)
		}
		p.Workloads = append(p.Workloads, h)
	}
	if err := t.ExecuteTemplate(out, "page.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// embed puts style and script into the page, and the script's hash into its policy: whatever a
// record has in its names, no other script runs, and nothing is loaded (W3C, Content Security
// Policy Level 3).
func (p *recordPage) embed() error {
	style, err := pageText("page/uplot/uPlot.min.css", "page/style.css", "page/print.css")
	if err != nil {
		return err
	}
	script, err := pageText("page/uplot/uPlot.iife.min.js", "page/format.js", "page/draw.js",
		"page/plots.js", "page/timeline.js", "page/page.js")
	if err != nil {
		return err
	}
	licence, err := pageText("page/uplot/LICENSE")
	if err != nil {
		return err
	}
	script = "/* uPlot:\n" + licence + "*/\n" + script // which asks to go with every copy
	hash := sha256.Sum256([]byte(script))
	p.Style, p.Script = template.CSS(style), template.JS(script)
	p.Policy = template.HTMLAttr(fmt.Sprintf(
		`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-%s'"`,
		base64.StdEncoding.EncodeToString(hash[:])))
	return nil
}

func pageText(names ...string) (string, error) {
	var all strings.Builder
	for _, name := range names {
		text, err := pageParts.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("read a part of the page: %w", err)
		}
		all.Write(text)
		all.WriteByte('\n')
	}
	return all.String(), nil
}

// workloadFigures are a workload's plots, and the names of those for which nothing was measured.
func workloadFigures(r *results.Record, w results.Workload, v results.Verdict, id string) (drawn []figure,
	absent []string) {
	if f, ok := latencyFigure(r, w, id); ok {
		drawn = append(drawn, f)
	} else {
		absent = append(absent, "Latency distribution: no run has a histogram that can be read.")
	}
	for _, p := range ladderPlots {
		f := p.draw(r, w, id)
		if len(f.Plot.Series) == 0 {
			absent = append(absent, p.title+": "+p.absent()+".")
			continue
		}
		if p.id == "throughput" {
			f.addLaw(r, w, v)
		}
		f.Plot.Y.Log = wantsLog(f.Plot.Series)
		drawn = append(drawn, f)
	}
	if f, ok := overloadFigure(r, w, id); ok {
		drawn = append(drawn, f)
	}
	return drawn, absent
}
