package load

import (
	"cmp"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/sample"
)

// memoryInterval is the time between two readings of a server's memory.
const memoryInterval = 100 * time.Millisecond

// serverUse is what a server used more of while subscribers or members were connected.
type serverUse struct {
	grown   uint64 // bytes of memory
	threads int    // the most at a time
}

// watchServer begins to watch a server that subscribers or members are about to connect to. The
// function it returns ends that; known is false for a load of requests, and for a server of which
// that cannot be read.
func watchServer(a loadgen.Attack) (used func() (use serverUse, known bool)) {
	if cmp.Or(a.Conversation, loadgen.Request) == loadgen.Request || len(a.Server) == 0 {
		return func() (serverUse, bool) { return serverUse{}, false }
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
	return func() (use serverUse, _ bool) {
		for _, w := range watchers {
			window, err := w.Stop()
			if err != nil || len(window.Ticks) == 0 {
				known = false
				continue
			}
			use.grown += window.RSSPeak - min(window.RSSPeak, window.Ticks[0].RSS)
			use.threads += window.ThreadsPeak
		}
		return use, known
	}
}
