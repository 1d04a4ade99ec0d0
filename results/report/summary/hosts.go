package summary

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// place says where the servers ran, on how many of the cores if they were bound to some, and where
// their load came from.
func place(h results.Host, all []results.BenchHost, cpus string) string {
	cores := unit.Counted(h.Cores, "core")
	switch n := listed(cpus); {
	case len(all) > 0:
		return fmt.Sprintf("%s (%s), load from %s", all[0].Name, cores, unit.Counted(len(all)-1, "other host"))
	case n > 0 && n < h.Cores:
		return fmt.Sprintf("%s of this machine's %s", unit.Count(n), cores)
	}
	return fmt.Sprintf("this machine (%s)", cores)
}

// listed counts the CPUs of a list such as 0-2,5; 0 for what is none.
func listed(cpus string) (n int) {
	for part := range strings.SplitSeq(cpus, ",") {
		low, high, several := strings.Cut(part, "-")
		from, err := strconv.Atoi(low)
		to := from
		if several && err == nil {
			to, err = strconv.Atoi(high)
		}
		if err != nil {
			return 0
		}
		n += to - from + 1
	}
	return n
}

// HostLine is a host of a measurement on several, in words.
type HostLine struct{ Name, Text string }

func (l HostLine) String() string { return l.Name + ": " + l.Text }

// HostLines describes the hosts of a measurement on several, the serving one first. Unless in full,
// it leaves out what system they have, and their clocks.
func HostLines(hosts []results.BenchHost, full bool) []HostLine {
	var all []HostLine
	for _, h := range hosts {
		does := "made load"
		if h.Role == "server" {
			does = "ran the servers"
		}
		text := fmt.Sprintf("%s; %s, at most %.0f%% busy", does, unit.Counted(h.Host.Cores, "core"), 100*h.Busy)
		if full {
			text = fmt.Sprintf("%s; %s; at most %.0f%% busy, %s/s in, %s/s out; clock %s ± %s, round trip %s; %s %s",
				does, hostOf(h.Host), 100*h.Busy, unit.Bytes(h.InBPS), unit.Bytes(h.OutBPS),
				unit.Micros(math.Abs(h.ClockOffsetUS)), unit.Micros(h.ClockUncertaintyUS), unit.Micros(h.RoundTripUS),
				results.Tool, h.ToolVersion)
		}
		if h.AtLimit > 0 {
			text += fmt.Sprintf("; at its limit in %d of %s", h.AtLimit, unit.Counted(h.Runs, "run"))
		}
		all = append(all, HostLine{h.Name, text})
	}
	return all
}

// loadAtLimit says which hosts that make load had nothing left in some run; "" if none.
func loadAtLimit(r *results.Record) string {
	var names []string
	for _, h := range r.Hosts {
		if h.Role != "server" && h.AtLimit > 0 {
			names = append(names, h.Name)
		}
	}
	if names == nil {
		return ""
	}
	return fmt.Sprintf("The load was at its limit on %s in some runs: the servers may bear more than it shows.",
		joinNames(names))
}
