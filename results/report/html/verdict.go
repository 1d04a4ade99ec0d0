package html

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// verdict is the article's table for one workload, or for all, with the words, figures and
// sentences of the terminal's.
type verdict struct {
	Label     string // for those who do not see the table
	Caption   string
	Modes     []styledMode
	Sections  []verdictSection
	Sentences []verdictSentence
	Notes     []string
	Null      dataTable // of a bench of one mode against itself, in the place of Sections and Sentences
}

// verdictSection is a row of the article's table: the words, and below them the figures.
type verdictSection struct {
	Name  string
	Words []verdictWord
	Rows  []verdictRow
}

// verdictWord is a word and the class of its badge.
type verdictWord struct{ Word, Class string }

// verdictSentence says why a row has the words that it has.
type verdictSentence struct{ Row, Text string }

// verdictRow has a cell of each mode.
type verdictRow struct {
	Label string
	Cells []verdictCell
}

// verdictCell is lines of figures, and the word that they begin with; "" where they have none.
type verdictCell struct {
	Word  verdictWord
	Lines []string
}

var verdictClasses = map[string]string{
	results.High: "good", results.Moderate: "less", results.Lower: "less",
	results.NonBlocking: "model", results.Blocking: "model",
	results.NoDifference: "even", results.DependsOnLoad: "even", results.CannotTell: "unknown",
	results.Mixed: "unknown",
}

func verdictTable(r *results.Record, w results.Workload, v results.Verdict) verdict {
	if r.Settings.Null {
		return nullVerdict(r, w, v)
	}
	return verdict{
		Label:     "Verdict for " + w.Name,
		Caption:   fmt.Sprintf("What was measured on %s, and the words that follow from it", w.Name),
		Modes:     styledModes(r),
		Sections:  verdictSections(summary.Grid(r, w, v, false), len(r.Settings.Modes)),
		Sentences: verdictSentences(summary.Sentences(w, v)),
		Notes:     summary.Doubts(r, w),
	}
}

// articleVerdict is that of the whole bench; without sections where there is none.
func articleVerdict(r *results.Record) verdict {
	a, ok := results.CheckArticle(r)
	if !ok || len(a.Workloads) < 2 {
		return verdict{}
	}
	return verdict{
		Label:     summary.ArticleTitle,
		Caption:   "The words of all workloads, with CPU per request and p99 beside them",
		Modes:     styledModes(r),
		Sections:  verdictSections(summary.ArticleGrid(r, a, true), len(r.Settings.Modes)),
		Sentences: verdictSentences(summary.ArticleSentences(a)),
	}
}

func verdictSentences(sentences []string) (all []verdictSentence) {
	for _, s := range sentences {
		row, text, _ := strings.Cut(s, ": ")
		all = append(all, verdictSentence{row, text})
	}
	return all
}

func verdictSections(sections []summary.Section, modes int) (all []verdictSection) {
	for _, s := range sections {
		made := verdictSection{Name: s.Name}
		for _, word := range s.Words {
			made.Words = append(made.Words, verdictWord{word, verdictClasses[word]})
		}
		for _, g := range s.Groups {
			row := verdictRow{Label: g.Label, Cells: make([]verdictCell, modes)}
			for n, line := range g.Lines {
				for i, text := range line {
					if word := g.Word(n, i); word != "" {
						row.Cells[i].Word = verdictWord{word, verdictClasses[word]}
						text = strings.TrimPrefix(strings.TrimPrefix(text, word), summary.WordEnd)
					}
					row.Cells[i].Lines = append(row.Cells[i].Lines, unitAfter.ReplaceAllString(text, "$1\u00a0$2"))
				}
			}
			made.Rows = append(made.Rows, row)
		}
		all = append(all, made)
	}
	return all
}

// nullVerdict shows what differs though nothing does.
func nullVerdict(r *results.Record, w results.Workload, v results.Verdict) verdict {
	h := verdict{Notes: slices.Concat(summary.NullNotes(r, v), summary.Doubts(r, w)),
		Null: dataTable{Caption: "The smallest differences that can be told from noise on " + w.Name,
			Head: summary.NullHead}}
	for _, row := range summary.NullRows(v) {
		h.Null.Rows = append(h.Null.Rows, dataRow{Name: row[0], Cells: plainCells(row[1:]...)})
	}
	return h
}

// unitAfter finds the space between a figure and its unit, where a narrow cell must not break its
// line.
var unitAfter = regexp.MustCompile(`(\d) (s|ms|µs|[kMG]?B|req/s)\b`)

// urgent says of a remark that it takes something away from the figures.
func urgent(remark string) bool {
	return strings.HasPrefix(remark, "FAILED") || strings.HasPrefix(remark, "PARTIAL")
}
