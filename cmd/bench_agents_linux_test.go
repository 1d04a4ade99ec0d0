package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/results"
	"nodecompare/thorough"
)

// startBench starts a bench of one serving host and two that make load, without a server of the
// field's own, and has all of them join. serving are more flags of the serving host's agent.
func startBench(t *testing.T, serving []string, args ...string) *field {
	t.Helper()
	f := &field{lan: newLAN(t, 4), mark: fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())}
	f.lead(t, 3, func(join []string) {
		for i := len(f.agents); i < 3; i++ { // at the first of two lines
			f.agents = append(f.agents, f.join(t, join, i, serving))
		}
	}, append([]string{"bench", "--profile=quick", "--rounds=1", "--selftest=off"}, args...)...)
	return f
}

// join starts the agent of a host: of the first one, which serves, with more flags.
func (f *field) join(t *testing.T, join []string, i int, serving []string) *exec.Cmd {
	args := append(slices.Clone(join), fmt.Sprintf("--name=host-%d", i))
	if i == 0 {
		args = append(append(args, "--role=server"), serving...)
	}
	a, _, _ := command(t, args...)
	return f.start(t, firstAgent+i, a)
}

// awaitNote reads what the coordinator says until a part of it comes.
func (f *field) awaitNote(t *testing.T, part string) {
	t.Helper()
	for f.notes.Scan() {
		f.joining += f.notes.Text() + "\n"
		if strings.Contains(f.notes.Text(), part) {
			return
		}
	}
	t.Fatalf("nobody said %q: %s", part, f.joining)
}

// A bench on three hosts measures a mode of this program and a user's command on one, with load
// from the two others. A host that is lost makes its trial VOID, and the bench goes on when it is
// back.
func TestBenchOfAgents(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	record := filepath.Join(t.TempDir(), "record.json")
	tool := os.Args[0] + " serve --mode=goroutine --addr=:$PORT --upstream=none"
	f := startBench(t, []string{"--allow-commands"}, "--modes=async", "--server", "own="+tool,
		"--workloads=hello", "--save="+record, "--details")
	f.awaitNote(t, "] ") // a trial is over, and the next one begins
	if err := f.agents[2].Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	f.awaitNote(t, "made anew: lost host-2")
	f.awaitNote(t, "waiting for a lost host, for a minute at the most: 2 of 3 are here")
	if err := f.agents[2].Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	notes := f.said()
	if err := f.coordinator.Wait(); f.coordinator.ProcessState.ExitCode() != 0 {
		t.Errorf("%v: %s%s", err, f.joining, notes)
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var r results.Record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Hosts) != 3 || r.Hosts[0].Name != "host-0" || r.Hosts[0].Role != "server" || r.Hosts[0].Runs == 0 ||
		r.Reduced["requests"] != "sum" || r.Settings.Yardstick != 0 || len(r.Trials) != 2 {
		t.Errorf("hosts %+v, %d trials", r.Hosts, len(r.Trials))
	}
	voided := 0
	for _, trial := range r.Trials {
		if trial.Voided != nil {
			voided++
		}
		if trial.Failure != "" || len(trial.Rungs) != 5 {
			t.Errorf("%s: %q, %d rungs", trial.Mode, trial.Failure, len(trial.Rungs))
		}
		for _, rung := range trial.Rungs {
			if rung.Requests == 0 || rung.ElapsedS < 1.9 || rung.Process == nil || rung.Process.CPUS <= 0 ||
				rung.Yardstick != nil {
				t.Errorf("%s at %d connections: %d requests in %v s, process %+v", trial.Mode, rung.Connections,
					rung.Requests, rung.ElapsedS, rung.Process)
			}
		}
	}
	if voided != 1 {
		t.Errorf("%d trials were made anew, want 1", voided)
	}
	if !strings.Contains(f.out.String(), "host-0: ran the servers") {
		t.Errorf("no block of the hosts: %s", f.out)
	}
	f.finished(t, time.Now())
}

// What ends a bench on several hosts leaves nothing on any.
func TestBenchOfAgentsEnds(t *testing.T) {
	thorough.Only(t)
	for _, test := range []struct {
		name string
		end  func(f *field) error
		says string
		code int
	}{
		{"coordinator killed", func(f *field) error { return f.coordinator.Process.Kill() }, "", -1},
		{"coordinator ended", func(f *field) error { return f.coordinator.Process.Signal(syscall.SIGINT) }, "", 130},
		{"command refused", func(*field) error { return nil }, "start it with --allow-commands", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			args := []string{"--modes=async", "--workloads=hello"}
			if test.says != "" {
				args = []string{"--modes=", "--server", "own=sleep 60", "--workloads=hello"}
			}
			f := startBench(t, nil, args...)
			f.awaitNote(t, "bench: ")
			time.Sleep(2 * time.Second) // a server runs by then, on which load is
			began := time.Now()
			if err := test.end(f); err != nil {
				t.Fatal(err)
			}
			notes := f.said()
			err := f.coordinator.Wait()
			if code := f.coordinator.ProcessState.ExitCode(); code != test.code ||
				!strings.Contains(f.joining+notes+f.out.String(), test.says) {
				t.Errorf("%v: %s%s%s", err, f.joining, notes, f.out)
			}
			f.finished(t, began)
		})
	}
}
