package bench

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

// timelineInterval is the shortest interval of a timeline.
const timelineInterval = 50 * time.Millisecond

// timeline puts the answers and the ticks of the server's window into intervals of one length, which is a multiple of the
// generator's own; nil where nothing was answered. On a rung in slices the window holds the yardstick's slices too, so that only
// the answers are told, slice after slice.
func timeline(r rung, l *loadgen.Result, w *sample.Window) *results.Timeline {
	if l.CompletedEvery <= 0 || len(l.Completed) == 0 {
		return nil
	}
	each := max(1, int((timelineInterval+l.CompletedEvery-1)/l.CompletedEvery))
	interval := time.Duration(each) * l.CompletedEvery
	t := &results.Timeline{IntervalS: seconds(interval)}
	for i, n := range l.Completed {
		if i%each == 0 {
			t.Requests = append(t.Requests, 0)
		}
		t.Requests[len(t.Requests)-1] += n
	}
	if w == nil || r.slices > 0 || len(w.Ticks) == 0 {
		return t
	}
	next, used := 0, time.Duration(0)
	last := w.Ticks[0]
	for i := range t.Requests {
		for end := time.Duration(i+1) * interval; next < len(w.Ticks) && w.Ticks[next].At <= end; next++ {
			last = w.Ticks[next]
		}
		t.CPUS = append(t.CPUS, seconds(last.CPU-used))
		t.Threads = append(t.Threads, last.Threads)
		t.RSSBytes = append(t.RSSBytes, last.RSS)
		used = last.CPU
	}
	return t
}
