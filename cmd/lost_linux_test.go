package cmd_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/thorough"
)

// promptly is less than anything that a command could be waiting for, on a machine ten times slower
// too.
const promptly = 20 * time.Second

// shortBench is a bench of about a second, with its record and its page in the working folder.
var shortBench = []string{"bench", "--profile=quick", "--workloads=hello", "--modes=async", "--rounds=1",
	"--selftest=off", "--save=rec.json", "--report=p.html"}

// inFolder is the command, to be run in a folder of its own.
func inFolder(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = append(os.Environ(), mainEnv+"=1")
	c.Dir = t.TempDir()
	return c
}

// files are the names in a folder.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		names = append(names, f.Name())
	}
	return names
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

// whole wants files with their ends.
func whole(t *testing.T, dir string, ends map[string]string) {
	t.Helper()
	for name, end := range ends {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.HasSuffix(strings.TrimSpace(string(text)), end) {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
}

func exitCode(t *testing.T, c *exec.Cmd, want int) {
	t.Helper()
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := c.ProcessState.ExitCode(); got != want {
		t.Errorf("it ended with %v, want exit code %d", c.ProcessState, want)
	}
}

// Whoever stops reading, as head -1 does, costs nobody the record.
func TestClosedPipeLosesNothing(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	c := inFolder(t, shortBench...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = w, w
	if err := errors.Join(c.Start(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReaderSize(r, 16).ReadString('\n'); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	exitCode(t, c, 1)
	wantFiles(t, c.Dir, "p.html", "rec.json")
	whole(t, c.Dir, map[string]string{"rec.json": "}", "p.html": "</html>"})
}

// With a reader that does not read, the record is there before that matters, and the first Ctrl-C
// is the end.
func TestReaderThatDoesNotRead(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	c := inFolder(t, append(slices.Clone(shortBench), "--format=html", "--quiet")...) // more than a pipe holds
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	c.Stdout = w
	if err := errors.Join(c.Start(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); err != nil { // it prints
		t.Fatal(err)
	}
	wantFiles(t, c.Dir, "p.html", "rec.json")
	began := time.Now()
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	exitCode(t, c, 130)
	if took := time.Since(began); took > promptly {
		t.Errorf("it ended %v after Ctrl-C", took)
	}
	whole(t, c.Dir, map[string]string{"rec.json": "}", "p.html": "</html>"})
}

// A window that is closed is an end like Ctrl-C, and so is SIGQUIT; after a second signal what was
// measured is saved all the same.
func TestSignalsLoseNothing(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	t.Cleanup(s.Close)
	for name, test := range map[string]struct {
		signals []syscall.Signal
		code    int
		left    [][]string // one of them
	}{
		"SIGHUP":  {[]syscall.Signal{syscall.SIGHUP}, 130, [][]string{{"r.gob.partial"}}},
		"SIGQUIT": {[]syscall.Signal{syscall.SIGQUIT}, 130, [][]string{{"r.gob.partial"}}},
		// On a machine where saving takes longer than a second signal leaves, nothing unfinished is
		// left.
		"twice": {[]syscall.Signal{syscall.SIGINT, syscall.SIGINT}, 130, [][]string{{"r.gob.partial"}, nil}},
		"thrice": {[]syscall.Signal{syscall.SIGINT, syscall.SIGINT, syscall.SIGINT}, 130,
			[][]string{{"r.gob.partial"}, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if slices.Contains(test.signals, syscall.SIGHUP) && signal.Ignored(syscall.SIGHUP) {
				t.Skip("SIGHUP is ignored here, as under nohup")
			}
			c := inFolder(t, "load", s.URL, "--duration=1h", "--connections=1", "--save-results=r.gob")
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return len(files(t, c.Dir)) > 0 })
			for _, sig := range test.signals {
				if err := c.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
			}
			if _, err := io.Copy(io.Discard, out); err != nil {
				t.Error(err)
			}
			exitCode(t, c, test.code)
			left := files(t, c.Dir)
			if !slices.ContainsFunc(test.left, func(want []string) bool { return slices.Equal(left, want) }) {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// await waits until it is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(time.Minute); !so(); {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("it did not happen")
		}
	}
}

// A run that is interrupted before anything was measured leaves an earlier record as it was, and
// says so.
func TestNothingMeasuredReplacesNothing(t *testing.T) {
	t.Parallel()
	c := inFolder(t, "bench", "--profile=quick", "--workloads=hello", "--save=old.json")
	if err := os.WriteFile(filepath.Join(c.Dir, "old.json"), []byte("an earlier record"), 0o600); err != nil {
		t.Fatal(err)
	}
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	if line, err := lines.ReadString('\n'); err != nil { // what will be done
		t.Error(line, err)
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil || !strings.Contains(string(rest), "nodecompare: nothing was measured: old.json stays as it was\n") {
		t.Errorf("standard error: %s, %v", rest, err)
	}
	exitCode(t, c, 130)
	wantFiles(t, c.Dir, "old.json")
	whole(t, c.Dir, map[string]string{"old.json": "an earlier record"})
}

// Files that are read end with Ctrl-C too, whatever they are.
func TestInputThatNeverEnds(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"report":    {"report", "pipe"},
		"compare":   {"compare", "pipe", "pipe"},
		"baseline":  {"bench", "--baseline=pipe"},
		"body-file": {"load", "http://127.0.0.1:1", "--body-file=pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := inFolder(t, args...)
			pipe := filepath.Join(c.Dir, "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := os.OpenFile(pipe, os.O_RDWR, 0) // a writer that says nothing
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return opens(t, c.Process.Pid, pipe) })
			began := time.Now()
			if err := c.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			exitCode(t, c, 130)
			if took := time.Since(began); took > promptly {
				t.Errorf("it ended after %v", took)
			}
		})
	}
}

// opens tells whether the process has the file open.
func opens(t *testing.T, pid int, path string) bool {
	t.Helper()
	all, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range all {
		if to, err := os.Readlink(fd); err == nil && to == path {
			return true
		}
	}
	return false
}

// A machine without a loopback interface is none that is noisy.
func TestNoLoopback(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"selftest", "--short"}, {"bench"}, {"map"}} {
		c := inFolder(t, args...)
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := c.CombinedOutput()
		if errors.Is(err, os.ErrPermission) {
			t.Skip("only root may leave the network")
		}
		if c.ProcessState.ExitCode() != 1 ||
			!strings.HasPrefix(string(out), "nodecompare: this machine has no loopback interface for IPv4") {
			t.Errorf("%s: %v, %s", args[0], err, out)
		}
	}
}
