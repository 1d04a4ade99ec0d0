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

// Ctrl-C ends a bench at once: it prints what there is, leaves no server behind, and exits as a shell expects.
func TestBenchInterrupted(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		c := exec.Command(os.Args[0], "bench", "--profile=quick", "--modes=async", "--workloads=hello,wait")
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
		lines := bufio.NewReader(stderr)
		for !t.Failed() { // until the first trial is done: servers have run, and more are to come
			line, err := lines.ReadString('\n')
			if err != nil {
				t.Fatalf("%v; standard output:\n%s", err, out.String())
			}
			if strings.HasPrefix(line, "[1/6]") {
				break
			}
		}
		if err := c.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(lines)
		if err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("%v: it ended with %v, want exit code 130", sig, err)
		}
		overdue.Stop()
		if !strings.Contains(out.String(), "PARTIAL: the bench was interrupted") || !strings.Contains(out.String(), "req/s") {
			t.Errorf("%v: standard output:\n%s", sig, out.String())
		}
		if !strings.HasSuffix(string(rest), "nodecompare: interrupted\n") {
			t.Errorf("%v: standard error ends with:\n%s", sig, rest)
		}
	}
}
