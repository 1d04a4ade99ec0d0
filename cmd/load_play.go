package cmd

import (
	"errors"
	"fmt"
	"time"

	"nodecompare/loadgen"
)

// ofOthers are the flags that players have no use for, and why.
var ofOthers = map[string]string{
	"rate":             "they ask for what they show next",
	"requests":         "they watch until the load ends: give --duration",
	"slo":              "the search is for a rate of requests",
	"targets":          "all of them show one video",
	"method":           "they ask by GET",
	"body":             "they ask by GET",
	"body-file":        "they ask by GET",
	"follow-redirects": "a redirect is no part of a video",
	"new-connections":  "each keeps its connection from segment to segment",
	"agents":           "they begin one after the other, on one machine",
	"http2":            "they speak HTTP/1.1",
	"unix-socket":      "they connect by TCP",
	"save-results":     "vegeta's format has no stalls",
	"subscribe":        "a video is no stream of events",
	"max-missed":       "it is of events",
}

const (
	playDuration = 20 * time.Second
	// leastSegments is how many segments a load of players lasts at the least: the last viewer
	// begins within the first, and only its second one can come too late.
	leastSegments = 3
)

// plays makes the attack one of players, if it is to be one, and rejects flags that contradict
// that.
func (o loadOptions) plays(a *loadgen.Attack, given func(flag string) bool) error {
	if !o.play {
		for _, flag := range []string{"bitrate", "segment", "min-smooth"} {
			if given(flag) {
				return fmt.Errorf("--%s is of players: give --play too", flag)
			}
		}
		return nil
	}
	if err := refused("players", "--play", ofOthers, given); err != nil {
		return err
	}
	if a.Engine != "" && a.Engine != loadgen.Loop {
		return fmt.Errorf("--engine=%s knows no players: leave it out", a.Engine)
	}
	if what := loadgen.BeyondLoop(*a); what != "" {
		return fmt.Errorf("--play is over plain HTTP/1.1, and cannot do %s", what)
	}
	if !(o.bitrate > 0) || a.Video.Segment <= 0 {
		return errors.New("--bitrate and --segment must be more than 0")
	}
	if !given("duration") {
		a.Duration = max(playDuration, leastSegments*a.Video.Segment)
	}
	if least := leastSegments * a.Video.Segment; a.Duration < least {
		return fmt.Errorf("--duration=%v: players of segments of %v need %v or more, since before that nothing can "+
			"come too late", a.Duration, a.Video.Segment, least)
	}
	a.Video.BitRate = int64(o.bitrate * 1e6)
	a.Conversation, a.Engine = loadgen.Play, loadgen.Loop
	return nil
}
