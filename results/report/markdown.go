package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// writeMarkdown writes GitHub's Markdown for a step summary or a comment: the answer, and in folded
// sections the grid, as a table row for each label, and the sentences and notes as a list.
func writeMarkdown(out io.Writer, r *results.Record) error {
	p := &page{out: out}
	p.answerMarkdown(r)
	p.line("<details><summary>Every figure</summary>")
	p.line("")
	p.line(escaped(summary.Heading(r)))
	if r.Command != "" {
		p.line("")
		p.line("Made by " + escaped(r.Command))
	}
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) {
			p.markdown(r.On(w.Name), w, r.Verdicts[i])
		}
	}
	p.articleMarkdown(r)
	p.line("")
	for _, s := range summary.Remarks(r) {
		p.line("- " + headed(s))
	}
	p.line("")
	p.line("</details>")
	return p.err
}

// answerMarkdown writes the answer of writeAnswer, without its figures.
func (p *page) answerMarkdown(r *results.Record) {
	a := summary.AnswerOf(r)
	p.line("## nodecompare")
	p.line("")
	if a.Unfit != "" {
		p.line("> **" + escaped(a.Unfit) + "**")
		p.line("")
	}
	p.line(bold(a.Question))
	p.line("")
	for _, c := range a.Claims {
		p.line("- " + escaped(c.Mark) + " " + bold(c.Row) + ": " + escaped(c.Text))
	}
	for _, n := range a.Notes {
		p.line("- " + escaped(n))
	}
	p.line("- " + escaped(a.Trust))
	p.line("")
}

func (p *page) markdown(r *results.Record, w results.Workload, v results.Verdict) {
	p.line("")
	p.line("### " + escaped(fmt.Sprintf("%s: %s %s, %s", w.Name, w.Method, w.Target, w.Summary)))
	p.line("")
	if r.Settings.Null {
		p.nullMarkdown(r, w, v)
		return
	}
	p.sections(r.Settings.Modes, summary.Grid(r, w, v, true))
	p.line("")
	if w.Note != "" {
		p.line("- " + escaped(w.Note))
	}
	for _, s := range append(summary.Sentences(w, v), summary.Doubts(r, w)...) {
		p.line("- " + headed(s))
	}
}

// sections writes a grid.
func (p *page) sections(modes []results.Mode, sections []summary.Section) {
	head, rule := "| Feature |", "| --- |"
	for _, m := range modes {
		head, rule = head+" "+escaped(m.Name)+" |", rule+" --- |"
	}
	p.line(head)
	p.line(rule)
	for _, s := range sections {
		row := "| " + bold(s.Name) + " |"
		for _, word := range s.Words {
			row += " " + bold(word) + " |"
		}
		p.line(row)
		for _, g := range s.Groups {
			row := "| " + escaped(g.Label) + " |"
			for i := range modes {
				var lines []string
				for n, line := range g.Lines {
					if line[i] != "" {
						word := g.Word(n, i)
						lines = append(lines, bold(word)+escaped(strings.TrimPrefix(line[i], word)))
					}
				}
				row += " " + strings.Join(lines, "<br>") + " |"
			}
			p.line(row)
		}
	}
}

func bold(word string) string {
	if word == "" {
		return ""
	}
	return "**" + escaped(word) + "**"
}

// headed makes the beginning of a note, up to its colon, bold.
func headed(s string) string {
	head, rest, ok := strings.Cut(s, ":")
	if !ok {
		return escaped(s)
	}
	return "**" + escaped(head) + ":**" + escaped(rest)
}

// meaning escapes the characters that Markdown, or GitHub's additions (HTML, formulas, tables),
// would interpret.
var meaning = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&",
	"&amp;", "|", `\|`, "~", `\~`, "$", `\$`, "#", `\#`,
	"\r", " ", "\n", " ",
)

func escaped(s string) string { return meaning.Replace(s) }

func (p *page) articleMarkdown(r *results.Record) {
	a, ok := results.CheckArticle(r)
	if !ok || len(a.Workloads) < 2 {
		return
	}
	p.line("")
	p.line("### " + summary.ArticleTitle)
	p.line("")
	p.sections(r.Settings.Modes, summary.ArticleGrid(r, a, true))
	p.line("")
	for _, s := range summary.ArticleSentences(a) {
		p.line("- " + headed(s))
	}
}

// nullMarkdown is null for GitHub.
func (p *page) nullMarkdown(r *results.Record, w results.Workload, v results.Verdict) {
	if rows := summary.NullRows(v); len(rows) > 0 {
		p.line("| " + strings.Join(summary.NullHead, " | ") + " |")
		p.line("| --- | --- | ---: | ---: |")
		for _, row := range rows {
			for i, text := range row {
				row[i] = escaped(text)
			}
			p.line("| " + strings.Join(row, " | ") + " |")
		}
		p.line("")
	}
	for _, s := range slices.Concat(summary.NullNotes(r, v), summary.Doubts(r, w)) {
		p.line("- " + headed(s))
	}
}
