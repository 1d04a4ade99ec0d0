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

// An aspect is one property that two records must share, in words.
type aspect struct {
	what       string
	old, newer string
	do         string
}

const (
	here       = "bench the old version on this machine, and compare with that record"
	benchAgain = "bench the old version again with the settings of now"
)

// elsewhere describes the differences in host and settings that make figures incomparable.
func elsewhere(old, newer *results.Record) []string {
	reasons := []string{}
	for _, a := range slices.Concat(ofHost(old.Host, newer.Host), ofHosts(old, newer),
		ofSettings(old.Settings, newer.Settings)) {
		if a.old != a.newer {
			reasons = append(reasons,
				fmt.Sprintf("%s: %s in the old record, %s in the new one: %s", a.what, orNone(a.old),
					orNone(a.newer), a.do))
		}
	}
	return reasons
}

// repeated reports whether a trial occurs twice. Copies would turn chance into certainty.
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
			k.round = 0 // a merged record may repeat round numbers
		}
		if seen[k] {
			return true
		}
		seen[k] = true
	}
	return false
}

// gone returns the modes and workloads of the old record that the new one was asked for but left
// out.
func gone(old, newer *results.Record) []string {
	var reasons []string
	for _, m := range newer.Settings.Missing {
		for _, w := range old.Settings.Workloads {
			if (m.Workload == "" || m.Workload == w.Name) && measured(old, w.Name, m.Mode) {
				reasons = append(reasons, fmt.Sprintf("%s on %s is in the old record, and was left out of "+
					"the new one: %s; make it run, or bench without it", m.Mode, w.Name, m.Reason))
			}
		}
	}
	return reasons
}

// incomparable says why the two records cannot be compared, and what to do. It returns nothing if
// they can.
func incomparable(old, newer *results.Record) []string {
	reasons := elsewhere(old, newer)
	for _, r := range []struct {
		name string
		*results.Record
	}{{"old", old}, {"new", newer}} {
		if r.Partial {
			reasons = append(reasons,
				fmt.Sprintf(
					"the %s record is partial: its bench was interrupted, so trials are missing; bench it again",
					r.name))
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
	reasons = append(reasons, gone(old, newer)...)
	if !slices.ContainsFunc(newer.Settings.Workloads, func(w results.Workload) bool {
		return slices.ContainsFunc(newer.Settings.Modes,
			func(m results.Mode) bool { return measured(old, w.Name, m.Name) && measured(newer, w.Name, m.Name) })
	}) {
		reasons = append(reasons,
			"no mode on any workload is in both records: bench with the same --modes and --workloads")
	}
	return reasons
}

// ofHost returns the host's properties that a request's cost depends on. Of the kernel's version
// only the first two numbers count: maintenance releases come every week on CI hosts and are only
// noted.
func ofHost(old, newer results.Host) []aspect {
	const limits = "give both runs the same limits, or " + here
	return []aspect{
		{"operating system", old.OS, newer.OS, here},
		{"architecture", old.Arch, newer.Arch, here},
		{"CPU", old.CPU, newer.CPU, "another machine: " + here},
		{"CPUs that may be used", strconv.Itoa(old.Cores), strconv.Itoa(newer.Cores), limits},
		{"CPU quota", limit(old.CPUQuota, "CPUs"), limit(newer.CPUQuota, "CPUs"), limits},
		{"memory limit", limit(float64(old.MemoryLimit), "bytes"), limit(float64(newer.MemoryLimit), "bytes"), limits},
		{"CPU frequency governor", old.Governor, newer.Governor, "set it back, or " + here},
		{"kernel", release(old.Kernel), release(newer.Kernel), "system calls may have another cost now: " + here},
	}
}

// ofHosts returns what each host of a bench on several was, by its name: the same hosts have the
// same roles.
func ofHosts(old, newer *results.Record) []aspect {
	all := []aspect{{"hosts", hostNames(old.Hosts), hostNames(newer.Hosts), "bench on the same hosts, under the same " +
		"names (--name of 'nodecompare agent')"}}
	for _, h := range newer.Hosts {
		i := slices.IndexFunc(old.Hosts, func(o results.BenchHost) bool { return o.Name == h.Name })
		if i < 0 || h.Role == "server" { // which is the record's host
			continue
		}
		for _, a := range ofHost(old.Hosts[i].Host, h.Host) {
			a.what = "host " + h.Name + ", " + a.what
			all = append(all, a)
		}
	}
	return all
}

// hostNames says who served and who made the load.
func hostNames(all []results.BenchHost) string {
	if len(all) == 0 {
		return "one machine"
	}
	var names []string
	for _, h := range all {
		names = append(names, fmt.Sprintf("%s (%s)", h.Name, h.Role))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// ofSettings returns the settings that decide what is measured. The seed, the rounds, and what is
// in one record only are not among them.
func ofSettings(old, newer results.Settings) []aspect {
	pinned := func(p results.Pin) string {
		if p.Server == "" {
			return "all CPUs shared"
		}
		return fmt.Sprintf("servers on CPU %s, load on CPU %s", p.Server, p.Generator)
	}
	idle := map[bool]string{true: "they are kept awake", false: "they sleep"}
	null := map[bool]string{true: "a bench of one mode against itself (--null)", false: "an ordinary bench"}
	all := []aspect{
		{"profile", old.Profile, newer.Profile, "give --profile as it was, or " + benchAgain},
		{"load engine", old.Engine, newer.Engine, "give --engine as it was, or " + benchAgain},
		{"threads of the load", threads(old), threads(newer), "give --load-threads as it was, or " + benchAgain},
		{"pinning", pinned(old.Pin), pinned(newer.Pin), "give --pin as it was, or " + benchAgain},
		{"database", old.Database.String(), newer.Database.String(), "give --db as it was, or " + benchAgain},
		{"connections to the database", toDatabase(old), toDatabase(newer), "give --db-connections as it was, or " +
			benchAgain},
		{"what idle CPUs do", idle[old.Awake], idle[newer.Awake],
			"bench as the user who made the other (root keeps them awake), or " + benchAgain},
		{"kind", null[old.Null], null[newer.Null], benchAgain},
		{"method", method(old), method(newer),
			"warm-up and base rung have changed since then (docs/method.md): " + benchAgain},
	}
	if old.Yardstick > 0 && newer.Yardstick > 0 { // without one, figures are compared directly
		all = append(all,
			aspect{"yardstick", fmt.Sprintf("version %d", old.Yardstick),
				fmt.Sprintf("version %d", newer.Yardstick), here})
	}
	for _, w := range newer.Workloads {
		i := slices.IndexFunc(old.Workloads, func(o results.Workload) bool { return o.Name == w.Name })
		if i < 0 {
			continue
		}
		o := old.Workloads[i]
		all = append(all,
			aspect{w.Name + ", request", o.Method + " " + o.Target, w.Method + " " + w.Target, benchAgain},
			aspect{w.Name + ", load", load(o), load(w), benchAgain})
		for _, m := range newer.Modes {
			if i := slices.IndexFunc(old.Modes, func(o results.Mode) bool { return o.Name == m.Name }); i >= 0 {
				all = append(all,
					aspect{m.Name + " on " + w.Name + ", path", asked(old.Modes[i], o), asked(m, w),
						"give --path as it was, or " + benchAgain})
			}
		}
	}
	return all
}

// threads are those of the loop engine: one in records of before it had more.
func threads(s results.Settings) string { return strconv.Itoa(max(s.LoadThreads, 1)) }

// toDatabase counts a server's connections to PostgreSQL; "" for SQLite.
func toDatabase(s results.Settings) string {
	if s.Database == nil {
		return ""
	}
	return strconv.Itoa(s.Database.Connections)
}

func method(s results.Settings) string { return fmt.Sprintf("version %d", s.Method) }

// asked returns the path and query that the mode's server was asked for.
func asked(m results.Mode, w results.Workload) string { return cmp.Or(m.Targets[w.Name], w.Target) }

// load describes the workload's ladder in words.
func load(w results.Workload) string {
	var steps []string
	for _, s := range w.Ladder {
		steps = append(steps, fmt.Sprintf("%d for %g s", s.Connections, s.DurationS))
	}
	return fmt.Sprintf("connections %s, base %d", strings.Join(steps, ", "), w.Base)
}

// differences describes what differs between the records without making them incomparable.
func differences(old, newer *results.Record) []string {
	notes := []string{}
	for _, a := range []aspect{
		{what: "tool", old: old.ToolVersion, newer: newer.ToolVersion},
		{what: "Go", old: old.Host.Go, newer: newer.Host.Go},
		{what: "kernel", old: old.Host.Kernel, newer: newer.Host.Kernel},
		{what: "rounds", old: strconv.Itoa(old.Settings.Rounds), newer: strconv.Itoa(newer.Settings.Rounds)},
	} {
		if a.old != a.newer {
			notes = append(notes,
				fmt.Sprintf("%s: %s in the old record, %s in the new one", a.what, orNone(a.old), orNone(a.newer)))
		}
	}
	for _, m := range newer.Settings.Modes {
		i := slices.IndexFunc(old.Settings.Modes, func(o results.Mode) bool { return o.Name == m.Name })
		if i >= 0 && old.Settings.Modes[i].Server != m.Server {
			notes = append(notes,
				fmt.Sprintf("%s: %s in the old record, %s in the new one", m.Name,
					orNone(old.Settings.Modes[i].Server), orNone(m.Server)))
		}
	}
	if (old.Settings.Yardstick == 0) != (newer.Settings.Yardstick == 0) {
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
	only(old, newer, "old")
	only(newer, old, "new")
	return slices.Concat(notes, doubts("old", old), doubts("new", newer))
}

// release returns the first two numbers of a kernel's version: 6.18 of 6.18.44-fc.
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
