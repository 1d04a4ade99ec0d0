package loadgen

import "time"

// A timeline's bins: 512 are more than a plot has room for, and take 4 kB; 10 ms show a pause of a garbage collector.
const (
	firstBin = 10 * time.Millisecond
	mostBins = 512
)

// timeline counts events by the time at which they happened, in bins of one width, whatever the length of the run.
type timeline struct {
	every time.Duration
	bins  []uint64 // up to the last one that has been asked for
}

func newTimeline() timeline {
	return timeline{every: firstBin, bins: make([]uint64, 0, mostBins)}
}

// add counts an event. Times count from the start of the run, and need not come in order.
func (t *timeline) add(at time.Duration) { t.bins[t.bin(max(at, 0))]++ }

// bin gives the index of the bin for that time. While there are too many, neighbours are merged: that happens as often as
// the run's length doubles, so an event costs a division and nothing more.
func (t *timeline) bin(at time.Duration) int {
	i := at / t.every
	for i >= mostBins {
		t.merge()
		i = at / t.every
	}
	for len(t.bins) <= int(i) {
		t.bins = append(t.bins, 0)
	}
	return int(i)
}

func (t *timeline) merge() {
	merged := t.bins[:0]
	for i := 0; i < len(t.bins); i += 2 {
		n := t.bins[i]
		if i+1 < len(t.bins) {
			n += t.bins[i+1]
		}
		merged = append(merged, n)
	}
	t.bins = merged
	t.every *= 2
}

// upTo gives the bins of a run that lasted for so long: the last one is cut short by its end.
func (t *timeline) upTo(end time.Duration) []uint64 {
	if end > 0 {
		t.bin(end - 1)
	}
	return t.bins
}
