// Package report writes a record for people and for other programs: one file a format.
package report

import (
	"fmt"
	"io"
	"strings"

	"nodecompare/results"
)

// Format is a way to write a record.
type Format struct {
	Name    string
	Summary string
	Write   func(w io.Writer, r *results.Record, o Options) error
}

// Options are what a format may heed.
type Options struct {
	Width int  // columns of the terminal; 0 is 80
	Color bool // it is a terminal, and its user wants colours
}

// Formats is the table of formats. A new one is a file of its own and a line here.
var Formats = []Format{
	{"table", "a table for each workload, for people", writeTable},
	{"json", "the whole record, as --save writes it", writeJSON},
	{"html", "one page with plots, which opens from disk with no network", writeHTML},
	{"csv", "a row for each trial, for a spreadsheet", writeCSV},
	{"markdown", "the table as GitHub shows it, for a step summary", writeMarkdown},
	{"benchfmt", "a line for each trial in Go's benchmark format, for benchstat", writeBenchfmt},
	{"github-bigger", "github-action-benchmark's customBiggerIsBetter", writeBigger},
	{"github-smaller", "github-action-benchmark's customSmallerIsBetter", writeSmaller},
	{"bmf", "Bencher's metric format", writeBencher},
}

// Named returns the format of that name; the error lists the known ones.
func Named(name string) (Format, error) {
	known := make([]string, len(Formats))
	for i, f := range Formats {
		if f.Name == name {
			return f, nil
		}
		known[i] = f.Name
	}
	return Format{}, fmt.Errorf("unknown format %q: the known ones are %s", name, strings.Join(known, ", "))
}

func writeJSON(w io.Writer, r *results.Record, _ Options) error { return results.Encode(w, r) }
