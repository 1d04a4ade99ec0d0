package bench

import (
	"fmt"
	"time"

	"nodecompare/loadgen"
)

// A workload that plays has viewers in place of requests: each rung is so many of them, who fetch
// the film segment by segment ahead of what they show.

const (
	// playTime is how long each rung's viewers watch: the last of them begins within the first
	// segment, and has two more that can come too late.
	playTime = 3 * loadgen.DefaultSegment
	// playMost is the top rung of viewers: more of them ask for more than a machine's memory moves.
	playMost = 2000
	// In a slice beside the yardstick viewers come together and fill their buffers.
	playSlice  = 250 * time.Millisecond
	playSlices = 5
)

// video is what they show.
var video = loadgen.Video{BitRate: loadgen.DefaultBitRate, Segment: loadgen.DefaultSegment}

// playLadder returns the profile's closed rungs from listenLeast viewers to playMost, with the base
// rung's viewers.
func (p Profile) playLadder(limit int) (rungs []rung, base int, note string) {
	note = fmt.Sprintf("Its connections are viewers, who show %d Mbit/s, fetch %d s of it at a time and keep %d of "+
		"these segments at the most. What is called a request elsewhere is a segment, of %d MB; latency is the "+
		"time to start up, from when a viewer came to its first whole segment; what was answered is the share of "+
		"the viewers without a stall.",
		video.BitRate/1e6, video.Segment/time.Second, loadgen.Ahead, video.Bytes()/1e6)
	most := min(playMost, limit)
	switch top := p.Ladder[len(p.Ladder)-1].connections; {
	case top > most && limit < playMost:
		note += fmt.Sprintf(" The ladder ends at %d: the limit of open files is too low for more (see ulimit -n).",
			most)
	case top > most:
		note += fmt.Sprintf(" The ladder ends at %d: more of them ask for more than memory moves.", most)
	}
	for _, r := range capped(p.Ladder, most) {
		if r.connections < listenLeast && r.connections < most {
			continue
		}
		r.duration = playTime
		rungs = append(rungs, r)
	}
	r := &rungs[0]
	r.slice, r.slices = playSlice, playSlices
	return rungs, r.connections, note
}
