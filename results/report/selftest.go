package report

import (
	"fmt"
	"io"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

var selftestLooks = map[string]style{
	results.SelftestOK: good, results.SelftestNoisy: lesser, results.SelftestWrong: bad,
}

// mostReasonsOff is of how many wrong answers the short form has the reason.
const mostReasonsOff = 2

// writeSelftest writes whether this machine can be measured on, in the first line and in the last,
// and why: a line for each load of the short form, or with Details every figure.
func writeSelftest(out io.Writer, s *results.Selftest, o Options) error {
	p := newPage(out, o)
	word, sentence := summary.SelftestAnswer(s)
	look := selftestLooks[s.Verdict]
	p.headline(look, word, sentence)
	for i, from := 0, 0; i < len(s.Checks); i++ {
		if i+1 == len(s.Checks) || s.Checks[i+1].Engine != s.Checks[i].Engine {
			p.line("")
			p.line(p.paint(strong, "Engine "+s.Checks[from].Engine))
			if o.Details {
				p.selftest(s.Checks[from : i+1])
			} else {
				p.selftestLoads(s.Checks[from : i+1])
			}
			from = i + 1
		}
	}
	p.line("")
	left := mostReasonsOff
	if o.Details {
		left = len(s.Checks)
	}
	for _, c := range s.Checks {
		if c.Reason != "" && left > 0 {
			p.paragraph(fmt.Sprintf("%s: %s, %s, %s: %s.", summary.SelftestWords[c.Verdict], c.Engine, c.Load, c.Figure,
				c.Reason))
			left--
		}
	}
	for _, remark := range summary.SelftestRemarks(s) {
		p.paragraph(remark)
	}
	for _, m := range o.More {
		p.paragraph(m)
	}
	p.headline(look, word, sentence)
	return p.err
}

// selftestLoads is a line for each load: the figure that was farthest off, of all that were read.
func (p *page) selftestLoads(checks []results.SelftestCheck) {
	rows := [][]string{{"known answer", "truth", "measured", "error", ""}}
	for from := 0; from < len(checks); {
		to := from
		for to < len(checks) && checks[to].Load == checks[from].Load {
			to++
		}
		row := summary.SelftestRow(summary.SelftestWorst(checks[from:to]))
		rows = append(rows, []string{row[0], row[1], row[2], row[4], row[5]})
		from = to
	}
	if p.aligned(rows, 1, 2, 3) {
		return
	}
	for _, row := range rows[1:] {
		p.item("  ", fmt.Sprintf("%s: %s, measured %s (%s): %s", row[0], row[1], row[2], row[3], row[4]))
	}
}

// selftest writes the checks of one engine, all figures of them.
func (p *page) selftest(checks []results.SelftestCheck) {
	rows := [][]string{summary.SelftestHead}
	for _, c := range checks {
		rows = append(rows, summary.SelftestRow(c))
	}
	if p.aligned(rows, 1, 2, 3, 4) {
		return
	}
	for _, row := range rows[1:] {
		p.item("  ", strings.Join(strings.Fields(fmt.Sprintf("%s: %s, measured %s, uncorrected %s (%s): %s",
			row[0], row[1], row[2], row[3], row[4], row[5])), " "))
	}
}
