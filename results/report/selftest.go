package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// SelftestFormat is a way to write a selftest.
type SelftestFormat struct {
	Name  string
	Write func(w io.Writer, s *results.Selftest, o Options) error
}

// SelftestFormats is the table of them.
var SelftestFormats = []SelftestFormat{
	{"table", writeSelftest},
	{"json", func(w io.Writer, s *results.Selftest, _ Options) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}},
}

var selftestWords = map[string]string{results.SelftestOK: "ok", results.SelftestNoisy: "NOISY", results.SelftestWrong: "WRONG"}

// writeSelftest writes a table for each engine, the reasons of what is not ok, and what follows.
func writeSelftest(out io.Writer, s *results.Selftest, o Options) error {
	p := newPage(out, o)
	for i, from := 0, 0; i < len(s.Checks); i++ {
		if i+1 == len(s.Checks) || s.Checks[i+1].Engine != s.Checks[i].Engine {
			p.selftest(s.Checks[from : i+1])
			from = i + 1
		}
	}
	for _, c := range s.Checks {
		if c.Reason != "" {
			p.paragraph(fmt.Sprintf("%s: %s, %s, %s: %s.", selftestWords[c.Verdict], c.Engine, c.Load, c.Figure, c.Reason))
		}
	}
	for _, remark := range selftestRemarks(s) {
		p.paragraph(remark)
	}
	return p.err
}

// selftest writes the checks of one engine.
func (p *page) selftest(checks []results.SelftestCheck) {
	p.line("Engine " + checks[0].Engine)
	if p.err != nil {
		return
	}
	t := tablewriter.NewTable(p.out,
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithRowAutoWrap(tw.WrapNone), tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignmentConfig(tw.CellAlignment{PerColumn: []tw.Align{
			tw.AlignLeft, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignRight, tw.AlignLeft,
		}}),
	)
	t.Header([]string{"Known answer", "Truth", "Measured", "Uncorrected", "Error", "Verdict"})
	for _, c := range checks {
		if p.err = t.Append(selftestRow(c)); p.err != nil {
			return
		}
	}
	if p.err = t.Render(); p.err == nil {
		p.line("")
	}
}

func selftestRow(c results.SelftestCheck) []string {
	write, truth, off := unit.Count[float64], "", unit.Missing
	switch c.Unit {
	case "us":
		write = unit.FineMicros
	case "requests/s":
		truth = "≥ "
	}
	if c.Truth > 0 && c.Unit != "requests/s" {
		off = unit.Deviation((c.Measured - c.Truth) / c.Truth)
	}
	uncorrected := ""
	if c.Uncorrected != nil {
		uncorrected = write(*c.Uncorrected)
	}
	name := c.Load
	if c.Figure != "rate" {
		name += ": " + c.Figure
	}
	return []string{name, truth + write(c.Truth), write(c.Measured), uncorrected, off, selftestWords[c.Verdict]}
}

func selftestRemarks(s *results.Selftest) []string {
	var all []string
	if s.Host != "" {
		all = append(all, s.Host)
	}
	if s.Partial {
		all = append(all, fmt.Sprintf("PARTIAL: it ended after %.1f s, before all was checked; the tables hold what was known by then.", s.ElapsedS))
	}
	switch s.Verdict {
	case results.SelftestWrong:
		return append(all, "WRONG TOOL: a figure is not what happened, and no noise of the machine explains it. Do not believe what is measured here; please report this.")
	case results.SelftestNoisy:
		return append(all, "NOISY MACHINE: here and now the truth cannot be measured, which says nothing against the tool. Stop what else runs, and try again. A machine that is quiet, and still gets this, is slow to wake a thread, as some virtual ones are.")
	}
	if s.Partial {
		return all
	}
	return append(all, fmt.Sprintf("All answers are right: this machine can be measured on, and the tool measures it. It took %.0f s.", s.ElapsedS))
}
