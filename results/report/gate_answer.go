package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

const (
	mostNamed   = 2 // figures that the outcome's sentence names
	mostChanges = 8 // figures that the short form lists of each kind
	mostReasons = 6
)

// writeGateTable writes the outcome in the first line and in the last, and what it rests on between
// them: a line for each mode and workload, or with Details every figure.
func writeGateTable(out io.Writer, g gate.Result, o Options) error {
	p := newPage(out, o)
	p.outcome(g)
	p.paragraph(gateHeading(g))
	notes := gateNotes(g)
	if o.Details {
		p.gateTables(g)
	} else {
		p.gatePairs(g)
		p.gateChanges(g, gate.Regressed, "Worse:")
		p.gateChanges(g, gate.Inconclusive, "Undecided:")
		notes = shortNotes(g)
	}
	p.line("")
	for _, s := range notes {
		p.note(s)
	}
	for _, m := range o.More {
		p.paragraph(m)
	}
	p.outcome(g)
	return p.err
}

// outcome is the answer.
func (p *page) outcome(g gate.Result) {
	word, sentence := gateClosing(g)
	p.headline(outcomeLooks[g.Outcome], word+":", sentence)
}

// gateClosing is the outcome in one sentence, which begins with its word.
func gateClosing(g gate.Result) (word, sentence string) {
	of := map[string][]gate.Change{}
	judged := 0
	confirmed := true
	for _, c := range g.Changes {
		of[c.Outcome] = append(of[c.Outcome], c)
		if c.Outcome != gate.Shown {
			judged++
		}
		if c.Outcome == gate.Regressed {
			confirmed = confirmed && (c.Confirmed || c.Metric == gate.Failures)
		}
	}
	figures := unit.Counted(judged, "figure")
	switch g.Outcome {
	case gate.Pass:
		return "PASS", fmt.Sprintf("none of %s got worse by more than is allowed%s.", figures, nearest(of[gate.Pass]))
	case gate.Regressed:
		sentence = fmt.Sprintf("%d of %s got worse: %s.", len(of[gate.Regressed]), figures, named(of[gate.Regressed]))
		if !confirmed {
			sentence += " This is from one run: 'nodecompare bench --baseline' would make a second one first."
		}
		return "REGRESSED", sentence
	case gate.Inconclusive:
		sentence = "this is no pass."
		if n := len(of[gate.Inconclusive]); n > 0 {
			sentence = fmt.Sprintf("%d of %s may have got worse: %s. This is no pass.", n, figures,
				named(of[gate.Inconclusive]))
		}
		if g.MoreRounds > 0 {
			sentence += fmt.Sprintf(" About %s of both records would settle it.",
				unit.Counted(g.MoreRounds, "more round"))
		}
		return "INCONCLUSIVE", sentence
	}
	return "INVALID", "nothing can be concluded from these two records, for the reasons given. This is no pass."
}

// named are the first of some changes, each with its magnitude.
func named(changes []gate.Change) string {
	var parts []string
	for _, c := range changes[:min(len(changes), mostNamed)] {
		parts = append(parts, fmt.Sprintf("%s of %s on %s %s", c.Metric, c.Mode, c.Workload, magnitude(c)))
	}
	if n := len(changes) - len(parts); n > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(parts, ", ")
}

// magnitude is by how much a figure changed; of failures, how many there are.
func magnitude(c gate.Change) string {
	if c.Metric == gate.Failures {
		return gateRow(c)[2]
	}
	return changed(c)
}

// nearest names the change that used up the largest part of what is allowed; "" where none became
// worse.
func nearest(changes []gate.Change) string {
	used := func(c gate.Change) float64 {
		worse := c.Ratio
		if !c.LessIsBetter && worse > 0 {
			worse = 1 / worse
		}
		if c.Margin <= 0 {
			return 0
		}
		return (worse - 1) / c.Margin
	}
	if len(changes) == 0 {
		return ""
	}
	c := slices.MaxFunc(changes, func(a, b gate.Change) int { return cmp.Compare(used(a), used(b)) })
	if used(c) <= 0 {
		return ""
	}
	return fmt.Sprintf("; closest to it: %s of %s on %s, %s", c.Metric, c.Mode, c.Workload, magnitude(c))
}

// gatePairs is a line for each mode and workload: the figure that its words rest on, and how many
// figures came out how.
func (p *page) gatePairs(g gate.Result) {
	pairs := gatePairs(g)
	if len(pairs) == 0 {
		return
	}
	p.line("")
	metric := pairs[0][0].Metric
	same := !slices.ContainsFunc(pairs, func(all []gate.Change) bool { return all[0].Metric != metric })
	rows := [][]string{{"", "old", "new", "change", "all figures"}}
	if same {
		rows[0][0] = metric
	}
	for _, changes := range pairs {
		row, name := gateRow(changes[0]), pairLine(changes)
		if !same {
			name += ", " + row[0]
		}
		rows = append(rows, []string{name, row[1], row[2], row[3], tallied(changes)})
	}
	if p.aligned(rows, 1, 2) {
		return
	}
	if same {
		p.line(p.paint(strong, metric))
	}
	for _, row := range rows[1:] {
		p.item("", fmt.Sprintf("%s: %s → %s, %s; %s", row[0], row[1], row[2], row[3], row[4]))
	}
}

// tallied says how many of a pair's figures came out how, the worst first.
func tallied(changes []gate.Change) string {
	n := map[string]int{}
	for _, c := range changes {
		n[c.Outcome]++
	}
	for _, outcome := range []string{gate.Regressed, gate.Invalid, gate.Inconclusive} {
		if n[outcome] > 0 {
			return fmt.Sprintf("%d of %d %s", n[outcome], len(changes)-n[gate.Shown], outcomeWords[outcome])
		}
	}
	return fmt.Sprintf("%d pass", n[gate.Pass])
}

// gateChanges lists the changes of an outcome with their figures.
func (p *page) gateChanges(g gate.Result, outcome, title string) {
	var all []gate.Change
	for _, c := range g.Changes {
		if c.Outcome == outcome {
			all = append(all, c)
		}
	}
	if all == nil {
		return
	}
	p.line("")
	p.line(p.paint(outcomeLooks[outcome], title))
	for _, c := range all[:min(len(all), mostChanges)] {
		row := gateRow(c)
		text := fmt.Sprintf("%s on %s, %s: %s, %s → %s", c.Mode, c.Workload, summary.LoadName(c.At), row[0],
			row[1], row[2])
		if row[3] != unit.Missing {
			text += ", " + row[3]
		}
		p.item("  ", text)
	}
	if n := len(all) - mostChanges; n > 0 {
		p.item("  ", fmt.Sprintf("and %d more: see --details", n))
	}
}

// shortNotes are the first of the reasons and notes; what lists of changes say already is left out.
func shortNotes(g gate.Result) []string {
	all := slices.Clone(g.Reasons)
	for _, n := range g.Notes {
		all = append(all, "Note: "+n)
	}
	if n := len(all) - mostReasons; n > 0 {
		all = append(all[:mostReasons], fmt.Sprintf("%d more notes: see --details.", n))
	}
	return all
}
