package sample_test

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/loadgen/sample"
)

func TestWindow(t *testing.T) {
	p := start(t)
	p.do("threads", 20)
	p.do("burn", int64(300*time.Millisecond)) // before the window: not in it
	p.do("switch", 3000)
	w, err := sample.Watch(p.cmd.Process.Pid, 5*time.Millisecond)
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
	if v.CPU < burnt || v.CPU > v.Elapsed*time.Duration(runtime.NumCPU()) {
		t.Errorf("CPU %v, of which %v is known, in %v", v.CPU, burnt, v.Elapsed)
	}
	if v.VoluntarySwitches < uint64(switched) {
		t.Errorf("%d voluntary context switches, of which %d are known", v.VoluntarySwitches, switched)
	}
	if v.ThreadsPeak < 50 || v.ThreadsPeak > 100 {
		t.Errorf("%d threads, of which 50 are known", v.ThreadsPeak)
	}
	if v.RSSPeak < 32<<20 || v.RSSPeak > 1<<30 || v.PSSEnd < 32<<20 {
		t.Errorf("RSS peak %d, PSS %d, of which 32 MiB are known", v.RSSPeak, v.PSSEnd)
	}
	if len(v.Ticks) < 2 || v.Ticks[0].CPU != 0 || v.Ticks[len(v.Ticks)-1].CPU != v.CPU {
		t.Errorf("%d ticks, the first with CPU %v", len(v.Ticks), v.Ticks[0].CPU)
	}
	if first := v.Ticks[0].FDs; v.FDsPeak < 100 || v.FDsPeak > 200 || first < 40 || first > v.FDsPeak-60 {
		t.Errorf("file descriptors: first %d, peak %d, after 40 and then 100", first, v.FDsPeak)
	}
	again, err := w.Stop()
	if err != nil || again.CPU != v.CPU {
		t.Errorf("a second Stop gives CPU %v, %v", again.CPU, err)
	}

	// Idle: what was used before does not come up again.
	if w, err = sample.Watch(p.cmd.Process.Pid, time.Hour); err != nil {
		t.Fatal(err)
	}
	if v, err = w.Stop(); err != nil || v.CPU > burnt/2 || v.VoluntarySwitches > uint64(switched) {
		t.Errorf("an empty window has CPU %v, %d switches, %v", v.CPU, v.VoluntarySwitches, err)
	}
}

// Threads that do the work, those that only ran, and those that were asleep all the time.
func TestThreadsByWhatTheyDid(t *testing.T) {
	const asleep, spinning, each = 100, 5, int64(100 * time.Millisecond)
	p := start(t)
	p.do("threads", asleep)
	p.do("gang", spinning)
	w, err := sample.Watch(p.cmd.Process.Pid, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	p.do("work", each)
	v, err := w.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if v.BusyThreads != spinning || v.ActiveThreads < spinning || v.ActiveThreads >= asleep {
		t.Errorf("%d busy and %d active threads, of which %d used %v of CPU time each; %d were asleep",
			v.BusyThreads, v.ActiveThreads, spinning, time.Duration(each), asleep)
	}

	// The work of before counts for nothing; threads that begin within the window are active,
	// whatever they do. To begin them may keep a second one busy.
	if w, err = sample.Watch(p.cmd.Process.Pid, time.Hour); err != nil {
		t.Fatal(err)
	}
	p.do("threads", asleep)
	burnt := p.do("burn", each)
	v, err = w.Stop()
	if began := v.ActiveThreads; err != nil || v.BusyThreads < 1 || v.BusyThreads > 2 ||
		began <= asleep || began >= 2*asleep {
		t.Errorf("%d busy and %d active threads, %v; one used %v of CPU time, and %d began", v.BusyThreads,
			v.ActiveThreads, err, time.Duration(burnt), asleep)
	}
}

// A process that ends is noticed, as a zombie too, and what was read of it until then is kept.
func TestProcessThatEnds(t *testing.T) {
	for _, reaped := range []bool{true, false} {
		p := start(t)
		w, err := sample.Watch(p.cmd.Process.Pid, time.Hour)
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
		if v, err := w.Stop(); !errors.Is(err, sample.ErrEnded) || len(v.Ticks) != 1 {
			t.Errorf("reaped %v: %d ticks, %v; want ErrEnded", reaped, len(v.Ticks), err)
		}
		if _, err := sample.Watch(p.cmd.Process.Pid, time.Second); !errors.Is(err, sample.ErrEnded) {
			t.Errorf("reaped %v: Watch: %v; want ErrEnded", reaped, err)
		}
	}
}

func TestGeneratorSamplesItself(t *testing.T) {
	w, err := sample.Watch(os.Getpid(), 10*time.Millisecond)
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
	if _, err := sample.Watch(os.Getpid(), 0); err == nil {
		t.Error("an interval of 0 is taken")
	}
}
