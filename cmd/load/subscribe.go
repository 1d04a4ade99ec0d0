package load

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
)

// memoryInterval is the time between two readings of a server's memory.
const memoryInterval = 100 * time.Millisecond

// watchMemory begins to watch the memory of a server that subscribers or viewers are about to
// connect to. The function it returns ends that, and says by how many bytes the memory grew; known
// is false for a load of requests, and for a server of which that cannot be read.
func watchMemory(a loadgen.Attack) (grown func() (bytes uint64, known bool)) {
	if a.Conversation == "" || a.Conversation == loadgen.Request || len(a.Server) == 0 {
		return func() (uint64, bool) { return 0, false }
	}
	var watchers []*sample.Watcher
	known := true
	for _, s := range a.Server {
		w, err := s.Watch(memoryInterval)
		if err != nil {
			known = false // what it used is no reason to end a load
			break
		}
		watchers = append(watchers, w)
	}
	return func() (bytes uint64, _ bool) {
		for _, w := range watchers {
			window, err := w.Stop()
			if err != nil || len(window.Ticks) == 0 {
				known = false
				continue
			}
			bytes += window.RSSPeak - min(window.RSSPeak, window.Ticks[0].RSS)
		}
		return bytes, known
	}
}
