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

// stubborn is a server that ignores SIGTERM, as its two neighbours do, of which one has left its process group.
const stubborn = `trap "" TERM; sleep 1000 & setsid sleep 1000 & "$TOOL" serve --mode=async --addr=127.0.0.1:$PORT --upstream=none; :`

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

// Nothing of a user's server is left when bench ends, however it does: neither children nor grandchildren.
func TestBenchLeavesNothingOfAServer(t *testing.T) {
	for name, how := range map[string]syscall.Signal{"Ctrl-C": syscall.SIGINT, "a crash": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			mark := fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())
			c := exec.Command(os.Args[0], "bench", "--profile=quick", "--rounds=2", "--modes=", "--workloads=hello", "--server", "own="+stubborn)
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
			var last string
			for lines.Scan() {
				if last = lines.Text(); strings.HasPrefix(last, "[1/2]") { // the second trial comes
					break
				}
			}
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			limit := time.After(time.Minute)
			await := func(what string, done func(n int) bool) {
				for !done(len(left(t, mark))) {
					select {
					case <-tick.C:
					case <-limit:
						t.Fatalf("%s: %q, after %q", what, left(t, mark), last)
					}
				}
			}
			await("the server runs", func(n int) bool { return n > 5 })
			if err := c.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // to the end, so that nobody blocks
			}
			if err := c.Wait(); err == nil {
				t.Error("bench ended as if nothing had been")
			}
			await("left", func(n int) bool { return n == 0 })
		})
	}
}
