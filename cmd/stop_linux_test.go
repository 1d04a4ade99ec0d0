package cmd_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"nodecompare/cmd/screen/screentest"
	"nodecompare/results"
	"nodecompare/servers/child"
	"nodecompare/thorough"
)

// awaitServer waits until a process has a grandchild: a shell's bench measures a server. A bench
// that is stopped between two servers has nothing to make anew.
func awaitServer(t *testing.T, shell int) {
	t.Helper()
	for range 2000 {
		all, err := procfs.AllProcs()
		if err != nil {
			t.Fatal(err)
		}
		var children []int
		for _, p := range all {
			if s, err := p.Stat(); err == nil && s.PPID == shell {
				children = append(children, p.PID)
			}
		}
		if slices.ContainsFunc(all, func(p procfs.Proc) bool { return child.Descends(p.PID, children) }) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the bench starts no server")
}

// stop types Ctrl-Z until the shell has said so many times that its job has stopped: in the moment
// in which a server is started it has no effect.
func stop(t *testing.T, s *screentest.Terminal, times int) {
	t.Helper()
	for range 200 {
		s.Type(t, "\x1a")
		for range 10 {
			if strings.Count(s.String(), "]+  Stopped") >= times {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Fatalf("the bench does not stop:\n%s", s)
}

// A shell with job control stops a bench by Ctrl-Z, has the terminal for itself meanwhile, and goes
// on with it by fg. The display is drawn below the shell's lines, and the pilot and the trial that
// were stopped are made anew.
func TestBenchIsStoppedByItsShell(t *testing.T) {
	thorough.Only(t)
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
	s.Await(t, "Pilot: how much async can do on hello")
	awaitServer(t, shell.Process.Pid)
	stop(t, s, 1)
	s.Type(t, "echo in the pilot: $((40 + 2))\n")
	s.Await(t, "in the pilot: 42")
	s.Type(t, "fg\n")
	s.Await(t, "pilot, async on hello: made anew: nodecompare was stopped")
	s.Await(t, "Round 2 of 3: async on hello")
	awaitServer(t, shell.Process.Pid)
	stop(t, s, 2)
	s.Type(t, "echo between: $((20 + 3))\n")
	s.Await(t, "between: 23")
	if s.Modes(t) != modes {
		t.Error("the terminal of a bench that is stopped is not as it was")
	}
	s.Type(t, "fg\n")
	s.Await(t, "VOID, and made anew: nodecompare was stopped")
	s.Await(t, "Round 3 of 3: async on hello")
	s.Type(t, "\nexit\n") // which the shell reads when the bench is over
	if err := shell.Wait(); err != nil {
		t.Errorf("the shell ended with %v:\n%s", err, s)
	}
	s.Settle(t)
	lines := strings.Split(s.String(), "\n")
	for _, want := range []string{"]+  Stopped", "in the pilot: 42", "between: 23"} {
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

// A load that is stopped and goes on says so of itself, and is VOID.
func TestLoadIsStopped(t *testing.T) {
	t.Parallel()
	var answered atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { answered.Add(1) }))
	defer s.Close()
	c, out, errs := command(t, "load", s.URL, "--duration=2s", "--rate=100", "--quiet")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	for answered.Load() < 20 {
		time.Sleep(time.Millisecond)
	}
	for _, signal := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT} {
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	err := c.Wait()
	if text := strings.Join(strings.Fields(out.String()), " "); err == nil || !strings.Contains(text, results.Stopped) {
		t.Errorf("it ended with %v, without a word on the stop:\n%s%s", err, out, errs)
	}
}
