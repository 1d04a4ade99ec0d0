package report

import (
	"regexp"
	"slices"
	"strings"

	"nodecompare/results"
)

// htmlVerdict is the article's table for one workload, with the words, figures and sentences of the terminal's.
type htmlVerdict struct {
	Sections  []verdictSection
	Sentences []verdictSentence
	Notes     []string
	Null      htmlTable // of a bench of one mode against itself, in the place of Sections and Sentences
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

// verdictRow has the lines of each mode.
type verdictRow struct {
	Label string
	Cells [][]string
}

var verdictClasses = map[string]string{
	results.High: "good", results.Moderate: "less", results.Lower: "less",
	results.NonBlocking: "model", results.Blocking: "model",
	results.NoDifference: "even", results.CannotTell: "unknown",
}

func verdictTable(r *results.Record, w results.Workload, v results.Verdict) htmlVerdict {
	if r.Settings.Null {
		return nullVerdict(r, w, v)
	}
	h := htmlVerdict{Notes: doubts(r, w)}
	for _, s := range sentences(w, v) {
		row, text, _ := strings.Cut(s, ": ")
		h.Sentences = append(h.Sentences, verdictSentence{row, text})
	}
	for _, s := range grid(r, w, v, false) {
		made := verdictSection{Name: s.name}
		for _, word := range s.words {
			made.Words = append(made.Words, verdictWord{word, verdictClasses[word]})
		}
		for _, g := range s.groups {
			row := verdictRow{Label: g.label, Cells: make([][]string, len(r.Settings.Modes))}
			for _, line := range g.lines {
				for i, text := range line {
					row.Cells[i] = append(row.Cells[i], unitAfter.ReplaceAllString(text, "$1\u00a0$2"))
				}
			}
			made.Rows = append(made.Rows, row)
		}
		h.Sections = append(h.Sections, made)
	}
	return h
}

// nullVerdict shows what differs though nothing does.
func nullVerdict(r *results.Record, w results.Workload, v results.Verdict) htmlVerdict {
	h := htmlVerdict{Notes: slices.Concat(nullNotes(r, v), doubts(r, w)), Null: htmlTable{Caption: "The smallest differences that can be told from noise on " + w.Name, Head: nullHead}}
	for _, row := range nullRows(v) {
		h.Null.Rows = append(h.Null.Rows, htmlRow{Name: row[0], Cells: plainCells(row[1:]...)})
	}
	return h
}

// unitAfter finds the space between a figure and its unit, where a narrow cell must not break its line.
var unitAfter = regexp.MustCompile(`(\d) (s|ms|µs|[kMG]?B|req/s)\b`)

// urgent says of a remark that it takes something away from the figures.
func urgent(remark string) bool {
	return strings.HasPrefix(remark, "FAILED") || strings.HasPrefix(remark, "PARTIAL")
}
