// Package report writes a record for people and for other programs, one file a format.
package report

import (
	"io"

	"nodecompare/results"
	"nodecompare/results/gate"
	"nodecompare/results/report/html"
	"nodecompare/results/scene"
)

// Format is a way to write a T.
type Format[T any] struct {
	Name    string
	Summary string
	Write   func(w io.Writer, v T, o Options) error
}

// Tables of formats. The first format of each is for people. A new format is a file of its own and
// a line here.
var (
	// Formats write the record of a bench.
	Formats = []Format[*results.Record]{
		{"table", "a table for each workload, for people", writeTable},
		{"json", "the whole record, as --save writes it", writeRecord},
		{"html", "one page with plots, which opens from disk with no network", noOptions(html.Write)},
		{"csv", "a row for each trial, for a spreadsheet", noOptions(writeCSV)},
		{"markdown", "the table as GitHub shows it, for a step summary", noOptions(writeMarkdown)},
		{"benchfmt", "a line for each trial in Go's benchmark format, for benchstat", noOptions(writeBenchfmt)},
		{"github-bigger", "github-action-benchmark's customBiggerIsBetter", noOptions(writeBigger)},
		{"github-smaller", "github-action-benchmark's customSmallerIsBetter", noOptions(writeSmaller)},
		{"bmf", "Bencher's metric format", noOptions(writeBencher)},
	}
	// GateFormats write the comparison of a new record with an old one.
	GateFormats = []Format[gate.Result]{
		{"table", "the outcome and what it rests on, for people", writeGateTable},
		{"json", "the outcome and all figures, for other programs", writeJSON[gate.Result]},
		{"markdown", "a table as GitHub shows it, for a step summary", noOptions(writeGateMarkdown)},
		{"github", "annotations of a GitHub workflow: ::error, ::warning, ::notice", noOptions(writeGateAnnotations)},
	}
	// HistoryFormats write what several records say over time.
	HistoryFormats = []Format[gate.History]{
		{"table", "the medians of a mode on a workload, record by record, for people", writeHistory},
		{"json", "all figures with their intervals, for other programs", writeJSON[gate.History]},
		{"html", "a plot for each figure over time, as one page", noOptions(writeHistoryPage)},
	}
	// MapFormats write a map.
	MapFormats = []Format[*results.Map]{
		{"table", "a grid for each number of connections, for people", writeMapTable},
		{"json", "every run, and what follows from them", writeJSON[*results.Map]},
		{"csv", "a row for each cell, for a spreadsheet", noOptions(writeMapCSV)},
		{"html", "a heat map as one page, which opens from disk with no network", noOptions(html.WriteMap)},
	}
	// LoadFormats write the result of one load.
	LoadFormats = []Format[*results.LoadRun]{
		{"table", "for people", writeLoadTable},
		{"json", "one object, for programs; docs/load.md has its fields", writeJSON[*results.LoadRun]},
	}
	// SceneFormats write a scene that was recorded.
	SceneFormats = []Format[*scene.Trace]{
		{"terminal", "lanes of block characters, for people", writeScene},
		{"html", "a replay as one page, which opens from disk with no network", noOptions(html.WriteScene)},
		{"trace", "Chrome's Trace Event Format, for https://ui.perfetto.dev", noOptions(writeSceneTrace)},
		{"json", "every span of every lane, for programs", writeJSON[*scene.Trace]},
	}
	// SelftestFormats write a selftest.
	SelftestFormats = []Format[*results.Selftest]{
		{"table", "for people", writeSelftest},
		{"json", "one object, for programs", writeJSON[*results.Selftest]},
	}
)

// noOptions adapts a writer that uses no options.
func noOptions[T any](write func(io.Writer, T) error) func(io.Writer, T, Options) error {
	return func(w io.Writer, v T, _ Options) error { return write(w, v) }
}

// String returns the format's name.
func (f Format[T]) String() string { return f.Name }

func writeJSON[T any](w io.Writer, v T, _ Options) error { return results.Encode(w, v) }
