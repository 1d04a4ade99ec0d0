package cmd

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"nodecompare/results"
)

// programName returns how to call this program. 'go run .' builds it in a folder with a useless
// name.
func programName() string {
	if program, err := os.Executable(); err == nil && strings.Contains(program, "go-build") {
		return "go run ."
	}
	return results.Tool
}

// nextSteps returns the lines below an answer: what to try next on this machine, and how to see
// more of this bench.
func nextSteps(record *results.Record, kept bool) []string {
	var lines []string
	if s := realNode(record); s != "" {
		lines = append(lines, s)
	}
	if kept {
		lines = append(lines,
			fmt.Sprintf("More: %s report --details | report --open | explain p99 | watch", programName()))
	} else {
		lines = append(lines, fmt.Sprintf("More: --details, --report=page.html; %s explain p99", programName()))
	}
	return lines
}

// realNode suggests measuring Node.js itself, if it was not measured and is installed.
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
	return fmt.Sprintf("Node.js is on this machine: %s bench --modes=%s,node", programName(), strings.Join(names, ","))
}
