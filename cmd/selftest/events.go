package selftest

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/http1"
)

// Events is a load of subscribers to events that come late by a fixed time, and of which one in so
// many is left out.
type Events struct {
	Late        time.Duration // from when an event is due to when the server sends it
	Every       time.Duration // from one event to the next
	Each        int           // so many for each subscriber, the last of which is not left out
	LeftOut     int           // one in so many
	Connections int           // 0 skips the check
}

// target returns the target of its subscribers.
func (v Events) target() string {
	return fmt.Sprintf("%s?us=%d&every_us=%d&each=%d&left_out=%d", eventsPath, v.Late.Microseconds(),
		v.Every.Microseconds(), v.Each, v.LeftOut)
}

// missing returns how many events all subscribers together are not sent.
func (v Events) missing() int { return v.Connections * (v.Each / v.LeftOut) }

// lasts returns the time of the load: that of the events, and some more for the last ones.
func (v Events) lasts() time.Duration {
	return time.Duration(v.Each)*v.Every + v.Late + 250*time.Millisecond
}

// hears reports whether an engine knows subscribers.
func (e Engine) hears() bool { return e.Name == loadgen.Loop }

// events compares an engine's delivery latency with the server's own measurement of the same
// events, and what it says was missed with what the server has left out.
func (r *runner) events(ctx context.Context, e Engine, v Events) (attempt, error) {
	g, err := e.Open(loadgen.Attack{
		Target: loadgen.Target{URL: r.server.URL + v.target()}, Conversation: loadgen.Subscribe,
		Connections: v.Connections, Timeout: requestTimeout,
	})
	if err != nil {
		return attempt{}, err
	}
	defer g.Close()
	if _, err := take(ctx, r.server.URL); err != nil { // of an attempt before
		return attempt{}, err
	}
	l, truth, w, err := r.observed(ctx, g, v.lasts())
	if err != nil {
		return attempt{}, err
	}
	var a attempt
	for _, c := range asMeasured(e, "events "+inMillis(v.Late), l, truth) {
		c.Uncorrected = nil // nothing is sent
		a.add(c, w)
	}
	missed := results.SelftestCheck{Engine: e.Name, Load: "events", Figure: figureMissed, Unit: unitEvents,
		Truth: float64(v.missing()), Measured: float64(l.Deliveries.Missed)}
	n := Heard{Due: uint64(v.Connections * v.Each), Came: l.Requests - l.Errors, Missed: l.Deliveries.Missed,
		Sent: truth.Requests, LeftOut: uint64(v.missing()), Errors: l.Errors}
	var certain bool
	missed.Verdict, missed.Reason, certain = n.Judge()
	if missed.Verdict != results.SelftestOK { // times of other events than the server's prove nothing
		for i := range a.checks {
			a.checks[i].Verdict, a.checks[i].Reason = missed.Verdict, missed.Reason
		}
	}
	a.certain = a.certain || certain
	a.checks = append(a.checks, missed)
	return a, nil
}

// Heard is the number of events of a run, by the plan, the server and the engine.
type Heard struct {
	Due     uint64 // by the plan
	Sent    uint64 // by the server, which has left out as many as LeftOut
	LeftOut uint64
	Came    uint64 // by the engine, like the following
	Missed  uint64
	Errors  uint64
}

// Judge returns the verdict on what was heard: each event that was sent has come, and each that was
// left out was missed.
func (h Heard) Judge() (verdict, reason string, certain bool) {
	switch whole := h.Sent+h.LeftOut == h.Due; {
	case h.Came > h.Sent:
		return results.SelftestWrong, fmt.Sprintf("the engine says that %d events came, and the server sent only %d",
			h.Came, h.Sent), true
	case h.Missed > h.LeftOut:
		return results.SelftestWrong, fmt.Sprintf("the engine says that %d events were missed, and the server has "+
			"left out only %d", h.Missed, h.LeftOut), true
	case h.Errors > 0 || !whole:
		return results.SelftestNoisy, fmt.Sprintf("of %d events %d had been sent when the load ended, and %d "+
			"subscriptions failed: the machine cannot carry this load now", h.Due, h.Sent, h.Errors), false
	case h.Came != h.Sent || h.Missed != h.LeftOut:
		return results.SelftestWrong, fmt.Sprintf("the server sent %d events and left out %d, and the engine says "+
			"that %d came and %d were missed", h.Sent, h.LeftOut, h.Came, h.Missed), false
	}
	return results.SelftestOK, "", false
}

// stream sends the events of one subscriber, each late by as much as was asked for. The time of an
// event runs from when it is due to just before it is written.
func (s *server) stream(conn *socket, r *http1.Request) error {
	number := func(name string) int {
		n, err := strconv.ParseUint(queryValue(r, name), 10, 31)
		if err != nil {
			return 0
		}
		return int(n)
	}
	late := time.Duration(number("us")) * time.Microsecond
	every := time.Duration(number("every_us")) * time.Microsecond
	each, leftOut := number("each"), max(number("left_out"), 1)
	err := conn.write([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"))
	start := time.Now()
	var b []byte
	for id := 1; id <= each && err == nil; id++ {
		if id%leftOut == 0 {
			continue
		}
		due := start.Add(time.Duration(id) * every)
		b = fmt.Appendf(b[:0], "id: %d\ndata: {\"due_us\":%d}\n\n", id, due.UnixMicro())
		waitUntil(due.Add(late))
		s.tally.add(time.Since(due))
		err = conn.write(b)
	}
	if err != nil {
		return nil // the client reports its loss
	}
	_, err = conn.read(make([]byte, 1)) // until the client goes
	return err
}
