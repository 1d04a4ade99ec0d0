package report_test

import (
	"bytes"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// Each format for people has a block for each host, and names the one that had nothing left.
func TestHosts(t *testing.T) {
	r := sample()
	r.Hosts = []results.BenchHost{
		{Name: "host-a", Role: "server", Host: results.Host{OS: "linux", Arch: "amd64", Cores: 8, Kernel: "6.18.1"},
			ClockOffsetUS: 1200, ClockUncertaintyUS: 90, RoundTripUS: 180, Runs: 40, Busy: 0.71, InBPS: 2e6,
			OutBPS: 9e6},
		{Name: "host-b", Role: "load", Host: results.Host{OS: "linux", Arch: "arm64", Cores: 2, Kernel: "6.12.3"},
			ClockOffsetUS: -40, ClockUncertaintyUS: 50, RoundTripUS: 100, Runs: 40, AtLimit: 3, Busy: 0.97},
	}
	for _, f := range report.Formats {
		switch f.Name {
		case "table", "markdown", "html":
		default:
			continue
		}
		for _, details := range []bool{false, true} {
			var out bytes.Buffer
			if err := f.Write(&out, r, report.Options{Width: 100, Details: details}); err != nil {
				t.Fatal(err)
			}
			text := strings.Join(strings.Fields(out.String()), " ")
			wanted := []string{"ran the servers", "8 cores", "71% busy", "host-b", "made load",
				"at its limit in 3 of 40 runs"}
			if f.Name != "table" || details {
				wanted = append(wanted, "40 µs ± 50 µs", "kernel 6.12.3")
			}
			for _, want := range wanted {
				if !strings.Contains(text, want) {
					t.Errorf("%s, details %v, does not say %q", f.Name, details, want)
				}
			}
		}
	}
}
