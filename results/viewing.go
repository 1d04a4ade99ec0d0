package results

import (
	"fmt"
	"math"
)

// Playback is the conversation of players, who fetch a video segment by segment ahead of what they
// show. A segment counts as a request with its answer.
const Playback = "playback"

// Viewing counts what became of players. A viewer begins to play with its first whole segment. A
// segment that is not there when all before it has been shown is a stall, and play goes on when it
// is.
type Viewing struct {
	SegmentBytes  uint64  `json:"segment_bytes"`
	SegmentS      float64 `json:"segment_s"`       // of play
	Viewers       uint64  `json:"viewers"`         // those whose time to begin had come
	Unstarted     uint64  `json:"unstarted"`       // had no whole segment by the end
	Smooth        uint64  `json:"smooth"`          // began, and had no stall
	Stalls        uint64  `json:"stalls"`          // those that went on at the end included
	StalledS      float64 `json:"stalled_s"`       // of all stalls
	LongestStallS float64 `json:"longest_stall_s"` // of one
	WatchedS      float64 `json:"watched_s"`       // of all viewers, from when each began to play, stalls included
}

// Share returns the part of the viewers who began and had no stall; 0 without any.
func (v *Viewing) Share() float64 { return float64(v.Smooth) / float64(max(1, v.Viewers)) }

// mostlySmooth is the share of viewers without a stall at which a server holds them.
const mostlySmooth = 0.99

const (
	unstartedSuspect = 0.01
	askedLateUS      = 10_000 // microseconds
)

// playbackRules are the rules of trust for players.
var playbackRules = []Rule{
	{
		Name:    "viewers",
		Of:      []string{Playback},
		Plain:   "not all viewers had begun, and the time to start up is only of those who had",
		Suspect: "more than 1% of the viewers had no whole segment at the end",
		Void:    "no segment came",
		Why: "a viewer who never begins has no time to start up, and would have had the longest: from 1% on, p99 " +
			"is not that of the viewers any more. Never VOID while some began: how many did is a figure too",
		weigh: func(e Evidence) (string, string) {
			v := e.Viewing
			if v == nil {
				return Valid, ""
			}
			status := when(float64(v.Unstarted) > unstartedSuspect*float64(v.Viewers), Suspect)
			if e.Requests == e.Errors {
				status = Void
			}
			return status, fmt.Sprintf("%d of %s had no whole segment when the run ended: they have no time to "+
				"start up", v.Unstarted, count(int(min(v.Viewers, math.MaxInt32)), "viewer"))
		},
	},
	{
		Name:     "asked late",
		Of:       []string{Playback},
		Plain:    "players asked late, so that part of the time to start up is the load's own delay",
		LoadOnly: true,
		Suspect:  "p99 of how late players asked is above 10 ms, and a tenth of p99 of the time to start up",
		Why: "a player's timer is the load's, and so is its delay. Receiving takes CPU time too: a load that cannot " +
			"keep up with what comes is late with what it asks, and what it holds up looks like a slow server. " +
			"Stalls bear more of it: a full buffer lasts for two segments",
		weigh: func(e Evidence) (string, string) {
			if e.Viewing == nil || e.Requests == e.Errors {
				return Valid, ""
			}
			late := e.SendLagUS.P99
			return when(late > askedLateUS && late > lagShare*e.LatencyUS.P99, Suspect), fmt.Sprintf(
				"one segment in a hundred was asked for %s late or more, by the load's own delay, against a p99 of %s "+
					"of the time to start up", micros(late), micros(e.LatencyUS.P99))
		},
	},
}
