package report

import (
	"fmt"
	"io"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/tw"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

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
			p.paragraph(fmt.Sprintf("%s: %s, %s, %s: %s.", summary.SelftestWords[c.Verdict], c.Engine, c.Load, c.Figure, c.Reason))
		}
	}
	for _, remark := range summary.SelftestRemarks(s) {
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
		if p.err = t.Append(summary.SelftestRow(c)); p.err != nil {
			return
		}
	}
	if p.err = t.Render(); p.err == nil {
		p.line("")
	}
}
