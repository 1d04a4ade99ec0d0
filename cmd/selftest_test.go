package cmd_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends a selftest at once, with what there is and the exit code that a shell expects.
func TestSelftestInterrupted(t *testing.T) {
	c := exec.Command(os.Args[0], "selftest")
	c.Env = append(os.Environ(), mainEnv+"=1")
	var out bytes.Buffer
	c.Stdout = &out
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(2*time.Minute, func() {
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	defer overdue.Stop()
	lines := bufio.NewReader(stderr)
	for { // until the first checks are there
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v; standard output:\n%s", err, out.String())
		}
		if strings.HasPrefix(line, "selftest: vegeta, delay 5 ms") {
			break
		}
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("it ended with %v, want exit code 130; standard error:\n%s", err, rest)
	}
	if !strings.Contains(out.String(), "delay 1 ms: p50") || !strings.Contains(out.String(), "PARTIAL") {
		t.Errorf("standard output:\n%s", out.String())
	}
}
