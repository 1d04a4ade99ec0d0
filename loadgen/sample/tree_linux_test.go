package sample_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"nodecompare/loadgen/sample"
)

// shells are a shell and one below it, which does what it is told: a number on its input, and the
// same on its output when it is done.
type shells struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// startShells has the lower shell do the work, with $n for the number.
func startShells(t *testing.T, work string) *shells {
	t.Helper()
	// the last makes it wait, and not become the other
	c := exec.Command("sh", "-c", `sh -c 'while read n; do `+work+`; echo $n; done'; :`)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	})
	s := &shells{t, c, in, bufio.NewReader(out)}
	s.do(0) // both are there
	return s
}

func (s *shells) do(n int) {
	s.t.Helper()
	if _, err := fmt.Fprintln(s.in, n); err != nil {
		s.t.Fatal(err)
	}
	if line, err := s.out.ReadString('\n'); err != nil || line != fmt.Sprintln(n) {
		s.t.Fatalf("the shell answered %q, %v", line, err)
	}
}

func (s *shells) subject(scope sample.Scope) sample.Subject {
	return sample.Subject{PID: s.cmd.Process.Pid, Scope: scope}
}

const count = `i=0; while [ $i -lt $n ]; do i=$((i+1)); done`

// What a process uses is the tree's above it, and not that of the process that started it.
func TestTreeAddsUp(t *testing.T) {
	s := startShells(t, count)
	scopes := map[sample.Scope]*sample.Watcher{sample.Alone: nil, sample.WithTree: nil, sample.Below: nil}
	before := map[sample.Scope]time.Duration{}
	for scope := range scopes {
		w, err := s.subject(scope).Watch(5 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		scopes[scope] = w
		if before[scope], err = s.subject(scope).CPUTime(); err != nil {
			t.Fatal(err)
		}
	}
	s.do(200_000)
	window := map[sample.Scope]sample.Window{}
	for scope, w := range scopes {
		v, err := w.Stop()
		if err != nil {
			t.Fatal(err)
		}
		after, err := s.subject(scope).CPUTime()
		if err != nil {
			t.Fatal(err)
		}
		if used := after - before[scope]; used > v.CPU+time.Second || used < v.CPU-100*time.Millisecond {
			t.Errorf("scope %d: CPU %v in the window, %v by the clock", scope, v.CPU, used)
		}
		window[scope] = v
	}
	alone, with, below := window[sample.Alone], window[sample.WithTree], window[sample.Below]
	// The windows end one after the other, in any order.
	if alone.CPU > with.CPU/2 || below.CPU > with.CPU+100*time.Millisecond || below.CPU < with.CPU/2 {
		t.Errorf("CPU: alone %v, with its tree %v, below it %v", alone.CPU, with.CPU, below.CPU)
	}
	if alone.Processes != 1 || with.Processes != 2 || below.Processes != 1 || with.ThreadsPeak != 2 ||
		with.ActiveThreads < 1 || with.BusyThreads != 1 {
		t.Errorf("processes: alone %d, with its tree %d, below it %d; threads %d, active %d, busy %d",
			alone.Processes, with.Processes, below.Processes, with.ThreadsPeak, with.ActiveThreads, with.BusyThreads)
	}
	if with.RSSPeak <= below.RSSPeak || with.PSSEnd == 0 || with.PSSEnd > with.RSSPeak ||
		with.FDsPeak <= below.FDsPeak {
		t.Errorf("RSS %d and %d, PSS %d, descriptors %d and %d", with.RSSPeak, below.RSSPeak, with.PSSEnd,
			with.FDsPeak, below.FDsPeak)
	}
	if alone.ShortLived != 0 || with.ShortLived != 0 {
		t.Errorf("short-lived: %d and %d, and none there is", alone.ShortLived, with.ShortLived)
	}
}

// Processes that live for a millisecond: their CPU time stays with those that started them, and
// they are counted.
func TestShortLivedProcesses(t *testing.T) {
	const runs = 300
	s := startShells(t, `i=0; while [ $i -lt $n ]; do i=$((i+1)); /bin/true; done`)
	w, err := s.subject(sample.WithTree).Watch(time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	s.do(runs)
	v, err := w.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if v.ShortLived < runs || v.CPU < 20*time.Millisecond {
		t.Errorf("%d short-lived processes, of which %d are known; CPU %v", v.ShortLived, runs, v.CPU)
	}
	for i, tick := range v.Ticks[1:] {
		if tick.CPU < v.Ticks[i].CPU {
			t.Fatalf("CPU time went back from %v to %v", v.Ticks[i].CPU, tick.CPU)
		}
	}
}

func TestTreeThatEnds(t *testing.T) {
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	subject := sample.Subject{PID: gone.Process.Pid, Scope: sample.WithTree}
	if _, err := subject.Watch(time.Second); !errors.Is(err, sample.ErrEnded) {
		t.Errorf("Watch: %v; want ErrEnded", err)
	}
	if _, err := subject.CPUTime(); !errors.Is(err, sample.ErrEnded) {
		t.Errorf("CPUTime: %v; want ErrEnded", err)
	}
}
