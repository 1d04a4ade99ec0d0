package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results"
)

const (
	defaultWidth = 80
	narrowest    = 40 // below it a table is no use; a terminal that says it is narrower gets lines that it breaks itself
	leastColumn  = 22 // columns of text of one mode: the shortest in which the figures' lines still stand whole
)

// writeTable writes, for each workload, the article's table with what was measured, and what follows from it.
func writeTable(out io.Writer, r *results.Record, o Options) error {
	width := o.Width
	if width == 0 {
		width = defaultWidth
	}
	width = max(width, narrowest)
	p := &page{out: out, width: width}
	p.paragraph(heading(r))
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) {
			p.workload(r, w, r.Verdicts[i])
		}
	}
	for _, s := range remarks(r) {
		p.line("")
		p.paragraph(s)
	}
	return p.err
}

func heading(r *results.Record) string {
	s := r.Settings
	cores := "cores"
	if r.Host.Cores == 1 {
		cores = "core"
	}
	selftest := ""
	if r.Selftest != nil {
		selftest = fmt.Sprintf("Selftest: %s. ", r.Selftest.Verdict)
	}
	return fmt.Sprintf("%s %s on %s/%s, %d %s, kernel %s, %s. Profile %s, rounds: %d, seed %d. %s%sEach figure is the median of the rounds.",
		r.Tool, r.ToolVersion, r.Host.OS, r.Host.Arch, r.Host.Cores, cores, r.Host.Kernel, r.Host.Go, s.Profile, s.Rounds, s.Seed, loadOf(s), selftest)
}

// loadOf says what drove the load, and on which CPUs; "" where the record does not tell.
func loadOf(s results.Settings) string {
	if s.Engine == "" {
		return ""
	}
	where := s.Pin.Note
	if s.Pin.Server != "" {
		where = fmt.Sprintf("servers on CPU %s, load on CPU %s", s.Pin.Server, s.Pin.Generator)
		if s.Pin.Note != "" {
			where += " (" + s.Pin.Note + ")"
		}
	}
	return fmt.Sprintf("Load by %s; %s. ", s.Engine, where)
}

// page writes lines and remembers the first error.
type page struct {
	out   io.Writer
	width int
	err   error
}

func (p *page) line(s string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.out, s)
	}
}

func (p *page) paragraph(s string) {
	for _, l := range wrap(s, p.width, "  ") {
		p.line(l)
	}
}

func (p *page) workload(r *results.Record, w results.Workload, v results.Verdict) {
	p.line("")
	p.paragraph(fmt.Sprintf("%s: %s %s, %s", w.Name, w.Method, w.Target, w.Summary))
	labels := []string{
		"Feature",
		results.RowExecution,
		fmt.Sprintf("%s\n%s connections", results.RowPerformance, count(float64(w.Base()))),
		fmt.Sprintf("%s\n%s\nconnections", results.RowScalability, ladder(w)),
	}
	labelWidth := 0
	for _, l := range labels {
		labelWidth = max(labelWidth, textWidth(l))
	}
	// A column takes its text, a space at each side and one border; the leftmost border is the first column's.
	room := p.width - (labelWidth + 4)
	fit := min(max(room/(leastColumn+3), 1), len(r.Settings.Modes))
	columns := make([][]string, len(r.Settings.Modes))
	widest := 0 // of all the modes, so that tables that stand below each other are of one width
	for i, m := range r.Settings.Modes {
		columns[i] = []string{m.Name}
		for _, c := range column(r, w, v, m.Name) {
			columns[i] = append(columns[i], cellLines(c, max(room/fit-3, 1)))
		}
		for _, text := range columns[i] {
			widest = max(widest, textWidth(text))
		}
	}
	for part := range slices.Chunk(columns, fit) {
		p.table(labels, part, labelWidth, widest)
	}
	if w.Note != "" {
		p.paragraph(w.Note)
	}
	for _, s := range slices.Concat(sentences(w, v), doubts(r, w)) {
		p.paragraph(s)
	}
}

func ladder(w results.Workload) string {
	var parts []string
	for _, n := range rungsShown(w) {
		parts = append(parts, count(float64(n)))
	}
	return strings.Join(parts, " → ")
}

// table writes columns of a header and three cells each, all of one width.
func (p *page) table(labels []string, columns [][]string, labelWidth, columnWidth int) {
	if p.err != nil {
		return
	}
	const padding = 2 // that tablewriter counts as part of the width
	widths := tw.Mapper[int, int]{0: labelWidth + padding}
	rows := make([][]string, len(labels))
	for i, l := range labels {
		rows[i] = []string{l}
		for j, c := range columns {
			rows[i] = append(rows[i], c[i])
			widths[j+1] = columnWidth + padding
		}
	}
	t := tablewriter.NewTable(p.out,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		// The lines are broken already, to the width of the terminal, which the library does not know.
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithColumnWidths(widths),
		tablewriter.WithHeaderAlignment(tw.AlignLeft), tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Settings: tw.Settings{Separators: tw.Separators{BetweenRows: tw.On}},
		})),
	)
	t.Header(rows[0])
	if p.err = t.Bulk(rows[1:]); p.err == nil {
		p.err = t.Render()
	}
}

// remarks are what a reader must know beside the tables: failed trials, an interruption, where the rules are.
func remarks(r *results.Record) []string {
	var all []string
	for _, t := range r.Trials {
		if t.Failure != "" {
			all = append(all, fmt.Sprintf("FAILED: %s on %s, round %d: %s", t.Mode, t.Workload, t.Round, t.Failure))
		}
	}
	if r.Partial {
		all = append(all, fmt.Sprintf("PARTIAL: the bench was interrupted; the tables hold what %d trials had measured by then.", len(r.Trials)))
	}
	return append(all, "The rules behind the words, and what every figure means: docs/method.md.")
}
