package cmd_test

import (
	"bytes"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"nodecompare/cmd/screen/screentest"
	"nodecompare/thorough"
)

// onTerminal starts the command with a terminal of its own for all but standard output.
func onTerminal(t *testing.T, s *screentest.Terminal, args ...string) (c *exec.Cmd, out *bytes.Buffer) {
	t.Helper()
	c, out = exec.Command(os.Args[0], args...), new(bytes.Buffer)
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+t.TempDir(), "TERM=xterm")
	c.Stdin, c.Stdout, c.Stderr = s.File, out, s.File
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, out
}

var briefBench = []string{"bench", "--modes=async", "--workloads=hello", "--profile=quick", "--rounds=2"}

// A bench on a terminal says what it does from the self-test on, and what it has found; in the end
// none of that is left.
func TestBenchIsLiveOnATerminal(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	s := screentest.Open(t, 80, 24)
	modes := s.Modes(t)
	c, out := onTerminal(t, s, briefBench...)
	for _, want := range []string{"Self-test, with known answers: ", "s elapsed, about ",
		"Pilot: how much async can do on hello",
		"Round 1 of 2: async on hello", "Round 2 of 2: async on hello", " async 1/2"} {
		s.Await(t, want)
	}
	if err := c.Wait(); err != nil {
		t.Fatalf("%v: %s", err, s)
	}
	s.Settle(t)
	for _, l := range strings.Split(s.String(), "\n") {
		if strings.Contains(l, "elapsed") || strings.Contains(l, "Round") || len([]rune(l)) > 80 {
			t.Errorf("the terminal still shows %q", l)
		}
	}
	if !strings.Contains(out.String(), "Performance") || strings.Contains(out.String(), "\x1b") {
		t.Errorf("standard output:\n%s", out)
	}
	if s.Modes(t) != modes || s.Unknown() != nil {
		t.Errorf("the terminal was changed: %v", s.Unknown())
	}
}

// Ctrl-C wipes the display, and what was measured is printed.
func TestLiveBenchEndsByCtrlC(t *testing.T) {
	t.Parallel()
	s := screentest.Open(t, 60, 24)
	modes := s.Modes(t)
	c, _ := onTerminal(t, s, append(briefBench, "--selftest=off", "--rounds=50")...)
	s.Await(t, " 1/50")
	s.Type(t, "\x03")
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != 130 {
		t.Errorf("it ended with %v, want exit code 130:\n%s", err, s)
	}
	s.Settle(t)
	if text := s.String(); strings.Contains(text, "elapsed") || !strings.Contains(text, "nodecompare: interrupted") {
		t.Errorf("the terminal shows\n%s", text)
	}
	if s.Modes(t) != modes {
		t.Error("the terminal was changed")
	}
}

// When the window is closed, the bench ends, and its servers with it.
func TestLiveBenchEndsWithItsWindow(t *testing.T) {
	t.Parallel()
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("SIGHUP is ignored here, as under nohup")
	}
	s := screentest.Open(t, 100, 24)
	c, _ := onTerminal(t, s, append(briefBench, "--selftest=off", "--rounds=50")...)
	s.Await(t, "Round 1 of 50")
	s.Close()
	if err := c.Wait(); err == nil || c.ProcessState.ExitCode() != 130 {
		t.Errorf("it ended with %v, want exit code 130", err)
	}
}
