package watch

import (
	"maps"
	"slices"

	"nodecompare/results/scene"
)

// noticeable is the CPU time, in milliseconds, from which a thread that records nothing has a lane.
const noticeable = 2.0

// onCPU adds what the kernel said of threads: when each had a CPU. Threads of Node.js that recorded
// nothing, such as its workers, get lanes of their own.
func onCPU(m *scene.Recording, start int64, stints map[int][]stint) {
	ms := since(start)
	times := func(id int) (all []scene.Stint, total float64) {
		for _, s := range stints[id] {
			if t := (scene.Stint{From: ms(s.on), To: min(ms(s.off), m.End)}); t.To > t.From {
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
	if !m.UnseenWorkers() || len(stints) == 0 {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(stints)) {
		all, total := times(id)
		if known[id] || total < noticeable {
			continue
		}
		t := scene.Thread{ID: id, Worker: true, Awake: total, OnCPU: all, Spans: []scene.Span{}}
		for _, at := range all {
			t.Spans = append(t.Spans, scene.Span{From: at.From, To: at.To, State: scene.Busy})
		}
		m.Threads = append(m.Threads, t)
	}
}
