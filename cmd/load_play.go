package cmd

import (
	"errors"
	"fmt"
	"time"

	"nodecompare/loadgen"
)

const (
	playDuration = 20 * time.Second
	// leastSegments is how many segments a load of players lasts at the least: the last viewer
	// begins within the first, and only its second one can come too late.
	leastSegments = 3
)

// plays makes the attack one of players, and rejects flags that contradict that.
func (o loadOptions) plays(a *loadgen.Attack, given func(flag string) bool) error {
	if err := refused("players", ", or --play", given, none, ofPlayers); err != nil {
		return err
	}
	if err := overHTTP(a, "play", "players", "show a video", given); err != nil {
		return err
	}
	if a.Video.BitRate = int64(o.bitrate * 1e6); a.Video.BitRate < 1 || a.Video.Segment <= 0 {
		return errors.New("--bitrate and --segment must be more than 0")
	}
	if !given("duration") {
		a.Duration = max(playDuration, leastSegments*a.Video.Segment)
	}
	if least := leastSegments * a.Video.Segment; a.Duration < least {
		return fmt.Errorf("--duration=%v: players of segments of %v need %v or more, since before that nothing can "+
			"come too late", a.Duration, a.Video.Segment, least)
	}
	a.Conversation, a.Engine = loadgen.Play, loadgen.Loop
	return nil
}
