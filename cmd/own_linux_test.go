package cmd_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// stubborn is a server that ignores SIGTERM, as its neighbours do, of which one has left its process group and one is nobody's child.
const stubborn = `trap "" TERM; sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &); "$TOOL" serve --mode=async --addr=127.0.0.1:$PORT --upstream=none; :`

// left are the processes that have the mark in their environment, as what they were started with.
func left(t *testing.T, mark string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err != nil || !bytes.Contains(env, []byte(mark)) {
			continue // the former: it has ended since, or is another user's
		}
		if line, err := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline")); err == nil {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// Nothing is left when a command ends, however it does: neither children nor grandchildren.
func TestNothingIsLeft(t *testing.T) {
	for _, mode := range []string{"node", "express"} {
		needNode(t, mode)
	}
	for _, test := range []struct {
		name   string
		args   []string
		begins string // the line on standard error after which there are
		least  int    // so many processes
	}{
		{"a user's server", []string{"bench", "--profile=quick", "--rounds=2", "--modes=", "--workloads=hello", "--server", "own=" + stubborn}, "[1/2]", 7},
		{"node and express", []string{"bench", "--profile=quick", "--rounds=2", "--modes=node,express", "--workloads=api"}, "bench: 4 trials", 3},
		{"a map", []string{"map", "--modes=async,node,express", "--waits=50ms", "--cpus=1ms", "--connections=64"}, "map: round 2 ", 3},
	} {
		for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
			t.Run(test.name+", "+how.String(), func(t *testing.T) {
				t.Parallel()
				mark := fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())
				c := exec.Command(os.Args[0], test.args...)
				c.Env = append(os.Environ(), mainEnv+"=1", "TOOL="+os.Args[0], mark)
				stderr, err := c.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				overdue := time.AfterFunc(2*time.Minute, func() {
					if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
						t.Error(err)
					}
				})
				defer overdue.Stop()
				lines := bufio.NewScanner(stderr)
				for !strings.HasPrefix(lines.Text(), test.begins) {
					if !lines.Scan() {
						t.Fatal("it ended before it measured")
					}
				}
				awaitCount(t, mark, time.Minute, func(n int) bool { return n >= test.least })
				if err := c.Process.Signal(how); err != nil {
					t.Fatal(err)
				}
				for lines.Scan() { // to the end, so that nobody blocks
				}
				if err := c.Wait(); err == nil {
					t.Error("it ended as if nothing had been")
				}
				awaitNone(t, mark)
			})
		}
	}
}

// awaitCount waits until as many processes as are wanted have the mark.
func awaitCount(t *testing.T, mark string, within time.Duration, wanted func(n int) bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(within); !wanted(len(left(t, mark))); {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("after %v there are %q", within, left(t, mark))
		}
	}
}

// awaitNone has more patience than it takes to kill, and less than it takes to compute what busy asks for.
func awaitNone(t *testing.T, mark string) {
	t.Helper()
	awaitCount(t, mark, 15*time.Second, func(n int) bool { return n == 0 })
}
