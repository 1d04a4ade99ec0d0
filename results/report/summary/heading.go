package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// Heading says where, how and on what was measured, and how to read a figure.
func Heading(r *results.Record) string {
	s := r.Settings
	parts := []string{
		fmt.Sprintf("%s %s on %s.", r.Tool, r.ToolVersion, hostOf(r.Host)),
		fmt.Sprintf("Profile %s, %s, seed %d.", s.Profile, unit.Counted(s.Rounds, "round"), s.Seed),
		loadOf(s),
	}
	if len(r.Hosts) > 0 {
		parts = append(parts, fmt.Sprintf("Load from %s, over a network; without a yardstick or an overload.",
			unit.Counted(len(r.Hosts)-1, "other host")), loadAtLimit(r))
	}
	if r.Selftest != nil {
		parts = append(parts, fmt.Sprintf("Selftest: %s.", r.Selftest.Verdict))
	} else {
		parts = append(parts, "Selftest: none was made.")
	}
	if s.Null {
		parts = append(parts, "One mode was measured against itself: whatever differs is noise.")
	} else {
		parts = append(parts, intervals(r))
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

func hostOf(h results.Host) string {
	parts := []string{h.OS + "/" + h.Arch, unit.Counted(h.Cores, "core")}
	if h.CPU != "" {
		parts[1] += " of " + h.CPU
	}
	if h.CPUQuota > 0 {
		parts = append(parts, "the container may use "+unit.Digits(h.CPUQuota))
	}
	if h.Governor != "" {
		parts = append(parts, "governor "+h.Governor)
	}
	return strings.Join(append(parts, "kernel "+h.Kernel, h.Go), ", ")
}

// loadOf names the load's engine and CPUs; "" if the record does not have them.
func loadOf(s results.Settings) string {
	engine := "Load by " + s.Engine
	switch s.Engine {
	case "":
		return ""
	case "auto":
		engine = "Load by the engine that fits each run" // the rungs name theirs
	}
	if s.LoadThreads > 1 {
		engine += fmt.Sprintf(", on %d threads where that is the loop", s.LoadThreads)
	}
	where := s.Pin.Note
	if s.Pin.Server != "" {
		where = fmt.Sprintf("servers on CPU %s, load on CPU %s", s.Pin.Server, s.Pin.Generator)
		if s.Pin.Note != "" {
			where += " (" + s.Pin.Note + ")"
		}
	}
	if s.Database != nil {
		where = strings.TrimPrefix(where+fmt.Sprintf("; %s, %s of a server", s.Database,
			unit.Counted(s.Database.Connections, "connection")), "; ")
	}
	if where == "" {
		return engine + "."
	}
	return fmt.Sprintf("%s; %s.", engine, where)
}

// Remarks returns what a reader must know beside the tables: failed trials, an interruption, the
// meaning of lines.
func Remarks(r *results.Record) []string {
	var all []string
	for _, h := range HostLines(r.Hosts, true) {
		all = append(all, h.String())
	}
	for _, m := range r.Settings.Missing {
		all = append(all, "LEFT OUT: "+m.Reason)
	}
	for _, m := range r.Settings.Modes {
		if slices.ContainsFunc(r.Trials, func(t results.Trial) bool { return t.Mode == m.Name && t.Standing }) {
			all = append(all, fmt.Sprintf("NOT FRESH: %s ran before the bench and between its trials, at "+
				"%s. What one trial leaves behind, the next one finds, and no CPUs were given to it.",
				m.Name, m.Server))
		}
	}
	for _, m := range r.PilotFailures {
		all = append(all,
			fmt.Sprintf(
				"FAILED: %s on %s, in the pilot, so it has no open load derived from its capacity: %s",
				m.Mode, m.Workload, m.Reason))
	}
	for _, t := range r.Trials {
		if t.Failure != "" {
			all = append(all, fmt.Sprintf("FAILED: %s on %s, round %d: %s", t.Mode, t.Workload, t.Round, t.Failure))
		}
	}
	for _, t := range r.Trials {
		if t.Lost != "" {
			all = append(all, fmt.Sprintf("VOID: %s on %s, round %d: %s", t.Mode, t.Workload, t.Round, t.Lost))
		}
	}
	if r.Partial {
		all = append(all,
			fmt.Sprintf("PARTIAL: the bench was interrupted; the tables hold what %s had measured by then.",
				unit.Counted(len(r.Trials), "trial")))
	}
	return append(all, legend(r))
}

// relative reports whether a sentence of the page mentions the yardstick.
func relative(r *results.Record) bool {
	for i, w := range r.Settings.Workloads {
		if i < len(r.Verdicts) && slices.ContainsFunc(Sentences(w, r.Verdicts[i]),
			func(s string) bool { return strings.Contains(s, besideYardstick) }) {
			return true
		}
	}
	return false
}

// legend explains the lines that need it.
func legend(r *results.Record) string {
	if r.Settings.Null {
		return "How it is measured, and what every figure means: docs/method.md."
	}
	parts := []string{"How to read it: p50, p99, p99.9: half, 99% and 99.9% of the requests took no longer."}
	if len(r.Rates) > 0 {
		parts = append(parts, fmt.Sprintf("At a given rate that counts from when a request was due; one "+
			"rate is the same for all modes, and one is each mode's own, about %s%% of what it can do.",
			unit.Digits(100*r.Settings.Share)))
	}
	parts = append(parts, "Knee: the fewest connections with 90% of the highest throughput.")
	if slices.ContainsFunc(r.Settings.Workloads, func(w results.Workload) bool { return w.Surge != nil }) {
		parts = append(parts,
			fmt.Sprintf(
				"Goodput: what was due in an overload and answered within %s, in requests a second.",
				unit.Micros(r.Settings.SLOUS)))
	}
	if relative(r) {
		parts = append(parts, "Against the yardstick: beside a server that never changes, under the same "+
			"load in turn. What slows the machine down cancels out, so the ratio may differ from that of the "+
			"figures above.")
	}
	return strings.Join(append(parts, "The rules behind the words, and what every figure means: docs/method.md."), " ")
}
