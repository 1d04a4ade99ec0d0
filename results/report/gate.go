package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// outcomeWords are the outcomes as written in a table. Outcomes worse than inconclusive stand out.
var outcomeWords = map[string]string{
	gate.Pass: "pass", gate.Inconclusive: "inconclusive", gate.Regressed: "REGRESSED",
	gate.Invalid: "INVALID", gate.Shown: "shown",
}

var outcomeLooks = map[string]style{
	gate.Pass: good, gate.Inconclusive: lesser, gate.Regressed: bad, gate.Invalid: bad, gate.Shown: plain,
}

var gateHead = []string{"Metric", "Old", "New", "Change", "Outcome"}

// gateRow returns a change as a row below gateHead. Its change is that of the two figures beside
// it.
func gateRow(c gate.Change) []string {
	shown := c.New.Value
	if c.Scaled > 0 {
		shown = c.Scaled
	}
	old, newer := gateFigures(c, shown)
	return []string{c.Metric, old, newer, changed(c), outcomeWords[c.Outcome]}
}

// gateFigures returns the figures of a row, both in one unit unless one of them would then have no
// digits.
func gateFigures(c gate.Change, newer float64) (string, string) {
	write := unit.Writer(c.Unit)
	scales, after := map[string][]unit.Scale{"us": unit.Durations, "bytes": unit.Sizes,
		"requests/s": unit.Rates}[c.Unit], ""
	switch {
	case c.Unit == "trials":
		return fmt.Sprintf("%.0f of %d", c.Old.Value, c.Old.N), fmt.Sprintf("%.0f of %d", c.New.Value, c.New.N)
	case c.Unit == "1":
		write = func(v float64) string { return unit.Rounded(100*v, 5) + "%" } // 99.98% is not 100%
	case c.Unit == "requests/s":
		after = "/s"
	case scales != nil:
		after = " "
	}
	if scales != nil {
		write = func(v float64) string {
			s := unit.Fitting(v, scales)
			if most := unit.Fitting(max(c.Old.Value, newer), scales); v >= 0.1*most.One {
				s = most
			}
			if after == " " {
				return unit.Digits(v/s.One) + " " + s.Name
			}
			return unit.Digits(v/s.One) + s.Name + after
		}
	}
	figure := func(v float64, n int) string {
		if n == 0 {
			return unit.Missing
		}
		return write(v)
	}
	return figure(c.Old.Value, c.Old.N), figure(newer, c.New.N)
}

// changed writes the change and its interval.
func changed(c gate.Change) string {
	if c.Ratio == 0 {
		return unit.Missing
	}
	return c.InWords()
}

// gatePairs groups the changes by mode and workload.
func gatePairs(g gate.Result) [][]gate.Change {
	var pairs [][]gate.Change
	for i, c := range g.Changes {
		if i == 0 || c.Workload != g.Changes[i-1].Workload || c.Mode != g.Changes[i-1].Mode {
			pairs = append(pairs, nil)
		}
		pairs[len(pairs)-1] = append(pairs[len(pairs)-1], c)
	}
	return pairs
}

// pairLine names the subject of a table.
func pairLine(changes []gate.Change) string { return changes[0].Workload + ", " + changes[0].Mode }

func gateHeading(g gate.Result) string {
	side := func(s gate.Side) string {
		return fmt.Sprintf("%s, %s UTC, %s", s.ToolVersion, s.Started.UTC().Format("2006-01-02 15:04"),
			unit.Counted(s.Rounds, "round"))
	}
	return fmt.Sprintf("Old: %s. New: %s.", side(g.Old), side(g.New))
}

// gateNotes returns what a reader must know beside the figures: the reasons, other differences, and
// the meaning of the columns.
func gateNotes(g gate.Result) []string {
	all := slices.Clone(g.Reasons)
	for _, n := range g.Notes {
		all = append(all, "Note: "+n)
	}
	if slices.ContainsFunc(g.Changes, func(c gate.Change) bool { return c.Relative }) {
		all = append(all, "How to read it: Old and New are medians. New is corrected for the speed of the machine, "+
			"by the yardstick that ran beside both: a machine that was slower for a while is no change. Change has "+
			"its 95% interval.")
	}
	return all
}

// gateTables writes a table for each mode and workload, or a list where there is no room for one.
func (p *page) gateTables(g gate.Result) {
	for _, changes := range gatePairs(g) {
		p.line("")
		p.note(pairLine(changes))
		if widths, fits := gateWidths(changes, p.width); fits && p.width >= leastTable {
			p.gateTable(changes, widths)
		} else {
			p.gateList(changes)
		}
	}
}

func (p *page) gateList(changes []gate.Change) {
	for _, c := range changes {
		row := gateRow(c)
		p.item("  ",
			fmt.Sprintf("%s, %s: %s → %s, %s: %s", row[0], summary.LoadName(c.At), row[1], row[2], row[3],
				p.paint(outcomeLooks[c.Outcome], row[4])))
	}
}

// gateWidths returns the columns of a table's cells. It takes excess width from the interval, which
// continues in the next line, and then from the name of the metric. fits is false if not even the
// words fit unbroken.
func gateWidths(changes []gate.Change, page int) (widths []int, fits bool) {
	widths = make([]int, len(gateHead))
	for i, text := range gateHead {
		widths[i] = columnsOf(text)
	}
	for _, c := range changes {
		widths[0] = max(widths[0], columnsOf(summary.LoadName(c.At)))
		for i, text := range gateRow(c) {
			widths[i] = max(widths[i], columnsOf(text))
		}
	}
	width := 1
	for _, w := range widths {
		width += w + 3 // a space on each side, and a border
	}
	for _, column := range []struct{ at, least int }{{3, len("(-0.2 to")}, {0, len("throughput")}} {
		if spared := min(width-page, widths[column.at]-column.least); spared > 0 {
			widths[column.at] -= spared
			width -= spared
		}
	}
	return widths, width <= page
}

// gateTable writes a row for each load, with its figures below.
func (p *page) gateTable(changes []gate.Change, widths []int) {
	b := box{head: make([]string, len(gateHead)), right: []int{1, 2}}
	for i, text := range gateHead {
		b.head[i] = p.paint(strong, text)
	}
	for i, c := range changes {
		if i == 0 || c.At != changes[i-1].At {
			load := make([]string, len(gateHead))
			for j, line := range wrap(summary.LoadName(c.At), widths[0], "") {
				if j > 0 {
					load[0] += "\n"
				}
				load[0] += p.paint(strong, line)
			}
			b.rows = append(b.rows, load)
		}
		row := gateRow(c)
		for j, text := range row {
			row[j] = strings.Join(wrap(text, widths[j], ""), "\n")
		}
		outcome := &row[len(row)-1]
		*outcome = p.paint(outcomeLooks[c.Outcome], *outcome)
		b.rows = append(b.rows, row)
	}
	p.box(b)
}

// writeGateAnnotations writes workflow commands (docs.github.com, Workflow commands for GitHub
// Actions): an error for each regression or for what made the records incomparable, warnings for
// inconclusive changes, else a notice.
func writeGateAnnotations(out io.Writer, g gate.Result) error {
	p := &page{out: out}
	word, sentence := gateClosing(g)
	title := "nodecompare: " + strings.ToLower(word)
	level := map[string]string{gate.Pass: "notice", gate.Inconclusive: "warning"}[g.Outcome]
	if level == "" {
		level = "error"
	}
	for _, c := range g.Changes {
		if c.Outcome == gate.Regressed {
			row := gateRow(c)
			p.annotation("error", fmt.Sprintf("%s on %s: %s regressed", c.Mode, c.Workload, c.Metric),
				fmt.Sprintf("%s, was %s: %s at %s. %s", row[2], row[1], row[3], summary.LoadName(c.At), c.Reason))
		}
	}
	if g.Outcome != gate.Regressed {
		for _, s := range g.Reasons {
			p.annotation(level, title, s)
		}
	}
	p.annotation(level, title, word+": "+sentence)
	return p.err
}

// Characters that end a property or a command.
var (
	annotationText  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationTitle = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (p *page) annotation(level, title, text string) {
	p.line(fmt.Sprintf("::%s title=%s::%s", level, annotationTitle.Replace(title), annotationText.Replace(text)))
}
