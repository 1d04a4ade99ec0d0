package sample

import "time"

// busyShare is how much of the CPU time of the thread that used most another one must have used to do the work as well: loops and
// the threads of a pool share it out more evenly than that. A runtime's own use less: Go's monitor, which looks about every 20 µs while
// others run, up to two fifths of a loop that mostly waits.
const busyShare = 0.5

// thread is what one thread has used since it began.
type thread struct {
	cpu                    time.Duration
	voluntary, involuntary uint64 // context switches
}

// since is what it used after an earlier reading; that of a thread which began later is zero.
func (t thread) since(earlier thread) thread {
	return thread{
		cpu:         max(0, t.cpu-earlier.cpu),
		voluntary:   t.voluntary - min(earlier.voluntary, t.voluntary),
		involuntary: t.involuntary - min(earlier.involuntary, t.involuntary),
	}
}

// threads are a process's, by thread id.
type threads map[int]thread

// activity is what threads did between two readings.
type activity struct {
	voluntary, involuntary uint64
	active, busy           int // as in Window
	ended                  int
}

// since compares with an earlier reading.
func (now threads) since(earlier threads) activity {
	var a activity
	var most time.Duration
	used := make([]time.Duration, 0, len(now))
	for tid, t := range now {
		before, old := earlier[tid]
		d := t.since(before)
		a.voluntary += d.voluntary
		a.involuntary += d.involuntary
		if !old || d != (thread{}) {
			a.active++
		}
		used = append(used, d.cpu)
		most = max(most, d.cpu)
	}
	for _, cpu := range used {
		if most > 0 && float64(cpu) >= busyShare*float64(most) {
			a.busy++
		}
	}
	for tid := range earlier {
		if _, alive := now[tid]; !alive {
			a.ended++
		}
	}
	return a
}
