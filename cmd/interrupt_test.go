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

// interrupt runs the command until standard error has a line that begins with prefix, sends it the signal, and wants exit code
// 130, as a shell expects. It gives standard output, and what came on standard error after that line.
func interrupt(t *testing.T, sig syscall.Signal, prefix string, args ...string) (out, rest string) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), mainEnv+"=1")
	var stdout bytes.Buffer
	c.Stdout = &stdout
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
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v; standard output:\n%s", err, stdout.String())
		}
		if strings.HasPrefix(line, prefix) {
			break
		}
	}
	if err := c.Process.Signal(sig); err != nil {
		t.Fatal(err)
	}
	after, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("%v: it ended with %v, want exit code 130; standard error:\n%s", sig, err, after)
	}
	return stdout.String(), string(after)
}
