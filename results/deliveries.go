package results

import (
	"fmt"
	"math"
)

// Subscription is the conversation of subscribers to server-sent events, in which an event that
// came counts as a request with its answer.
const Subscription = "subscription"

// Deliveries counts what became of the events that a server was to send to its subscribers.
// Latencies are from when an event was due, and hold none of those that are counted here.
type Deliveries struct {
	Numbered   bool   `json:"numbered"`     // ids rose by one, so that Missed is known
	Missed     uint64 `json:"missed"`       // left out among the ids
	Doubled    uint64 `json:"doubled"`      // came again
	OutOfOrder uint64 `json:"out_of_order"` // came behind a later one
	Overdue    uint64 `json:"overdue"`      // not there at the end, though later ones were due as well
	Silent     uint64 `json:"silent"`       // connections on which nothing had come by the end
	Untimed    uint64 `json:"untimed"`      // came without a due time
	Early      uint64 `json:"early"`        // came before they were due, by the load's clock
}

// Timed reports whether all events that came said when they were due.
func (d *Deliveries) Timed(events uint64) bool { return d.Untimed < events }

// timed returns the number of requests without error that have a latency.
func (r Rung) timed() uint64 {
	if r.Viewing != nil {
		return r.Viewing.Viewers - min(r.Viewing.Viewers, r.Viewing.Unstarted)
	}
	if r.Deliveries == nil {
		return r.Answered()
	}
	return r.Answered() - min(r.Answered(), r.Deliveries.Untimed)
}

// Owed returns the number of events that were due, as far as that is known.
func (d *Deliveries) Owed(came uint64) uint64 {
	owed := came + d.Overdue
	if d.Numbered {
		owed += d.Missed
	}
	return owed
}

// Absent returns how many of those never came.
func (d *Deliveries) Absent() uint64 { return d.Owed(0) }

const (
	absentSuspect = 0.01
	silentSuspect = 0.01
	earlySuspect  = 0.001
)

// subscriptionRules are the rules of trust for subscribers.
var subscriptionRules = []Rule{
	{
		Name:    "subscribers",
		Of:      []string{Subscription},
		Plain:   "not all subscribers heard something",
		Suspect: "on more than 1% of the connections no event had come when the run ended",
		Void:    "no event came at all",
		Why: "figures are then of fewer subscribers than were asked for; of none there are no figures. Short " +
			"runs of rare events have such subscribers too, and ought to be longer",
		weigh: func(e Evidence) (string, string) {
			if e.Deliveries == nil {
				return Valid, ""
			}
			silent := e.Deliveries.Silent
			status := when(float64(silent) > silentSuspect*float64(e.Connections), Suspect)
			if e.Requests == e.Errors {
				status = Void
			}
			return status, fmt.Sprintf("%d of %s had heard no event when the run ended", silent,
				count(e.Connections, "subscriber"))
		},
	},
	{
		Name:     "deliveries",
		Of:       []string{Subscription},
		Plain:    "events were missed, doubled or out of order, and latency is only of the others",
		LoadOnly: true,
		Suspect: "more than 1% of the events were missed, overdue at the end, doubled, or out of order, or had " +
			"no due time while others did",
		Why: "an event that never came has no latency, and would have had the longest: from 1% on, p99 is not " +
			"that of the events any more. Never VOID: how many a server drops is a figure too",
		weigh: func(e Evidence) (string, string) {
			d := e.Deliveries
			if d == nil || e.Requests == e.Errors {
				return Valid, ""
			}
			came := e.Requests - e.Errors
			untimed := d.Untimed
			if !d.Timed(came) {
				untimed = 0 // none has a latency
			}
			wrong := d.Absent() + d.Doubled + d.OutOfOrder + untimed
			return when(float64(wrong) > absentSuspect*float64(d.Owed(came)+d.Doubled+d.OutOfOrder), Suspect),
				fmt.Sprintf("of %s that were due %d never came, %d had no due time; %d came twice and %d out of "+
					"order: they are in no latency", count(int(min(d.Owed(came), math.MaxInt32)), "event"),
					d.Absent(), untimed, d.Doubled, d.OutOfOrder)
		},
	},
	{
		Name:     "clocks",
		Of:       []string{Subscription},
		Plain:    "delivery latency rests on two clocks that may disagree",
		LoadOnly: true,
		Suspect: "the server is on another machine, or more than one event in a thousand came a millisecond or " +
			"more before it was due",
		Why: "a due time is read from the server's clock, and the arrival from the load's. On one machine both " +
			"are the same clock; between two, its error is in each latency",
		weigh: func(e Evidence) (string, string) {
			d := e.Deliveries
			if d == nil || e.Requests == e.Errors || !d.Timed(e.Requests-e.Errors) {
				return Valid, ""
			}
			early := float64(d.Early) > earlySuspect*float64(e.Requests-e.Errors)
			switch {
			case early:
				return Suspect, fmt.Sprintf("%s came before they were due: the server's clock is ahead of this "+
					"machine's, or was set, so the latencies are too short",
					count(int(min(d.Early, math.MaxInt32)), "event"))
			case e.OtherClock:
				return Suspect, "the due times are by another machine's clock: whatever it is ahead or behind is " +
					"in each latency"
			}
			return Valid, ""
		},
	},
}
