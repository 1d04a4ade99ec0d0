package html

import (
	"nodecompare/results"
	"nodecompare/results/report/summary"
)

// coresPart is the section about more CPUs.
type coresPart struct {
	Note   string
	Tables []coresTable
}

// coresTable is a workload's table, with what it comes to.
type coresTable struct {
	dataTable
	Sentences []string
}

// coresSection returns a table for each workload; nil without steps.
func coresSection(r *results.Record) *coresPart {
	part := &coresPart{Note: summary.CoreNote(r)}
	for _, t := range summary.CoreTables(r) {
		made := coresTable{dataTable{Caption: t.Title, Head: summary.CoreHead}, t.Sentences}
		for _, row := range t.Rows {
			made.Rows = append(made.Rows, dataRow{Name: row.Mode, Cells: plainCells(row.Cells[:]...)})
		}
		part.Tables = append(part.Tables, made)
	}
	if part.Tables == nil {
		return nil
	}
	return part
}
