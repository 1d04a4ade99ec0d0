package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"nodecompare/results"
)

// programName is how this program is called: 'go run .' keeps what it builds in a folder of its own, whose
// name is of no use to anybody.
func programName() string {
	if program, err := os.Executable(); err == nil && strings.Contains(program, "go-build") {
		return "go run ."
	}
	return results.Tool
}

// nextSteps are the lines below an answer: what to try next on this machine, and how to see more of this
// bench.
func nextSteps(record *results.Record, kept bool) []string {
	var lines []string
	if s := realNode(record); s != "" {
		lines = append(lines, s)
	}
	if kept {
		lines = append(lines, fmt.Sprintf("More: %s report --details | report --open | explain p99", programName()))
	} else {
		lines = append(lines, fmt.Sprintf("More: --details, --report=page.html; %s explain p99", programName()))
	}
	return lines
}

// realNode says that the article's own subject could be measured too, where it was not and is here.
func realNode(record *results.Record) string {
	var names []string
	for _, m := range record.Settings.Modes {
		if m.Name == "node" || m.Name == "express" || m.Server != "" {
			return ""
		}
		names = append(names, m.Name)
	}
	if _, err := exec.LookPath("node"); err != nil || record.Settings.Null ||
		slices.ContainsFunc(record.Settings.Missing, func(m results.Missing) bool { return m.Mode == "node" }) {
		return ""
	}
	return fmt.Sprintf(
		"These are models in one program. The real Node.js is on this machine too: --modes=%s,node",
		strings.Join(names, ","))
}
