// Package sample reads what processes and the host use while a load runs: CPU time, threads,
// memory, steal time, throttling.
package sample

import (
	"fmt"
	"sync"
	"time"
)

// maxTicks bounds the ticks of a window. Beyond it every other tick is dropped and the interval
// doubles.
const maxTicks = 4096

// mostInterval is the longest interval between two ticks of a large tree.
const mostInterval = 100 * time.Millisecond

// Tick is one reading within a window.
type Tick struct {
	At      time.Duration // since the window began
	CPU     time.Duration // used since the window began
	RSS     uint64        // bytes
	Threads int
	// FDs is as of the last count, which is some ticks older if counting is slow (see Watch); 0 if
	// not readable.
	FDs int
}

// Window is what a process used between Watch and Stop, and its peaks.
type Window struct {
	Elapsed time.Duration
	CPU     time.Duration // user and system, by the scheduler's clock

	// VoluntarySwitches and InvoluntarySwitches count the context switches within the window of the
	// threads alive at its end. They are read just before and after the window, because reading
	// takes 30 µs a thread. Threads that ended within the window are not counted.
	VoluntarySwitches, InvoluntarySwitches uint64

	// ActiveThreads ran at all during the window (switches or CPU time moved, or they began in it).
	// BusyThreads used at least half the CPU time of the busiest thread (0 if none used any).
	ActiveThreads, BusyThreads int

	// Waited is how long a busy thread was runnable without a CPU, and EachWait a single such wait,
	// both as means over the busy threads. Both are 0 if the kernel does not report them.
	Waited, EachWait time.Duration

	ThreadsPeak int // of all ticks and both ends
	// RSSPeak is in resident bytes, of the same readings (/proc/PID/stat; the kernel rounds by some
	// pages a CPU).
	RSSPeak uint64
	// PSSEnd is the resident bytes at the end, shared pages divided among their users; 0 if not
	// readable.
	PSSEnd    uint64
	FDsPeak   int // open file descriptors, of all counts, the last just after the window
	Processes int // peak; 1 for a process alone

	// ShortLived bounds the threads and processes that came and went within the window. It is 0 if
	// no tick saw one, else the number that the whole machine started, because the kernel counts
	// those of nobody in particular (proc_stat(5), "processes").
	ShortLived uint64

	Ticks []Tick // at a constant interval, which doubles in a long window
}

// Watcher samples a process, or a process tree, until it is stopped.
type Watcher struct {
	of       source
	interval time.Duration
	first    reading
	threads  threads
	forks    uint64 // of the whole machine
	began    time.Time
	fdsDue   time.Time // earliest time of the next count
	fds      int

	stop chan struct{}
	once sync.Once
	done chan struct{}

	// The sampling goroutine owns the fields from here until done is closed.
	window Window
	err    error
}

// Watch begins a window on a process (os.Getpid() for the generator itself), which is read at the
// interval until Stop. A tick costs 0.1 ms of CPU, and as much again for each 500 threads. Each end
// costs 30 µs a thread, outside the window. Before Linux 6.2, counting 10,000 file descriptors
// takes milliseconds, so it is limited to 2% of the time. PSS is read at the end alone, because
// reading it keeps the process from mapping memory and starting threads.
func Watch(pid int, interval time.Duration) (*Watcher, error) {
	return Subject{PID: pid}.Watch(interval)
}

// Watch begins a window on the subject, like the function Watch on one process. A tick on a tree
// costs 40 µs for each of its processes. On a large tree ticks are limited to 2% of the time, but
// at least ten a second.
func (s Subject) Watch(interval time.Duration) (*Watcher, error) {
	if interval <= 0 {
		return nil, fmt.Errorf("watching process %d: an interval of %v: it must be more than 0", s.PID, interval)
	}
	of, err := s.source()
	if err != nil {
		return nil, err
	}
	w := &Watcher{of: of, interval: interval, stop: make(chan struct{}), done: make(chan struct{})}
	if w.threads, err = of.threads(); err != nil {
		return nil, err
	}
	if w.forks, err = readForks(); err != nil {
		return nil, err
	}
	began := time.Now()
	if w.first, err = of.read(); err != nil {
		return nil, err
	}
	w.began = time.Now()
	if s.Scope != Alone {
		w.interval = max(interval, min(50*w.began.Sub(began), mostInterval))
	}
	w.add(w.first)
	if err := w.countFDs(); err != nil {
		return nil, err
	}
	go w.watch()
	return w, nil
}

// Stop ends the window. If the process ended within it, or its pid passed to another,
// errors.Is(err, ErrEnded) holds and the window has what was read until then. A second Stop returns
// the same.
func (w *Watcher) Stop() (Window, error) {
	w.once.Do(func() { close(w.stop) })
	<-w.done
	return w.window, w.err
}

func (w *Watcher) watch() {
	defer close(w.done)
	ticker := time.NewTicker(w.interval)
	defer ticker.Stop()
	for {
		select {
		case <-w.stop:
			w.end()
			return
		case <-ticker.C:
			if w.err = w.tick(); w.err != nil {
				return
			}
			if len(w.window.Ticks) >= maxTicks {
				w.thin()
				w.interval *= 2
				ticker.Reset(w.interval)
			}
		}
	}
}

// tick reads the process and moves the window's end to now.
func (w *Watcher) tick() error {
	g, err := w.of.read()
	if err != nil {
		return err
	}
	if err := w.first.sameAs(g); err != nil {
		return err
	}
	w.add(g)
	return w.countFDs()
}

// countFDs counts the file descriptors into the newest tick, unless the last count took so long
// that the next is not due.
func (w *Watcher) countFDs() error {
	if began := time.Now(); !began.Before(w.fdsDue) {
		n, err := w.of.fds()
		if err != nil {
			return err
		}
		w.fds = n
		w.fdsDue = began.Add(50 * time.Since(began))
	}
	w.window.FDsPeak = max(w.window.FDsPeak, w.fds)
	w.window.Ticks[len(w.window.Ticks)-1].FDs = w.fds
	return nil
}

func (w *Watcher) add(g reading) {
	v := &w.window
	v.Elapsed = time.Since(w.began)
	v.CPU = g.cpu - w.first.cpu
	v.ThreadsPeak, v.Processes = max(v.ThreadsPeak, g.threads), max(v.Processes, g.processes)
	v.RSSPeak = max(v.RSSPeak, g.rss)
	v.Ticks = append(v.Ticks, Tick{At: v.Elapsed, CPU: v.CPU, RSS: g.rss, Threads: g.threads})
}

// end reads the process a last time: first what belongs to the window's exact end, then what is
// slow.
func (w *Watcher) end() {
	if w.err = w.tick(); w.err != nil {
		return
	}
	v := &w.window
	now, err := w.of.threads()
	if err != nil {
		w.err = err
		return
	}
	did := now.since(w.threads)
	v.VoluntarySwitches, v.InvoluntarySwitches = did.voluntary, did.involuntary
	v.ActiveThreads, v.BusyThreads = did.active, did.busy
	v.Waited = did.waited / time.Duration(max(1, did.busy))
	v.EachWait = did.waited / time.Duration(max(1, did.runs))
	forks, err := readForks()
	if err != nil {
		w.err = err
		return
	}
	if v.ThreadsPeak > max(w.first.threads, v.Ticks[len(v.Ticks)-1].Threads) {
		v.ShortLived = forks - w.forks
	}
	fds, err := w.of.fds()
	if err != nil {
		w.err = err
		return
	}
	v.FDsPeak = max(v.FDsPeak, fds)
	if v.PSSEnd, w.err = w.of.pss(); w.err != nil {
		return
	}
	g, err := w.of.read()
	if err != nil {
		w.err = err
		return
	}
	w.err = w.first.sameAs(g)
}

// thin drops every other tick.
func (w *Watcher) thin() {
	kept := w.window.Ticks[:0]
	for i, t := range w.window.Ticks {
		if i%2 == 0 {
			kept = append(kept, t)
		}
	}
	w.window.Ticks = kept
}
