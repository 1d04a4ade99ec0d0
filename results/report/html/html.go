// Package html writes one page that opens from disk: a record with plots, or a map as a heat map.
package html

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// The page's parts: its template, its style and script, and uPlot (page/uplot, with its licence).
//
//go:embed page
var pageParts embed.FS

// pageTemplate parses a page when it is first needed, which is in few of the processes that this
// package is part of.
func pageTemplate(name string) (*template.Template, error) {
	t, err := template.ParseFS(pageParts, "page/"+name, "page/parts.html")
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	return t, nil
}

// recordPage is what page.html shows.
type recordPage struct {
	embedded
	Title     string
	Record    *results.Record
	Made      string // when, and on what
	Answer    answer
	Heading   string
	Remarks   []string
	Modes     []styledMode
	Article   verdict
	Workloads []workloadPart
	Cores     *coresPart // nil for none
	Scene     *scenePart // nil for none
	Watching  bool       // the scene is open: there is nothing else to see yet
	Interval  string     // what the intervals of this record are
	About     about
}

// embedded is what each page has in it besides its words.
type embedded struct {
	Policy template.HTMLAttr
	Style  template.CSS
	Script template.JS
	Data   template.HTML // packed, and nothing but base64
}

// workloadPart is a workload's part. The script makes its tables and plots.
type workloadPart struct {
	results.Workload
	ID      string
	Verdict verdict
	Missing []string // what is not drawn, and why
}

// Write writes one page that needs nothing else: style, script and figures are in it, and its own
// policy forbids it to load anything. The same record gives the same bytes.
func Write(out io.Writer, r *results.Record) error { return write(out, r, false) }

// WriteLive writes the page of a bench that goes on. It asks the server that it came from for
// events at /events, and for itself at / after each trial, until that is what Write writes.
func WriteLive(out io.Writer, r *results.Record) error { return write(out, r, true) }

func write(out io.Writer, r *results.Record, live bool) error {
	t, err := pageTemplate("page.html")
	if err != nil {
		return err
	}
	p := &recordPage{
		Title:    "nodecompare: " + strings.Join(modeNames(r), ", "),
		Record:   r,
		Made:     madeWhere(r),
		Answer:   answerOf(r),
		Heading:  summary.Heading(r),
		Remarks:  summary.Remarks(r),
		Interval: summary.IntervalNote(summary.Rounds(r)),
		Modes:    styledModes(r),
		Article:  articleVerdict(r),
		About:    aboutRecord(r),
		Cores:    coresSection(r),
		Scene:    recordScene(r),
		Watching: live && len(r.Trials) == 0,
	}
	data := scriptData{Modes: modeNames(r)}
	if len(p.Article.Sections) > 0 {
		data.Parts = append(data.Parts, partData{ID: "article", Words: &p.Article})
	}
	if p.Scene != nil {
		data.Parts = append(data.Parts, partData{ID: "scene", Scene: sceneDataOf(r.Scene)})
	}
	for i, w := range r.Settings.Workloads {
		part := workloadPart{Workload: w, ID: fmt.Sprintf("w%d", i+1)}
		of := partData{ID: part.ID, Tables: []dataTable{runsTable(r, w)}}
		if i < len(r.Verdicts) {
			part.Verdict = verdictTable(r, w, r.Verdicts[i])
			if len(part.Verdict.Sections) > 0 {
				of.Words = &part.Verdict
			}
			of.Figures, part.Missing = workloadFigures(r, w, r.Verdicts[i], part.ID)
			data.Answer = append(data.Answer, p.Answer.claimViewOf(r, w, r.Verdicts[i], part.ID))
		}
		if line := trialTimelines(r, w, part.ID); len(line.Trials) > 0 {
			of.Timeline = &line
		}
		data.Parts = append(data.Parts, of)
		p.Workloads = append(p.Workloads, part)
	}
	if p.embedded, err = embedding(data, live); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(out, "page.html", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// madeWhere is when a record was made, and on what, in a line.
func madeWhere(r *results.Record) string {
	cpu := r.Host.CPU
	if cpu == "" {
		cpu = r.Host.OS + "/" + r.Host.Arch
	}
	return fmt.Sprintf("%s UTC, %s, %s", r.Started.UTC().Format("2 January 2006, 15:04"), cpu,
		unit.Counted(r.Host.Cores, "core"))
}

// Parts of the page of a record, and of records over time.
var (
	recordStyles = []string{"page/uplot/uPlot.min.css", "page/style.css", "page/answer.css", "page/scene.css",
		"page/print.css"}
	recordScripts = []string{"page/uplot/uPlot.iife.min.js", "page/data.js", "page/format.js", "page/draw.js",
		"page/plots.js", "page/timeline.js", "page/tables.js", "page/scene.js", "page/parts.js", "page/answer.js",
		"page/page.js"}
)

// embedding puts style, script and data into the page of a record, and its policy.
func embedding(data scriptData, live bool) (embedded, error) {
	if !live {
		return embeddingOf(data, "", recordStyles, recordScripts)
	}
	return embeddingOf(data, asksServer, append(slices.Clone(recordStyles), "page/live.css"),
		append(slices.Clone(recordScripts), "page/live.js"))
}

// embeddingOf puts some files and data into a page, and its policy, which allows nothing more than
// that and what more says.
func embeddingOf(data any, more string, styles, scripts []string) (e embedded, err error) {
	style, err := pageText(styles...)
	if err != nil {
		return e, err
	}
	script, err := pageText(scripts...)
	if err != nil {
		return e, err
	}
	script = unindented(script)
	if slices.ContainsFunc(scripts, func(name string) bool { return strings.HasPrefix(name, "page/uplot/") }) {
		licence, err := pageText("page/uplot/LICENSE")
		if err != nil {
			return e, err
		}
		script = "/* uPlot:\n" + licence + "*/\n" + script // which asks to go with every copy
	}
	if e.Data, err = packed(data); err != nil {
		return e, err
	}
	e.Style, e.Script, e.Policy = template.CSS(style), template.JS(script), policy(script, more)
	return e, nil
}

// unindented leaves out what a script has for those who write it: indentation, and lines that are
// comments. A page is some kilobytes smaller for it.
func unindented(script string) string {
	var all strings.Builder
	for line := range strings.Lines(script) {
		if line = strings.TrimLeft(line, " "); !strings.HasPrefix(line, "//") && line != "\n" {
			all.WriteString(line)
		}
	}
	return all.String()
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
	for _, p := range plotsOf(w) {
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
