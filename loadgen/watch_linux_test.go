package loadgen_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/loadgen"
)

// process is a child made of this test binary: something real to sample.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end() })
	return p
}

// do has the child obey a command and returns the number that it answers.
func (p *process) do(command string, arg int64) int64 {
	p.t.Helper()
	fmt.Fprintln(p.in, command, arg)
	if !p.out.Scan() {
		p.t.Fatalf("the child ended at %s %d: %v", command, arg, p.out.Err())
	}
	var n int64
	if _, err := fmt.Sscan(p.out.Text(), &n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// end has the child end, and waits for it.
func (p *process) end() {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) && p.cmd.ProcessState == nil {
		p.t.Error(err)
	}
}

const childEnv = "LOADGEN_TEST_CHILD"

// child is the other side of do. Its commands: "threads N" starts N OS threads that block in a read, and "end N" ends N
// of them; "burn D" uses D nanoseconds of CPU on a thread of its own, which ends with it, and answers with what
// getrusage(2) counted for it; "switch N" has a thread block N times, and answers with its voluntary context switches;
// "pages N" touches N bytes; "procs" answers with its GOMAXPROCS.
func child(in io.Reader, out io.Writer) (exit int) {
	var blocked []int // write ends
	var ended sync.WaitGroup
	var held []byte
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var command string
		var n int64
		if _, err := fmt.Sscan(lines.Text(), &command, &n); err != nil {
			return 3
		}
		answer := n
		switch command {
		case "threads":
			var started sync.WaitGroup
			for range n {
				var p [2]int
				if unix.Pipe(p[:]) != nil {
					return 4
				}
				blocked = append(blocked, p[1])
				started.Add(1)
				ended.Go(func() {
					runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
					started.Done()
					unix.Read(p[0], make([]byte, 1))
				})
			}
			started.Wait()
		case "end":
			for _, w := range blocked[:n] {
				unix.Close(w)
			}
			blocked = blocked[n:]
		case "burn":
			answer = onThread(func() int64 {
				for used().cpu < n {
				}
				return used().cpu
			})
		case "switch":
			answer = onThread(func() int64 {
				for used().voluntary < n {
					unix.Nanosleep(&unix.Timespec{Nsec: 1000}, nil)
				}
				return used().voluntary
			})
		case "procs":
			answer = int64(runtime.GOMAXPROCS(0))
		case "pages":
			held = make([]byte, n)
			for i := 0; i < len(held); i += 512 {
				held[i] = 1
			}
		}
		fmt.Fprintln(out, answer)
	}
	runtime.KeepAlive(held)
	return 0
}

type usedByThread struct{ cpu, voluntary int64 }

func used() usedByThread {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		panic(err)
	}
	return usedByThread{u.Utime.Nano() + u.Stime.Nano(), u.Nvcsw}
}

// parked holds threads that have done their work, so that their figures stay in /proc.
var parked = make(chan bool)

func onThread(f func() int64) int64 {
	answer := make(chan int64)
	go func() {
		runtime.LockOSThread()
		answer <- f()
		<-parked
	}()
	return <-answer
}

func TestSample(t *testing.T) {
	p := start(t)
	p.do("threads", 50)
	p.do("pages", 32<<20)
	burnt := time.Duration(p.do("burn", int64(300*time.Millisecond)))
	switched := p.do("switch", 200)
	u, err := loadgen.Sample(p.cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	if u.Threads < 50 || u.Threads > 100 {
		t.Errorf("%d threads, of which 50 are known", u.Threads)
	}
	if u.CPU < burnt || u.CPU > burnt+2*time.Second {
		t.Errorf("CPU %v, of which %v is known", u.CPU, burnt)
	}
	if u.CPUUser+u.CPUSystem != u.CPU || u.CPUUser <= 0 || u.CPUSystem < 0 {
		t.Errorf("user %v and system %v do not make %v", u.CPUUser, u.CPUSystem, u.CPU)
	}
	if u.RSS < 32<<20 || u.PSS < 32<<20 || u.RSS > 1<<30 {
		t.Errorf("RSS %d, PSS %d, of which 32 MiB are known", u.RSS, u.PSS)
	}
	if u.FDs < 100+3 || u.FDs > 200 {
		t.Errorf("%d file descriptors, of which 103 are known", u.FDs)
	}
	if u.VoluntarySwitches < uint64(switched) || u.VoluntarySwitches > uint64(switched)+100_000 {
		t.Errorf("%d voluntary context switches, of which %d are known", u.VoluntarySwitches, switched)
	}
}

func TestWindow(t *testing.T) {
	p := start(t)
	p.do("threads", 20)
	p.do("burn", int64(300*time.Millisecond)) // before the window: not in it
	p.do("switch", 3000)
	w, err := loadgen.Watch(p.cmd.Process.Pid, 5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	p.do("threads", 30)
	p.do("pages", 32<<20)
	burnt := time.Duration(p.do("burn", int64(200*time.Millisecond)))
	switched := p.do("switch", 500)
	took := time.Since(began)
	v, err := w.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if v.Elapsed < took || v.Elapsed > took+10*time.Second {
		t.Errorf("Elapsed %v for a window of more than %v", v.Elapsed, took)
	}
	if v.CPU < burnt || v.CPU > v.Elapsed*time.Duration(runtime.NumCPU()) || v.CPUUser+v.CPUSystem != v.CPU {
		t.Errorf("CPU %v = %v + %v, of which %v is known, in %v", v.CPU, v.CPUUser, v.CPUSystem, burnt, v.Elapsed)
	}
	if v.VoluntarySwitches < uint64(switched) || v.ThreadsEnded != 0 {
		t.Errorf("%d voluntary context switches, of which %d are known; %d threads ended", v.VoluntarySwitches, switched, v.ThreadsEnded)
	}
	if v.ThreadsPeak < 50 || v.ThreadsMedian < 20 || v.ThreadsMedian > v.ThreadsPeak {
		t.Errorf("threads: peak %d, median %d, after 20 and then 50", v.ThreadsPeak, v.ThreadsMedian)
	}
	if v.RSSPeak < 32<<20 || v.RSSEnd > v.RSSPeak || v.PSSEnd < 32<<20 {
		t.Errorf("RSS peak %d, end %d, PSS %d", v.RSSPeak, v.RSSEnd, v.PSSEnd)
	}
	if len(v.Ticks) < 2 || v.Ticks[0].CPU != 0 || v.Ticks[len(v.Ticks)-1].CPU != v.CPU {
		t.Errorf("%d ticks, the first with CPU %v", len(v.Ticks), v.Ticks[0].CPU)
	}
	if first := v.Ticks[0].FDs; v.FDsEnd < 100 || v.FDsPeak < v.FDsEnd || first < 40 || first > v.FDsEnd-60 {
		t.Errorf("file descriptors: first %d, end %d, peak %d, after 40 and then 100", first, v.FDsEnd, v.FDsPeak)
	}
	again, err := w.Stop()
	if err != nil || again.CPU != v.CPU {
		t.Errorf("a second Stop gives CPU %v, %v", again.CPU, err)
	}

	// Idle: what was used before does not come up again.
	if w, err = loadgen.Watch(p.cmd.Process.Pid, time.Hour); err != nil {
		t.Fatal(err)
	}
	if v, err = w.Stop(); err != nil || v.CPU > burnt/2 || v.VoluntarySwitches > uint64(switched) {
		t.Errorf("an empty window has CPU %v, %d switches, %v", v.CPU, v.VoluntarySwitches, err)
	}
}

func TestThreadsThatEndAreCounted(t *testing.T) {
	p := start(t)
	p.do("threads", 20)
	w, err := loadgen.Watch(p.cmd.Process.Pid, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	before := threads(t, p)
	p.do("end", 16) // one of them may be the main thread, which Go does not end
	// A thread ends some time after its goroutine, and Go may start others meanwhile.
	gone := func() int {
		now := threads(t, p)
		return len(slices.DeleteFunc(slices.Clone(before), func(tid string) bool { return slices.Contains(now, tid) }))
	}
	for limit, tick := time.After(time.Minute), time.NewTicker(time.Millisecond); gone() < 15; {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%d threads have ended, want 15", gone())
		}
	}
	if v, err := w.Stop(); err != nil || v.ThreadsEnded < 15 {
		t.Errorf("%d threads ended, %v; want 15", v.ThreadsEnded, err)
	}
}

// threads gives the ids of the child's threads.
func threads(t *testing.T, p *process) []string {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.Name())
	}
	return ids
}

// A process that ends is noticed, as a zombie too, and what was read of it until then is kept.
func TestProcessThatEnds(t *testing.T) {
	for _, reaped := range []bool{true, false} {
		p := start(t)
		w, err := loadgen.Watch(p.cmd.Process.Pid, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if reaped {
			p.end()
		} else {
			if err := p.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			// Wait for the end, and leave the zombie.
			if err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := w.Stop(); !errors.Is(err, loadgen.ErrEnded) || len(v.Ticks) != 1 {
			t.Errorf("reaped %v: %d ticks, %v; want ErrEnded", reaped, len(v.Ticks), err)
		}
		if _, err := loadgen.Sample(p.cmd.Process.Pid); !errors.Is(err, loadgen.ErrEnded) {
			t.Errorf("reaped %v: Sample: %v; want ErrEnded", reaped, err)
		}
		if _, err := loadgen.Watch(p.cmd.Process.Pid, time.Second); !errors.Is(err, loadgen.ErrEnded) {
			t.Errorf("reaped %v: Watch: %v; want ErrEnded", reaped, err)
		}
	}
}

func TestGeneratorSamplesItself(t *testing.T) {
	w, err := loadgen.Watch(os.Getpid(), 10*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for from := used().cpu; used().cpu < from+int64(50*time.Millisecond); {
	}
	if v, err := w.Stop(); err != nil || v.CPU < 50*time.Millisecond || v.ThreadsPeak < 2 {
		t.Errorf("CPU %v, %d threads, %v", v.CPU, v.ThreadsPeak, err)
	}
}

func TestIntervalOfNothing(t *testing.T) {
	if _, err := loadgen.Watch(os.Getpid(), 0); err == nil {
		t.Error("an interval of 0 is taken")
	}
}
