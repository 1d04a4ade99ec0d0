package results_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nodecompare/results"
)

// sample is a record of two modes on one workload, six rounds.
func sample() *results.Record {
	r := &results.Record{
		Tool: results.Tool, SchemaVersion: results.SchemaVersion, ToolVersion: "v1.2.3",
		Started: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), ElapsedS: 61.5,
		Host:     results.Host{OS: "linux", Arch: "amd64", Kernel: "6.18", Cores: 2, Go: "go1.26", OpenFiles: 20000},
		Settings: settings("blocking", "async"),
	}
	for round := 1; round <= 6; round++ {
		r.Trials = append(r.Trials, trial("blocking", round, 1, 70, 1010), trial("async", round, 1, 9, 12))
	}
	r.Verdicts = results.Judge(r)
	return r
}

func settings(modes ...string) results.Settings {
	s := results.Settings{Profile: "standard", Rounds: 6, Seed: 7, Engine: "loop", Share: 0.5, SLOUS: 100e3,
		Workloads: []results.Workload{{
			Name: "wait", Method: "GET", Target: "/wait?ms=50", Summary: "a wait",
			Ladder: []results.Step{{Connections: 1, DurationS: 0.5}, {Connections: 64, DurationS: 1.5},
				{Connections: 1000, DurationS: 0.7}}, Base: 64, WaitUS: 50e3,
		}}}
	for _, m := range modes {
		s.Modes = append(s.Modes, results.Mode{Name: m, Summary: "about " + m})
	}
	return s
}

// trial is one that went well; speed scales its throughput, threads are those at 64 and at 1,000
// connections.
func trial(mode string, round int, speed float64, threads64, threads1000 int) results.Trial {
	t := results.Trial{Workload: "wait", Mode: mode, Round: round, ElapsedS: 5}
	for _, connections := range []int{1, 64, 1000} {
		rps := 20 * float64(connections) * speed
		threads := map[int]int{1: 8, 64: threads64, 1000: threads1000}[connections]
		t.Rungs = append(t.Rungs, results.Rung{
			Load: results.Closed, Engine: "loop", Connections: connections, ElapsedS: 1, Requests: 1000,
			Codes: map[int]uint64{200: 1000}, ThroughputRPS: rps,
			InFlight:  float64(connections),
			LatencyUS: results.Latency{Mean: 50e3, P50: 50e3, P90: 51e3, P99: 52e3, P999: 53e3, Max: 60e3},
			Process: &results.Process{CPUS: 0.02, CPUUSPerRequest: 20, Threads: threads,
				ActiveThreads: threads, BusyThreads: 1, RSSBytes: 16<<20 + uint64(connections)<<12},
		})
	}
	return t
}

func TestRecordSurvivesItsFile(t *testing.T) {
	want := sample()
	want.Trials[0].Failure, want.Trials[0].Stderr = "it died", []string{"panic: <no> & nothing"}
	var text bytes.Buffer
	if err := results.Encode(&text, want); err != nil {
		t.Fatal(err)
	}
	got, err := results.Decode(&text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("loaded record (-saved +loaded):\n%s", diff)
	}
}

func TestDecodeSaysWhatIsWrongWithAFile(t *testing.T) {
	var whole strings.Builder
	if err := results.Encode(&whole, sample()); err != nil {
		t.Fatal(err)
	}
	text := whole.String()
	for name, test := range map[string]struct{ text, want string }{
		"empty":        {"\n", "empty"},
		"cut short":    {text[:len(text)/2], "cut short after line"},
		"damaged":      {strings.Replace(text, `"ladder": [`, `"ladder": !`, 1), "line "},
		"wrong type":   {strings.Replace(text, `"rounds": 6`, `"rounds": "6"`, 1), "line "},
		"another tool": {`{"tool": "wrk", "schema_version": 1}`, "not a record of nodecompare"},
		"no tool":      {`{"results": []}`, "not a record of nodecompare"},
		"a list":       {`[]`, "a record is a JSON object, and the file holds: array"},
		"a text":       {`"x"`, "a record is a JSON object, and the file holds: string"},
		"too long": {strings.Replace(text, `"rounds": 6`, `"rounds": `+strings.Repeat("1", 100_000),
			1), "settings.rounds is of another kind than in a record: number 11"},
		"UTF-16": {"\xff\xfe{\x00}\x00", "the file is UTF-16, as PowerShell's > writes it"},
		"newer schema": {strings.Replace(text, `"schema_version": 2`, `"schema_version": 99`, 1),
			"schema version 99, written by nodecompare v1.2.3"},
		"older schema": {strings.Replace(text, `"schema_version": 2`, `"schema_version": 1`, 1),
			"schema version 1, written by nodecompare v1.2.3; this program reads version 2: use the one " +
				"that wrote it, or bench again"},
		"more than one": {text + text, "line "},
	} {
		t.Run(name, func(t *testing.T) {
			if test.text == text {
				t.Fatal("the test changed nothing")
			}
			if _, err := results.Decode(strings.NewReader(test.text)); err == nil ||
				!strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			} else if len(err.Error()) > 300 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
		})
	}
	if _, err := results.Decode(strings.NewReader("\ufeff" + text)); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
}
