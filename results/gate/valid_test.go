package gate_test

import (
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/gate"
)

// hostsOf are the hosts of a bench on several, of which the first serves.
func hostsOf(names ...string) (all []results.BenchHost) {
	for i, name := range names {
		role := "load"
		if i == 0 {
			role = "server"
		}
		all = append(all, results.BenchHost{Name: name, Role: role})
	}
	return all
}

// Each difference that makes figures incomparable is invalid, and says what differs and what to do.
// The rest is noted.
func TestGateIncomparable(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(old, newer *results.Record)
		want   string // of the reasons; "" for a pass
		note   string
	}{
		{"another system", func(_, r *results.Record) { r.Host.OS = "darwin" },
			"operating system: linux in the old record, darwin in the new one: bench the old version on this machine",
			""},
		{"another architecture", func(_, r *results.Record) { r.Host.Arch = "arm64" },
			"architecture: amd64 in the old record, arm64", ""},
		{"another CPU", func(_, r *results.Record) { r.Host.CPU = "Model 8" },
			"CPU: Model 7 in the old record, Model 8 in the new one: another machine: bench the old version " +
				"on this machine", ""},
		{"more CPUs", func(_, r *results.Record) { r.Host.Cores = 4 },
			"CPUs that may be used: 2 in the old record, 4", ""},
		{"a quota", func(_, r *results.Record) { r.Host.CPUQuota = 1.5 },
			"CPU quota: none in the old record, 1.5 CPUs in the new one: give both runs the same limits", ""},
		{"less memory", func(_, r *results.Record) { r.Host.MemoryLimit = 1 << 30 },
			"memory limit: none in the old record, 1073741824 bytes", ""},
		{"another governor", func(old, r *results.Record) {
			old.Host.Governor, r.Host.Governor = "performance", "powersave"
		}, "governor: performance in the old record, powersave in the new one: set it back", ""},
		{"another kernel", func(_, r *results.Record) { r.Host.Kernel = "6.20.1" },
			"kernel: 6.18 in the old record, 6.20 in the new one: system calls may have another cost", ""},
		{"a kernel's maintenance", func(_, r *results.Record) { r.Host.Kernel = "6.18.45" }, "",
			"kernel: 6.18.44 in the old record, 6.18.45"},
		{"another Go", func(_, r *results.Record) { r.Host.Go = "go1.27" }, "",
			"Go: go1.26.8 in the old record, go1.27"},
		{"another tool", func(_, r *results.Record) { r.ToolVersion = "v1.3.0" }, "",
			"tool: v1.2.3 in the old record, v1.3.0"},
		{"load from another host", func(_, r *results.Record) { r.Hosts = hostsOf("a", "b") },
			"hosts: one machine in the old record, a (server), b (load) in the new one: bench on the same hosts", ""},
		{"the same hosts", func(old, r *results.Record) {
			old.Hosts, r.Hosts = hostsOf("a", "b"), hostsOf("a", "b")
		}, "", ""},
		{"a host of another kernel", func(old, r *results.Record) {
			old.Hosts, r.Hosts = hostsOf("a", "b"), hostsOf("a", "b")
			old.Hosts[1].Host.Kernel, r.Hosts[1].Host.Kernel = "6.18.1", "6.20.1"
		}, "host b, kernel: 6.18 in the old record, 6.20", ""},
		{"another seed", func(_, r *results.Record) { r.Settings.Seed++ }, "", ""},
		{"more open files", func(_, r *results.Record) { r.Host.OpenFiles *= 2 }, "", ""},
		{"another profile", func(_, r *results.Record) { r.Settings.Profile = "quick" },
			"profile: standard in the old record, quick in the new one: give --profile as it was", ""},
		{"another engine", func(_, r *results.Record) { r.Settings.Engine = "vegeta" },
			"load engine: auto in the old record, vegeta", ""},
		{"no pinning", func(_, r *results.Record) { r.Settings.Pin = results.Pin{Asked: "off"} },
			"pinning: servers on CPU 0, load on CPU 1 in the old record, all CPUs shared in the new one", ""},
		{"the same pinning, asked otherwise", func(_, r *results.Record) { r.Settings.Pin.Asked = "0:1" }, "", ""},
		{"another yardstick", func(_, r *results.Record) { r.Settings.Yardstick = 2 },
			"yardstick: version 1 in the old record, version 2", ""},
		{"one mode against itself", func(_, r *results.Record) { r.Settings.Null = true },
			"kind: an ordinary bench in the old record, a bench of one mode against itself (--null)", ""},
		{"another database", func(_, r *results.Record) {
			r.Settings.Database = &results.Database{Version: "15.13", Connections: 16}
		}, "database: SQLite in the old record, PostgreSQL 15, private in the new one: give --db as it was", ""},
		{"a minor version of the database, and fewer connections", func(o, r *results.Record) {
			o.Settings.Database = &results.Database{Version: "15.12", Connections: 16}
			r.Settings.Database = &results.Database{Version: "15.13", Connections: 8}
		}, "connections to the database: 16 in the old record, 8 in the new one", ""},
		{"another request", func(_, r *results.Record) { r.Settings.Workloads[0].Target = "/wait?ms=5" },
			"hello, request: GET /hello in the old record, GET /wait?ms=5", ""},
		{"a longer rung", func(_, r *results.Record) { r.Settings.Workloads[0].Ladder[1].DurationS = 3 },
			"hello, load: connections 1 for 0.5 s, 64 for 1.5 s, 1000 for 0.7 s, base 64 in the old record, " +
				"connections 1 for 0.5 s, 64 for 3 s", ""},
		{"another base", func(_, r *results.Record) { r.Settings.Workloads[0].Base = 1 },
			"base 64 in the old record, connections 1 for 0.5 s, 64 for 1.5 s, 1000 for 0.7 s, base 1 in", ""},
		{"a mode more", func(_, r *results.Record) {
			r.Settings.Modes = append(r.Settings.Modes, results.Mode{Name: "pool"})
		}, "", "only in the new record, and not compared: pool on hello"},
		{"a workload less", func(old, _ *results.Record) {
			old.Settings.Workloads = append(old.Settings.Workloads, results.Workload{Name: "wait"})
		}, "", "only in the old record, and not compared: blocking on wait, async on wait"},
		{"another path of a user's server", func(_, r *results.Record) {
			r.Settings.Modes[0].Targets = map[string]string{"hello": "/index.html"}
		},
			"blocking on hello, path: /hello in the old record, /index.html in the new one: give --path as it was", ""},
		{"another command of a user's server", func(old, r *results.Record) {
			old.Settings.Modes[0].Server, r.Settings.Modes[0].Server = "./v1", "./v2"
		},
			"", "blocking: ./v1 in the old record, ./v2 in the new one"},
		{"a server that no longer serves a workload", func(_, r *results.Record) {
			r.Settings.Missing = []results.Missing{{Mode: "blocking", Workload: "hello", Reason: "404"}}
		}, "blocking on hello is in the old record, and was left out of the new one: 404", ""},
		{"nothing in common", func(_, r *results.Record) { r.Settings.Workloads[0].Name = "wait" },
			"no mode on any workload is in both records", ""},
		{"interrupted", func(old, _ *results.Record) { old.Partial = true },
			"the old record is partial: its bench was interrupted", ""},
		{"a wrong tool", func(_, r *results.Record) {
			r.Selftest = &results.Selftest{Verdict: results.SelftestWrong}
		}, "the selftest of the new record found", ""},
		{"a noisy machine", func(_, r *results.Record) {
			r.Selftest = &results.Selftest{Verdict: results.SelftestNoisy}
		}, "", "the self-test of the new record found the machine noisy"},
		{"a selftest in one of them", func(old, r *results.Record) {
			old.Selftest, r.Selftest = &results.Selftest{Verdict: results.SelftestOK}, nil
		}, "", ""},
		{"a ratio beyond all numbers", func(old, r *results.Record) {
			old.Trials[0].Rungs[1].Yardstick.RelativeCPU, r.Trials[0].Rungs[1].Yardstick.RelativeCPU = 1e-300, 1e300
		}, "which no measurement gives: the record is damaged", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, newer := gated(unchanged)
			test.change(old, newer)
			g := gate.Compare(old, newer)
			want := gate.Pass
			if test.want != "" {
				want = gate.Invalid
			}
			if g.Outcome != want || !strings.Contains(strings.Join(g.Reasons, "\n"), test.want) ||
				(len(g.Reasons) == 0) != (want == gate.Pass) {
				t.Errorf("got %s, %q, want %s, %q", g.Outcome, g.Reasons, want, test.want)
			}
			if !strings.Contains(strings.Join(g.Notes, "\n"), test.note) ||
				(test.note == "") != (len(g.Notes) == 0) && want == gate.Pass {
				t.Errorf("notes %q, want %q", g.Notes, test.note)
			}
			if g.Outcome == gate.Invalid && g.Suspects() != nil {
				t.Errorf("an invalid gate has suspects: %v", g.Suspects())
			}
		})
	}
}

// Trials that failed or are VOID: left out while 6 remain, invalid when fewer do. A bench of fewer
// rounds is inconclusive.
func TestGateOfLostTrials(t *testing.T) {
	void := &results.Trust{Status: results.Void, Reasons: []string{"stolen from"}, Rules: []string{"steal"}}
	for _, test := range []struct {
		name   string
		rounds int
		lose   func(*results.Record)
		want   string
		reason string
	}{
		{"one of seven failed", 7, func(r *results.Record) { r.Trials[0].Failure = "it died" },
			gate.Regressed, "blocking on hello: 1 of 7 trials failed, and 0 of 6 before: it died"},
		{"one of six failed", 6, func(r *results.Record) { r.Trials[0].Failure = "it died" },
			gate.Regressed, "blocking on hello: 1 of 6 trials failed, and 0 of 6 before: it died"},
		{"a VOID base", 6, func(r *results.Record) { r.Trials[0].Rungs[1].Trust = void }, gate.Invalid,
			"1 of 6 trials in the new record failed or are VOID"},
		{"a VOID top", 6, func(r *results.Record) { r.Trials[0].Rungs[2].Trust = void }, gate.Invalid,
			"1 of 6 trials in the new record failed or are VOID"},
		{"a VOID base of seven", 7, func(r *results.Record) { r.Trials[0].Rungs[1].Trust = void }, gate.Pass, ""},
		{"a VOID top of seven", 7, func(r *results.Record) { r.Trials[0].Rungs[2].Trust = void }, gate.Pass, ""},
		{"a VOID first rung", 6, func(r *results.Record) { r.Trials[0].Rungs[0].Trust = void },
			gate.Invalid, "1 of 6 trials in the new record failed or are VOID"},
		{"no trial of a mode", 6, func(r *results.Record) { r.Trials = r.Trials[6:] }, gate.Invalid,
			"blocking on hello: the new record has no trial of it"},
		{"no trial at all", 6, func(r *results.Record) { r.Trials = nil }, gate.Invalid,
			"blocking on hello, async on hello: the new record has no trial of it"},
		{"three rounds", 3, func(*results.Record) {}, gate.Inconclusive,
			"blocking on hello, async on hello: the new record has 3 rounds, and at least 6 are needed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			old, newer := gated(unchanged)
			if test.rounds != 6 {
				b := sixRounds
				b.rounds = test.rounds
				newer = b.record(seeded())
			}
			test.lose(newer)
			g := gate.Compare(old, newer)
			if g.Outcome != test.want || !strings.Contains(strings.Join(g.Reasons, "\n"), test.reason) ||
				len(g.Reasons) > 1 && g.Outcome != gate.Regressed {
				t.Errorf("got %s, %q, want %s, %q", g.Outcome, g.Reasons, test.want, test.reason)
			}
			if test.rounds == 3 && g.MoreRounds != 3 {
				t.Errorf("got %d more rounds, want 3", g.MoreRounds)
			}
		})
	}
}
