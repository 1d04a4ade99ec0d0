package watch

import (
	"maps"
	"slices"
	"time"
)

// noticeable is the CPU time, in milliseconds, from which a thread that records nothing has a lane.
const noticeable = 2.0

// onCPU adds what the kernel said of threads: when each had a CPU. Threads of Node.js that recorded
// nothing, such as its workers, get lanes of their own.
func (m *Mode) onCPU(start int64, stints map[int][]stint) {
	ms := func(at int64) float64 { return float64(at-start) / float64(time.Millisecond) }
	times := func(id int) (all []Time, total float64) {
		for _, s := range stints[id] {
			if t := (Time{ms(s.on), min(ms(s.off), m.End)}); t.To > t.From {
				all, total = append(all, t), total+t.To-t.From
			}
		}
		return all, total
	}
	known := map[int]bool{}
	for i := range m.Threads {
		t := &m.Threads[i]
		known[t.ID] = true
		if len(stints[t.ID]) > 0 {
			t.OnCPU, t.Awake = times(t.ID)
		}
	}
	if !m.unseenWorkers() || len(stints) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(stints)) {
		all, total := times(id)
		if known[id] || total < noticeable {
			continue
		}
		t := Thread{ID: id, Worker: true, Awake: total, OnCPU: all, Spans: []Span{}}
		for _, at := range all {
			t.Spans = append(t.Spans, Span{From: at.From, To: at.To, State: Busy})
		}
		m.Threads = append(m.Threads, t)
	}
}

// silent reports whether the thread recorded nothing, so that only the kernel knows of it.
func (t Thread) silent() bool { return len(t.Spans) > 0 && t.Spans[0].Request == 0 }
