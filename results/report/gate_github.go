package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results/gate"
	"nodecompare/results/report/summary"
)

// writeGateMarkdown writes GitHub's Markdown: the outcome first, then one table of all changes, then the reasons.
func writeGateMarkdown(out io.Writer, g gate.Result) error {
	p := &page{out: out}
	word, sentence := gateClosing(g)
	p.line("## nodecompare: " + strings.ToLower(word))
	p.line("")
	p.line("**" + word + ":** " + escaped(sentence))
	p.line("")
	p.line(escaped(gateHeading(g)))
	p.line("")
	if len(g.Changes) > 0 {
		p.line("| Workload | Mode | Load | " + strings.Join(gateHead, " | ") + " |")
		p.line("| --- | --- | --- | --- | ---: | ---: | --- | --- |")
		for _, c := range g.Changes {
			row := slices.Concat([]string{c.Workload, c.Mode, summary.LoadName(c.At)}, gateRow(c))
			for i, text := range row {
				row[i] = escaped(text)
			}
			if c.Outcome == gate.Regressed || c.Outcome == gate.Invalid {
				row[len(row)-1] = "**" + row[len(row)-1] + "**"
			}
			p.line("| " + strings.Join(row, " | ") + " |")
		}
		p.line("")
	}
	for _, s := range gateNotes(g) {
		p.line("- " + headed(s))
	}
	return p.err
}

// writeGateAnnotations writes workflow commands (docs.github.com, Workflow commands for GitHub Actions): an error for each
// regression, or for what made the records incomparable; warnings for what is inconclusive; else a notice.
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
			p.annotation("error", fmt.Sprintf("%s on %s: %s regressed", c.Mode, c.Workload, c.Metric), fmt.Sprintf("%s, was %s: %s at %s. %s", row[2], row[1], row[3], summary.LoadName(c.At), c.Reason))
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

// The characters that end a property or a command.
var (
	annotationText  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationTitle = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (p *page) annotation(level, title, text string) {
	p.line(fmt.Sprintf("::%s title=%s::%s", level, annotationTitle.Replace(title), annotationText.Replace(text)))
}
