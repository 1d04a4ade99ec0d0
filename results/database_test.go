package results_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

// A database is at its limit where its CPUs are used up, or where requests wait for a connection to
// it while the server has time; not where the server or the load is the limit.
func TestDatabaseAtItsLimit(t *testing.T) {
	const ms = time.Millisecond
	in := func(change func(*results.Evidence)) results.Evidence {
		e := good(false) // one second
		e.Database = &results.DatabaseEvidence{CPU: 300 * ms, Cores: 1, Connections: 16}
		e.Connections, e.ServerCPU, e.ServerCores = 64, 950*ms, 2
		e.Generator = results.Generator{CPU: 300 * ms, Cores: 1}
		e.Recorded, e.LatencyUS.Mean = 0, 0 // of no law
		change(&e)
		return e
	}
	for _, c := range []struct {
		name string
		e    results.Evidence
		says string // "" for nothing
	}{
		{"a busy server", in(func(*results.Evidence) {}), ""},
		{"busy CPUs", in(func(e *results.Evidence) { e.Database.CPU = 650 * ms }),
			"the database and the load used 95.0% of the 1 CPU that they share: throughput and latency are "},
		{"busy CPUs of an open load", in(func(e *results.Evidence) { e.Open, e.Database.CPU = true, 650*ms }),
			"the database and the load used 95.0%"},
		{"an idle server", in(func(e *results.Evidence) { e.ServerCPU = 400 * ms }),
			"the server used 40% of a CPU with 64 requests always in flight, which waited for one of its 16 conn"},
		{"the user's own, of unknown CPU", in(func(e *results.Evidence) { e.ServerCPU, e.Database.CPU = 400*ms, 0 }),
			"the server used 40% of a CPU"},
		{"few requests", in(func(e *results.Evidence) { e.ServerCPU, e.Connections = 400*ms, 16 }), ""},
		{"the load is the limit", in(func(e *results.Evidence) {
			e.ServerCPU, e.Database.CPU, e.Generator.CPU = 400*ms, 0, 990*ms
		}), ""},
		{"no database", in(func(e *results.Evidence) { e.ServerCPU, e.Database = 400*ms, nil }), ""},
	} {
		got := results.Weigh(c.e)
		fires := slices.Contains(got.Rules, results.RuleDatabase)
		if fires != (c.says != "") || fires && !strings.Contains(strings.Join(got.Reasons, "\n"), c.says) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Where the database was at its limit, throughput favours nobody, and CPU per request decides.
func TestDatabaseAtItsLimitLeavesCPU(t *testing.T) {
	r := sample()
	w := r.Settings.Workloads[0]
	throughput := func() (better string) {
		for _, v := range results.Judge(r) {
			for _, f := range v.Findings {
				for _, c := range f.Comparisons {
					if v.Workload == w.Name && c.Metric == results.Throughput.Name && c.At == results.Base(w) {
						better += c.Better
					}
				}
			}
		}
		return better
	}
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			if r.Trials[i].Mode == r.Settings.Modes[0].Name {
				r.Trials[i].Rungs[j].ThroughputRPS *= 10
				if y := r.Trials[i].Rungs[j].Yardstick; y != nil {
					y.RelativeThroughput *= 10
				}
			}
		}
	}
	if throughput() == "" {
		t.Fatal("ten times the throughput favours nobody")
	}
	for i := range r.Trials {
		for j := range r.Trials[i].Rungs {
			r.Trials[i].Rungs[j].Trust = &results.Trust{Status: results.Suspect, Rules: []string{results.RuleDatabase}}
		}
	}
	if b := throughput(); b != "" {
		t.Errorf("the database's throughput favours %s", b)
	}
}
