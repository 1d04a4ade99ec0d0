package bench

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nodecompare/docs"
	"nodecompare/servers/workload"
)

// docs/method.md has the profiles as they are.
func TestDocumentedProfiles(t *testing.T) {
	lines := []string{
		docs.Row("profile", "rounds", "closed loads: connections for s", "open, at least", "own share", "between rungs",
			"surge"),
		"|---|---|---|---|---|---|---|",
	}
	has := map[bool]string{true: "yes", false: "no"}
	of := map[bool]string{true: "of all", false: "of `overload`"}
	for _, p := range Profiles {
		var ladder []string
		for _, r := range p.Ladder {
			ladder = append(ladder, fmt.Sprintf("%d: %g", r.connections, r.duration.Seconds()))
		}
		lines = append(lines, docs.Row(p.Name, strconv.Itoa(p.Rounds), strings.Join(ladder, ", "), inSeconds(p.Open),
			has[p.Own], has[p.Between], inSeconds(p.Surge)+" "+of[p.Overload]))
	}
	docs.Check(t, "../../docs/method.md", "profiles", lines)
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%g s", d.Seconds()) }

// docs/method.md has the workloads, with what they ask of a server.
func TestDocumentedWorkloads(t *testing.T) {
	var all []string
	for _, w := range slices.Concat(workload.All, Special()) {
		text := fmt.Sprintf("**%s** `%s`", w.Name, w.Target)
		if w.Wait > 0 {
			text += fmt.Sprintf(", which waits %d ms", w.Wait.Milliseconds())
		}
		if w.CPU > 0 {
			text += fmt.Sprintf(", which computes %d ms", w.CPU.Milliseconds())
		}
		if b, ok := blastNamed(w.Name); ok {
			p := b.poison
			text += fmt.Sprintf(" amid `%s` at %g/s, from %d ms before", p.target, p.rate, p.lead.Milliseconds())
		}
		all = append(all, text)
	}
	docs.Check(t, "../../docs/method.md", "workloads", docs.Item("Workloads: "+strings.Join(all, "; ")+"."))
}
