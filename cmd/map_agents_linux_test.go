package cmd_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/results"
	"nodecompare/thorough"
)

// mapOn starts a map of one serving host and two that make load.
func mapOn(t *testing.T, args ...string) *field {
	t.Helper()
	f := &field{lan: newLAN(t, 4), mark: fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())}
	f.lead(t, 3, func(join []string) {
		for i := len(f.agents); i < 3; i++ {
			f.agents = append(f.agents, f.join(t, join, i, nil))
		}
	}, append([]string{"map", "--modes=goroutine,async", "--waits=0,50ms", "--cpus=0", "--connections=8"}, args...)...)
	return f
}

// A map on three hosts has servers of both modes side by side on one, and load from the two others.
// A lost host makes a run VOID, by name. When it is back the map goes on; if it is the one that
// serves, with servers started anew.
func TestMapOfAgents(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	f := mapOn(t, "--rounds=2", "--format=json")
	for round, lost := range []int{2, 0} {
		f.awaitNote(t, fmt.Sprintf("round %d of 2", round+1))
		time.Sleep(2 * time.Second) // servers run by then
		a := f.agents[lost]
		if err := a.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		f.awaitNote(t, fmt.Sprintf("lost host-%d", lost))
		f.awaitNote(t, "2 of 3 are here")
		if err := a.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	notes := f.said()
	if err := f.coordinator.Wait(); err != nil {
		t.Fatalf("%v: %s%s", err, f.joining, notes)
	}
	var m results.Map
	if err := json.Unmarshal(f.out.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Hosts) != 3 || m.Hosts[0].Name != "host-0" || m.Hosts[0].Runs < 8 || len(m.Failures) > 0 ||
		m.Partial || m.Reduced["requests"] != "sum" {
		t.Errorf("hosts %+v, failures %q", m.Hosts, m.Failures)
	}
	measured := map[string]int{}
	for _, r := range m.Runs {
		if r.Requests == 0 {
			continue
		}
		measured[r.Mode]++
		// Eight connections that wait 50 ms send 160 requests a second at most.
		if r.ThroughputRPS <= 0 || r.PerRequestUS <= 0 || r.WaitMS == 50 && r.ThroughputRPS > 161 {
			t.Errorf("%+v", r)
		}
	}
	if measured["goroutine"] != 4 || measured["async"] != 4 {
		t.Errorf("runs with requests: %v", measured)
	}
	f.finished(t, time.Now())
}

// A serving host that does not come back ends the map, which prints what it has; and nothing is
// left when the coordinator is killed.
func TestMapOfAgentsEnds(t *testing.T) {
	thorough.Only(t)
	for name, test := range map[string]struct {
		end   func(f *field) *exec.Cmd
		round int // in which it ends
	}{
		"coordinator killed": {func(f *field) *exec.Cmd { return f.coordinator }, 1},
		"server's agent":     {func(f *field) *exec.Cmd { return f.agents[0] }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := mapOn(t, "--rounds=6", "--details")
			f.awaitNote(t, fmt.Sprintf("round %d of 6", test.round))
			time.Sleep(2 * time.Second)
			ended := test.end(f)
			if err := ended.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if ended != f.coordinator {
				f.awaitNote(t, "2 of 3 are here")
				if err := f.coordinator.Process.Signal(syscall.SIGINT); err != nil { // not to wait for a minute
					t.Fatal(err)
				}
				began = time.Now()
			}
			notes := f.said()
			f.coordinator.Wait()
			if ended != f.coordinator {
				code := f.coordinator.ProcessState.ExitCode()
				wanted := []string{"PARTIAL", "host-0: ran the servers", "host-1: made load", "lost host-0"}
				all := f.joining + notes + f.out.String()
				missing := slices.DeleteFunc(wanted, func(w string) bool { return strings.Contains(all, w) })
				if code != 130 || len(missing) > 0 {
					t.Errorf("exit code %d, without %q: %s", code, missing, all)
				}
			}
			f.finished(t, began)
		})
	}
}
