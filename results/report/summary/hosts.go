package summary

import (
	"fmt"
	"math"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// place says where the servers ran, and where their load came from.
func place(h results.Host, all []results.BenchHost) string {
	cores := unit.Counted(h.Cores, "core")
	if len(all) == 0 {
		return fmt.Sprintf("this machine (%s)", cores)
	}
	return fmt.Sprintf("%s (%s), load from %s", all[0].Name, cores, unit.Counted(len(all)-1, "other host"))
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
