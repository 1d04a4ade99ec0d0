package html

import (
	"fmt"
	"strings"
	"time"

	"nodecompare/results"
	"nodecompare/results/report/summary"
	"nodecompare/results/unit"
)

// about is the end of the page: where, how, and how far to be trusted.
type about struct {
	Host      []aboutPair
	Hosts     []aboutPair // of a bench on several
	Settings  []aboutPair
	Ladders   dataTable
	Selftest  *dataTable
	Checks    []string // what the selftest says
	Trust     dataTable
	TrustNote string
	Failures  []failure
}

// aboutPair is a name and what it stands for.
type aboutPair struct{ Name, Text string }

// failure is a trial or a pilot run that was not whole, with the server's last words.
type failure struct {
	Trial  string
	Reason string
	Stderr string
}

func aboutRecord(r *results.Record) about {
	a := about{Host: hostPairs(r.Host), Hosts: hostLines(r.Hosts), Settings: settingPairs(r), Ladders: laddersTable(r)}
	if s := r.Selftest; s != nil {
		a.Checks = summary.SelftestRemarks(s)
		t := dataTable{Caption: "Selftest: what was measured where the answer was known",
			Head: append([]string{"Engine"}, summary.SelftestHead...)}
		for _, c := range s.Checks {
			t.Rows = append(t.Rows, dataRow{Name: c.Engine, Cells: plainCells(summary.SelftestRow(c)...)})
		}
		a.Selftest = &t
	}
	a.Trust, a.TrustNote = trustTable(r)
	for _, m := range r.PilotFailures {
		a.Failures = append(a.Failures,
			failure{Trial: fmt.Sprintf("%s on %s, in the pilot", m.Mode, m.Workload), Reason: m.Reason})
	}
	for _, t := range r.Trials {
		if t.Failure != "" {
			a.Failures = append(a.Failures,
				failure{fmt.Sprintf("%s on %s, round %d", t.Mode, t.Workload, t.Round), t.Failure,
					strings.Join(t.Stderr, "\n")})
		}
	}
	return a
}

// hostLines are the hosts of a measurement on several.
func hostLines(of []results.BenchHost) []aboutPair {
	var all []aboutPair
	for _, h := range summary.HostLines(of, true) {
		all = append(all, aboutPair{h.Name, h.Text})
	}
	return all
}

// told leaves out the pairs that have nothing to say.
func told(all ...aboutPair) []aboutPair {
	var some []aboutPair
	for _, p := range all {
		if p.Text != "" {
			some = append(some, p)
		}
	}
	return some
}

func hostPairs(h results.Host) []aboutPair {
	quota, memory := "", ""
	if h.CPUQuota > 0 {
		quota = unit.Digits(h.CPUQuota) + " CPUs"
	}
	if h.MemoryLimit > 0 {
		memory = unit.Bytes(float64(h.MemoryLimit))
	}
	return told(
		aboutPair{"System", h.OS + "/" + h.Arch + ", kernel " + h.Kernel},
		aboutPair{"CPU", h.CPU},
		aboutPair{"Cores", unit.Count(h.Cores)},
		aboutPair{"Frequency governor", h.Governor},
		aboutPair{"CPU quota of the container", quota},
		aboutPair{"Memory limit of the container", memory},
		aboutPair{"Open files", unit.Count(h.OpenFiles)},
		aboutPair{"Go", h.Go},
	)
}

func settingPairs(r *results.Record) []aboutPair {
	s := r.Settings
	pin, yardstick, kind, again := s.Pin.Note, "none", "", ""
	if s.Pin.Server != "" {
		pin = strings.TrimSuffix(fmt.Sprintf("servers on CPU %s, load on CPU %s; %s", s.Pin.Server,
			s.Pin.Generator, s.Pin.Note), "; ")
	}
	if s.Yardstick > 0 {
		yardstick = fmt.Sprintf("version %d, on the servers' CPUs", s.Yardstick)
	}
	if s.Null {
		kind = "null: every mode is the same one, and what differs is noise"
	}
	if len(r.Again) > 0 {
		again = fmt.Sprintf("%d trials ran a second time for the gate; no figure here has them", len(r.Again))
	}
	share, slo, database := "", "", ""
	if s.Database != nil {
		database = fmt.Sprintf("%s, %s of a server", s.Database, unit.Counted(s.Database.Connections, "connection"))
	}
	if s.Share > 0 {
		share = unit.Digits(100*s.Share) + "% of the capacity"
	}
	if s.SLOUS > 0 {
		slo = "p99 of at most " + unit.Micros(s.SLOUS)
	}
	return told(
		aboutPair{"Tool", r.Tool + " " + r.ToolVersion},
		aboutPair{"Started", r.Started.UTC().Format("2006-01-02 15:04:05 UTC")},
		aboutPair{"Took", (time.Duration(r.ElapsedS*1e3) * time.Millisecond).Round(time.Second).String()},
		aboutPair{"Profile", fmt.Sprintf("%s, %d rounds, seed %d", s.Profile, s.Rounds, s.Seed)},
		aboutPair{"Bench", kind},
		aboutPair{"Load engine", s.Engine},
		aboutPair{"CPUs", pin},
		aboutPair{"Database", database},
		aboutPair{"Open loads", share},
		aboutPair{"Latency objective", slo},
		aboutPair{"Yardstick", yardstick},
		aboutPair{"Second run", again},
	)
}

func laddersTable(r *results.Record) dataTable {
	t := dataTable{Caption: "Workloads and their ladders",
		Head: []string{"Workload", "Request", "Connections: seconds", "Base"}}
	for _, w := range r.Settings.Workloads {
		var steps []string
		for _, s := range w.Ladder {
			steps = append(steps, fmt.Sprintf("%s: %s", unit.Count(s.Connections), unit.Digits(s.DurationS)))
		}
		t.Rows = append(t.Rows,
			dataRow{Name: w.Name,
				Cells: plainCells(w.Method+" "+w.Target, strings.Join(steps, ", "), unit.Count(w.Base))})
	}
	return t
}

// trustTable has a row for each rule that fired, with how often and why the rule is there.
func trustTable(r *results.Record) (t dataTable, note string) {
	suspect, void := map[string]int{}, map[string]int{}
	runs, valid := 0, 0
	for _, trial := range r.Trials {
		for _, rung := range trial.Rungs {
			if rung.Trust == nil {
				continue
			}
			runs++
			if rung.Trust.Status == results.Valid {
				valid++
			}
			for _, rule := range rung.Trust.Rules {
				if rung.Trust.Status == results.Void {
					void[rule]++
				} else {
					suspect[rule]++
				}
			}
		}
	}
	t = dataTable{Caption: "Rules of trust that fired",
		Head: []string{"Rule", "SUSPECT runs", "Runs left out as VOID", "What it means", "Why the rule is there"}}
	for _, rule := range results.Rules {
		if n, m := suspect[rule.Name], void[rule.Name]; n+m > 0 {
			t.Rows = append(t.Rows,
				dataRow{Name: rule.Name,
					Cells: plainCells(unit.Count(n), unit.Count(m), capital(rule.Plain), capital(rule.Why))})
		}
	}
	switch runs {
	case 0:
		return t, "No run of this record was asked whether it can be trusted."
	case valid:
		return t, fmt.Sprintf("All %s runs are VALID: nothing speaks against them.", unit.Count(runs))
	}
	return t, fmt.Sprintf("%s of %s runs are VALID: nothing speaks against them.", unit.Count(valid), unit.Count(runs))
}

// capital begins with a capital and ends with a full stop.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
