package cmd_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"nodecompare/cmd/screen/screentest"
	"nodecompare/results"
)

// A shell with job control stops a bench by Ctrl-Z, has the terminal for itself meanwhile, and goes
// on with it by fg. The display is drawn below the shell's lines, and the trial of the stop is made
// anew.
func TestBenchIsStoppedByItsShell(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash, which has job control")
	}
	s := screentest.Open(t, 100, 40)
	dir := t.TempDir()
	record := filepath.Join(dir, "record.json")
	shell := exec.Command(bash, "--norc", "--noprofile", "--noediting", "-i")
	shell.Env = append(os.Environ(), "XDG_STATE_HOME="+dir, "TERM=xterm", "PS1=$ ", "HISTFILE=", "BENCH="+os.Args[0])
	shell.Stdin, shell.Stdout, shell.Stderr = s.File, s.File, s.File
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	s.Await(t, "$ ")
	modes := s.Modes(t)
	s.Type(t, "$BENCH bench --modes=async --workloads=hello --profile=quick --rounds=3 --selftest=off --save="+record+
		" >"+filepath.Join(dir, "out")+"\n")
	s.Await(t, "Round 2 of 3: async on hello")
	s.Type(t, "\x1a")
	s.Await(t, "Stopped")
	if s.Modes(t) != modes {
		t.Error("the terminal of a bench that is stopped is not as it was")
	}
	s.Type(t, "echo between: $((20 + 3))\n")
	s.Await(t, "between: 23")
	s.Type(t, "fg\n")
	s.Await(t, "nodecompare was stopped (Ctrl-Z)")
	s.Await(t, "Round 3 of 3: async on hello")
	s.Type(t, "\nexit\n") // which the shell reads when the bench is over
	if err := shell.Wait(); err != nil {
		t.Errorf("the shell ended with %v:\n%s", err, s)
	}
	s.Settle(t)
	lines := strings.Split(s.String(), "\n")
	for _, want := range []string{"Stopped", "between: 23"} {
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, want) }) {
			t.Errorf("the shell's line with %q was drawn over:\n%s", want, s)
		}
	}
	if s.Modes(t) != modes {
		t.Error("the terminal was changed")
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var r results.Record
	if err := json.Unmarshal(text, &r); err != nil || len(r.Trials) != 3 {
		t.Fatalf("the record has %d trials, %v", len(r.Trials), err)
	}
	stopped := 0
	for _, trial := range r.Trials {
		voided := trial.Voided != nil && strings.Contains(strings.Join(trial.Voided.Reasons, " "), "was stopped")
		if voided {
			stopped++
		}
		if trial.Lost != "" || trial.Failure != "" {
			t.Errorf("round %d: lost %q, failure %q", trial.Round, trial.Lost, trial.Failure)
		}
	}
	if stopped != 1 {
		t.Errorf("%d trials were made anew because of the stop, want 1", stopped)
	}
}
