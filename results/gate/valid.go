package gate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"nodecompare/results"
)

// An aspect is one thing that two records must have in common, in words.
type aspect struct {
	what     string
	old, now string
	do       string
}

const (
	here       = "bench the old version on this machine, and compare with that record"
	benchAgain = "bench the old version again with the settings of now"
)

// elsewhere says what of the host and the settings differs so that figures cannot be compared.
func elsewhere(old, now *results.Record) []string {
	reasons := []string{}
	for _, a := range slices.Concat(ofHost(old.Host, now.Host), ofSettings(old.Settings, now.Settings)) {
		if a.old != a.now {
			reasons = append(reasons,
				fmt.Sprintf("%s: %s in the old record, %s in the new one: %s", a.what, orNone(a.old),
					orNone(a.now), a.do))
		}
	}
	return reasons
}

// repeated says that a trial is there twice: copies would make chance look like certainty.
func repeated(trials []results.Trial) bool {
	type key struct {
		workload, mode string
		round          int
		started        time.Time
	}
	seen := map[key]bool{}
	for _, t := range trials {
		k := key{t.Workload, t.Mode, t.Round, t.Started}
		if !t.Started.IsZero() {
			k.round = 0 // records may have been merged, each with rounds of its own
		}
		if seen[k] {
			return true
		}
		seen[k] = true
	}
	return false
}

// gone are the modes and workloads of the old record that the new one was asked for, and left out.
func gone(old, now *results.Record) []string {
	var reasons []string
	for _, m := range now.Settings.Missing {
		for _, w := range old.Settings.Workloads {
			if (m.Workload == "" || m.Workload == w.Name) && measured(old, w.Name, m.Mode) {
				reasons = append(reasons, fmt.Sprintf("%s on %s is in the old record, and was left out of "+
					"the new one: %s; make it run, or bench without it", m.Mode, w.Name, m.Reason))
			}
		}
	}
	return reasons
}

// incomparable says why nothing may be concluded from the two records, and what to do; empty when
// something may.
func incomparable(old, now *results.Record) []string {
	reasons := elsewhere(old, now)
	for _, r := range []struct {
		name string
		*results.Record
	}{{"old", old}, {"new", now}} {
		if r.Partial {
			reasons = append(reasons,
				fmt.Sprintf(
					"the %s record is partial: its bench was interrupted, so trials are missing; bench it again", r.name))
		}
		if repeated(r.Trials) || repeated(r.Again) {
			reasons = append(reasons,
				fmt.Sprintf("the %s record has a trial twice, which no bench gives: bench it again", r.name))
		}
		if r.Selftest != nil && r.Selftest.Verdict == results.SelftestWrong {
			reasons = append(reasons, fmt.Sprintf("the selftest of the %s record found a figure of the "+
				"tool's own to be wrong: see 'nodecompare selftest'", r.name))
		}
	}
	reasons = append(reasons, gone(old, now)...)
	if !slices.ContainsFunc(now.Settings.Workloads, func(w results.Workload) bool {
		return slices.ContainsFunc(now.Settings.Modes,
			func(m results.Mode) bool { return measured(old, w.Name, m.Name) && measured(now, w.Name, m.Name) })
	}) {
		reasons = append(reasons,
			"no mode on any workload is in both records: bench with the same --modes and --workloads")
	}
	return reasons
}

// ofHost is what the cost of a request depends on beside the server. Of the kernel that is the
// release: what follows the second number is its maintenance, which comes every week on hosts of
// CI, and is noted only.
func ofHost(old, now results.Host) []aspect {
	const limits = "give both runs the same limits, or " + here
	return []aspect{
		{"operating system", old.OS, now.OS, here},
		{"architecture", old.Arch, now.Arch, here},
		{"CPU", old.CPU, now.CPU, "another machine: " + here},
		{"CPUs that may be used", strconv.Itoa(old.Cores), strconv.Itoa(now.Cores), limits},
		{"CPU quota", limit(old.CPUQuota, "CPUs"), limit(now.CPUQuota, "CPUs"), limits},
		{"memory limit", limit(float64(old.MemoryLimit), "bytes"), limit(float64(now.MemoryLimit), "bytes"), limits},
		{"CPU frequency governor", old.Governor, now.Governor, "set it back, or " + here},
		{"kernel", release(old.Kernel), release(now.Kernel), "system calls may have another cost now: " + here},
	}
}

// ofSettings is what decides what is measured. The seed, the rounds, and what is in one record only
// are not among it.
func ofSettings(old, now results.Settings) []aspect {
	pinned := func(p results.Pin) string {
		if p.Server == "" {
			return "all CPUs shared"
		}
		return fmt.Sprintf("servers on CPU %s, load on CPU %s", p.Server, p.Generator)
	}
	idle := map[bool]string{true: "they are kept awake", false: "they sleep"}
	null := map[bool]string{true: "a bench of one mode against itself (--null)", false: "an ordinary bench"}
	all := []aspect{
		{"profile", old.Profile, now.Profile, "give --profile as it was, or " + benchAgain},
		{"load engine", old.Engine, now.Engine, "give --engine as it was, or " + benchAgain},
		{"pinning", pinned(old.Pin), pinned(now.Pin), "give --pin as it was, or " + benchAgain},
		{"what idle CPUs do", idle[old.Awake], idle[now.Awake],
			"bench as the user who made the other (root keeps them awake), or " + benchAgain},
		{"kind", null[old.Null], null[now.Null], benchAgain},
		{"method", method(old), method(now),
			"warm-up and base rung have changed since then (docs/method.md): " + benchAgain},
	}
	if old.Yardstick > 0 && now.Yardstick > 0 { // where one has none, figures are compared as they are
		all = append(all,
			aspect{"yardstick", fmt.Sprintf("version %d", old.Yardstick),
				fmt.Sprintf("version %d", now.Yardstick), here})
	}
	for _, w := range now.Workloads {
		i := slices.IndexFunc(old.Workloads, func(o results.Workload) bool { return o.Name == w.Name })
		if i < 0 {
			continue
		}
		o := old.Workloads[i]
		all = append(all,
			aspect{w.Name + ", request", o.Method + " " + o.Target, w.Method + " " + w.Target, benchAgain},
			aspect{w.Name + ", load", load(o), load(w), benchAgain})
		for _, m := range now.Modes {
			if i := slices.IndexFunc(old.Modes, func(o results.Mode) bool { return o.Name == m.Name }); i >= 0 {
				all = append(all,
					aspect{m.Name + " on " + w.Name + ", path", asked(old.Modes[i], o), asked(m, w),
						"give --path as it was, or " + benchAgain})
			}
		}
	}
	return all
}

func method(s results.Settings) string { return fmt.Sprintf("version %d", s.Method) }

// asked is the path and query that the mode's server was asked for.
func asked(m results.Mode, w results.Workload) string { return cmp.Or(m.Targets[w.Name], w.Target) }

// load is the workload's ladder in words.
func load(w results.Workload) string {
	var steps []string
	for _, s := range w.Ladder {
		steps = append(steps, fmt.Sprintf("%d for %g s", s.Connections, s.DurationS))
	}
	return fmt.Sprintf("connections %s, base %d", strings.Join(steps, ", "), w.Base)
}

// differences are those between the records that a reader should know, and that do not make them
// incomparable.
func differences(old, now *results.Record) []string {
	notes := []string{}
	for _, a := range []aspect{
		{what: "tool", old: old.ToolVersion, now: now.ToolVersion},
		{what: "Go", old: old.Host.Go, now: now.Host.Go},
		{what: "kernel", old: old.Host.Kernel, now: now.Host.Kernel},
		{what: "rounds", old: strconv.Itoa(old.Settings.Rounds), now: strconv.Itoa(now.Settings.Rounds)},
	} {
		if a.old != a.now {
			notes = append(notes,
				fmt.Sprintf("%s: %s in the old record, %s in the new one", a.what, orNone(a.old), orNone(a.now)))
		}
	}
	for _, m := range now.Settings.Modes {
		i := slices.IndexFunc(old.Settings.Modes, func(o results.Mode) bool { return o.Name == m.Name })
		if i >= 0 && old.Settings.Modes[i].Server != m.Server {
			notes = append(notes,
				fmt.Sprintf("%s: %s in the old record, %s in the new one", m.Name,
					orNone(old.Settings.Modes[i].Server), orNone(m.Server)))
		}
	}
	if (old.Settings.Yardstick == 0) != (now.Settings.Yardstick == 0) {
		notes = append(notes,
			"only one record has a yardstick: figures are compared as they are, which takes wider floors")
	}
	only := func(r, other *results.Record, where string) {
		var names []string
		for _, w := range r.Settings.Workloads {
			for _, m := range r.Settings.Modes {
				if measured(r, w.Name, m.Name) && !measured(other, w.Name, m.Name) {
					names = append(names, m.Name+" on "+w.Name)
				}
			}
		}
		if names != nil {
			notes = append(notes,
				fmt.Sprintf("only in the %s record, and not compared: %s", where, strings.Join(names, ", ")))
		}
	}
	only(old, now, "old")
	only(now, old, "new")
	return slices.Concat(notes, doubts("old", old), doubts("new", now))
}

// release is the first two numbers of a kernel's version: 6.18 of 6.18.44-fc.
func release(kernel string) string {
	parts := strings.SplitN(kernel, ".", 3)
	if len(parts) < 2 {
		return kernel
	}
	return parts[0] + "." + parts[1]
}

func limit(v float64, unit string) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64) + " " + unit
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
