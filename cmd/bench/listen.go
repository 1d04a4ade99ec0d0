package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// A workload that tells, or talks, has subscribers, or members of chat rooms, in place of requests:
// each rung is so many of them, who hear events at the rate of the workload's target, or each
// other.

const (
	// listenTicks is how much each connection of a rung hears at the least.
	listenTicks = 5
	// listenWarm is the warm-up of a compiled server with its connections.
	listenWarm = 500 * time.Millisecond
	// listenTimeout is how long a subscriber or member waits to be let in, and then for what is
	// due. A pool lets in as many as it has threads, and each rung waits that long for the others.
	listenTimeout = time.Second
	// listenLeast is the fewest connections of a rung: fewer hardly give a server work.
	listenLeast = usualBase

	// chatPause is from one message of a member to the next one, and chatInterval from one message
	// that it hears to the next.
	chatPause    = time.Second
	chatInterval = chatPause / loadgen.DefaultRoomSize
)

// hears says that a workload's connections hear what they have not asked for one by one.
func hears(w workload.Workload) bool { return w.Tells || w.Talks }

// roomSize returns the members of a workload's chat rooms; 0 for no chat.
func roomSize(w workload.Workload) int {
	if w.Talks {
		return loadgen.DefaultRoomSize
	}
	return 0
}

// listenLadder returns the profile's closed rungs from listenLeast connections, each long enough
// for them to hear some, with the base rung's connections.
func (p Profile) listenLadder(w workload.Workload, limit int) (rungs []rung, base int, note string) {
	interval := workload.LiveInterval
	note = fmt.Sprintf("Its connections are subscribers, who hear %d events a second each. What is called a request "+
		"elsewhere is an event that came, and its latency is from when it was due.", time.Second/interval)
	if w.Talks {
		interval = chatInterval
		note = fmt.Sprintf("Its connections are members of rooms of %d, each of whom says a message of %d bytes every "+
			"%g s. What is called a request elsewhere is a message that came to a member, and its latency is from "+
			"when it was due.", loadgen.DefaultRoomSize, loadgen.DefaultMessageSize, chatPause.Seconds())
	}
	if top := p.Ladder[len(p.Ladder)-1].connections; top > limit {
		note += fmt.Sprintf(" The ladder ends at %d instead of %d: the limit of open files is too low for more "+
			"(see ulimit -n).", limit, top)
	}
	for _, r := range capped(p.Ladder, limit) {
		if r.connections < listenLeast && r.connections < limit {
			continue
		}
		r.ramp = max(r.ramp, 2*interval)
		r.duration = max(r.duration, listenTicks*interval)
		rungs = append(rungs, r)
	}
	at := 0
	for i, r := range rungs {
		if r.connections <= waitingBase && (i < len(rungs)-1 || i == 0) {
			at = i
		}
	}
	r := &rungs[at]
	r.duration = max(r.duration, 2*listenTicks*interval)
	r.slice = interval // in which each of them hears one
	r.slices = listenTicks
	return rungs, r.connections, note
}

// conversing makes an attack on a workload that tells one of subscribers, on one that talks one of
// members, and on one that plays one of viewers. Members join rooms of their own where the target
// names one.
func conversing(a loadgen.Attack, w workload.Workload) loadgen.Attack {
	switch {
	case w.Tells:
		a.Conversation = loadgen.Subscribe
	case w.Plays:
		a.Conversation, a.Video = loadgen.Play, video
	case w.Talks:
		a.Conversation = loadgen.Chat
		scheme, rest, _ := strings.Cut(a.Target.URL, "://")
		if scheme == "http" {
			scheme = "ws"
		}
		a.Target.URL = scheme + "://" + strings.TrimSuffix(rest, strings.TrimPrefix(w.Target, w.Path))
		if len(a.Target.URL) < len(scheme+"://"+rest) {
			a.Target.URL += "?room={room}"
		}
	}
	return spoken(a)
}

// spoken gives an attack of a conversation its engine and, as its connections are, its rate.
func spoken(a loadgen.Attack) loadgen.Attack {
	if a.Conversation == "" {
		return a
	}
	a.Engine, a.Others, a.WantBody = loadgen.Loop, nil, nil
	if a.Conversation == loadgen.Chat {
		a.Rate = float64(a.Connections) / chatPause.Seconds()
	}
	return a
}

// warmListening has a server's connections hear for a while, unmeasured. Whether a server
// that compiles itself is done is not asked: it has as long as such a server takes under load.
func (b *bench) warmListening(ctx context.Context, a loadgen.Attack, s slot) (*results.WarmUp, *loadgen.Generator,
	error) {
	began := time.Now()
	g, err := loadgen.Open(a)
	if err != nil {
		return nil, nil, err
	}
	r, err := g.Run(ctx, s.warmTime())
	if err == nil {
		err = r.Unanswered()
	}
	if err == nil && r.Requests == 0 {
		err = fmt.Errorf("nobody heard anything within %v", s.warmTime())
	}
	if err != nil {
		g.Close()
		return nil, nil, err
	}
	return &results.WarmUp{TookS: seconds(time.Since(began)), Windows: 1, Steady: true, Errors: r.Errors,
		Requests: r.Requests - r.Errors}, g, nil
}
