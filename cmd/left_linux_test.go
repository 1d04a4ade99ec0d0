package cmd_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"nodecompare/thorough"
)

// stubborn is a server that ignores SIGTERM, as its neighbours do, of which one has left its
// process group and one is nobody's child.
const stubborn = `trap "" TERM; sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &); "$TOOL" serve --mode=async ` +
	`--addr=127.0.0.1:$PORT --upstream=none; :`

// left are the processes that have the mark in their environment, as what they were started with.
func left(t *testing.T, mark string) (found []string) {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		dir := fmt.Sprintf("/proc/%d/", p.PID)
		env, err := os.ReadFile(dir + "environ")
		if err != nil || !bytes.Contains(env, []byte(mark)) {
			continue // the former: it has ended since, or is another user's
		}
		if line, err := os.ReadFile(dir + "cmdline"); err == nil {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// measuring are commands in the midst of their work.
var measuring = []struct {
	name   string
	modes  []string // of Node.js, which are needed
	args   []string
	begins string   // the line on standard error after which there are
	least  int      // so many processes
	shows  string   // that after which there is something to print
	prints []string // on standard output, when they are interrupted then
}{
	{
		"a user's server", nil,
		[]string{"bench", "--profile=quick", "--rounds=2", "--modes=", "--workloads=hello", "--selftest=off",
			"--server", "own=" + stubborn},
		"bench: 2 trials", 7, "bench: 2 trials",
		[]string{"Interrupted before the first trial was over: nothing was measured."},
	},
	{
		"a mode of ours", nil,
		[]string{"bench", "--profile=quick", "--rounds=2", "--modes=async", "--workloads=hello", "--selftest=off"},
		"bench: 2 trials", 3, "[1/2]", []string{"Interrupted: this is what ", "a request"},
	},
	{
		"node and express", []string{"node", "express"},
		[]string{"bench", "--profile=quick", "--rounds=2", "--modes=node,express", "--workloads=api", "--selftest=off"},
		"bench: 4 trials", 3, "bench: 4 trials",
		[]string{"Interrupted before the first trial was over: nothing was measured."},
	},
	{
		"a map", []string{"node"},
		[]string{"map", "--modes=async,node", "--waits=50ms", "--cpus=1ms", "--connections=64"},
		"map: ", 3, "map: round 2 ", []string{"PARTIAL: the map was interrupted", "async and node on 64 connections"},
	},
	{
		"a selftest", nil, []string{"selftest", "--short"},
		"selftest: ", 2, "selftest: vegeta, stall 300 ms", []string{"PARTIAL", "delay 5 ms: p"},
	},
	{
		"a scene for the page", nil,
		[]string{"bench", "--profile=quick", "--rounds=2", "--modes=", "--workloads=hello", "--selftest=off",
			"--scene=mixed", "--server", "own=" + stubborn},
		"bench: 2 trials", 7, "bench: 2 trials",
		[]string{"Interrupted before the first trial was over: nothing was measured."},
	},
}

// Nothing is left when a command ends, however it does: neither children nor grandchildren. Ctrl-C
// and SIGTERM end it at once: it prints what there is, and exits as a shell expects.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	for i, test := range measuring {
		for k, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
			// Every command is killed; one is interrupted, and another is terminated.
			usual := i == 0 && k == 0 || i == 4 && k == 1 || how == syscall.SIGKILL
			if !usual && !thorough.On() {
				continue
			}
			t.Run(test.name+", "+how.String(), func(t *testing.T) {
				t.Parallel()
				for _, mode := range test.modes {
					needNode(t, mode)
				}
				mark := fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())
				c, out, _ := command(t, test.args...)
				c.Env = append(os.Environ(), "TOOL="+os.Args[0], mark)
				c.Stderr = nil
				stderr, err := c.StderrPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				lines, until := bufio.NewScanner(stderr), test.shows
				if how == syscall.SIGKILL { // nothing will be printed
					until = test.begins
				}
				for !strings.HasPrefix(lines.Text(), until) {
					if !lines.Scan() {
						t.Fatal("it ended before it measured")
					}
				}
				awaitCount(t, mark, func(n int) bool { return n >= test.least })
				if err := c.Process.Signal(how); err != nil {
					t.Fatal(err)
				}
				last := ""
				for lines.Scan() { // to the end, so that nobody blocks
					last = lines.Text()
				}
				if err := c.Wait(); err == nil {
					t.Error("it ended as if nothing had been")
				}
				awaitNone(t, mark)
				if how == syscall.SIGKILL {
					return
				}
				if code := c.ProcessState.ExitCode(); code != 130 || last != "nodecompare: interrupted" {
					t.Errorf("it ended with exit code %d and said last %q, want 130 and that it was interrupted", code,
						last)
				}
				for _, want := range test.prints {
					if !strings.Contains(out.String(), want) {
						t.Errorf("standard output lacks %q:\n%s", want, out)
					}
				}
			})
		}
	}
}

// awaitCount waits until as many processes as are wanted have the mark. Its patience decides
// nothing, but is less than it takes to compute what busy asks for.
func awaitCount(t *testing.T, mark string, wanted func(n int) bool) {
	t.Helper()
	const patience = time.Minute
	tick := time.NewTicker(250 * time.Millisecond) // each look reads every process there is
	defer tick.Stop()
	for over := time.After(patience); !wanted(len(left(t, mark))); {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("after %v there are %q", patience, left(t, mark))
		}
	}
}

func awaitNone(t *testing.T, mark string) {
	t.Helper()
	awaitCount(t, mark, func(n int) bool { return n == 0 })
}
