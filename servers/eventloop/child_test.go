package eventloop_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
)

// childCommand is this test binary, to be run as the named child.
func childCommand(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	return cmd
}

// conversation is a child that answers each line it is sent with a line.
type conversation struct {
	t     *testing.T
	stdin io.WriteCloser
	lines *bufio.Scanner
}

// converse starts a child; it must end by itself, and well, once its input ends with the test.
func converse(t *testing.T, name string) *conversation {
	t.Helper()
	cmd := childCommand(t, name)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	return &conversation{t, stdin, bufio.NewScanner(stdout)}
}

// line is the child's next line.
func (c *conversation) line() string {
	c.t.Helper()
	if !c.lines.Scan() {
		c.t.Fatalf("the child's output ended: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// ask sends a line and decodes the child's answer.
func (c *conversation) ask(question string, answer any) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, question+"\n"); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(c.line()), answer); err != nil {
		c.t.Fatal(err)
	}
}
