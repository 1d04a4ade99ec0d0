package report

import (
	"fmt"
	"io"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// writeSelftest writes a table for each engine, the reasons of failed checks, and remarks.
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
			p.paragraph(fmt.Sprintf("%s: %s, %s, %s: %s.", summary.SelftestWords[c.Verdict], c.Engine,
				c.Load, c.Figure, c.Reason))
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
	var rows [][]string
	for _, c := range checks {
		rows = append(rows, summary.SelftestRow(c))
	}
	p.box(box{head: summary.SelftestHead, rows: rows, right: []int{1, 2, 3, 4}})
	p.line("")
}
