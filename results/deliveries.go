package results

import (
	"fmt"
	"strings"

	"nodecompare/results/unit"
)

// Subscription is the conversation of subscribers to server-sent events, in which an event that
// came counts as a request with its answer.
const Subscription = "subscription"

// Chat is the conversation of members of chat rooms, in which a message that came to a member
// counts as a request with its answer.
const Chat = "chat"

// Deliveries counts what became of the events that a server was to send to its subscribers, or of
// the messages to the members of a chat. Latencies are from when each was due, and hold none of
// those that are counted here.
type Deliveries struct {
	Expected   uint64 `json:"expected,omitempty"` // of a chat: each message times the members that were there
	Numbered   bool   `json:"numbered"`           // ids rose by one, or all are known, so that Missed is too
	Missed     uint64 `json:"missed"`             // left out among the ids, or lost
	Doubled    uint64 `json:"doubled"`            // came again
	OutOfOrder uint64 `json:"out_of_order"`       // came behind a later one
	Overdue    uint64 `json:"overdue"`            // not there at the end, though later ones were due as well
	Silent     uint64 `json:"silent"`             // connections on which nothing had come by the end
	Untimed    uint64 `json:"untimed"`            // came without a due time
	Early      uint64 `json:"early"`              // came before they were due, by the load's clock
	// of a chat: came, and no member of the load has said so in that room
	Strange uint64 `json:"strange,omitempty"`
}

// Timed reports whether some of what came said when it was due.
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

	strangeSuspect = 0.001
)

// A told is what a conversation calls those who hear, and what they are told.
type told struct{ ear, thing, said string }

var toldOf = map[string]told{
	Subscription: {"subscriber", "event", "event"},
	Chat:         {"member", "delivery", "message"},
}

// terms puts a reason that speaks of requests into the terms of the conversation.
func (e Evidence) terms() *strings.Replacer {
	t, ok := toldOf[e.Conversation]
	if !ok {
		return strings.NewReplacer()
	}
	return strings.NewReplacer("requests", unit.Plural(t.thing), "request", t.thing)
}

// said is what a load of the conversation sends by its schedule.
func (e Evidence) said() string {
	if t, ok := toldOf[e.Conversation]; ok {
		return t.said
	}
	return Request
}

// counted writes a number of what is told.
func (e Evidence) counted(n uint64) string {
	what := toldOf[e.Conversation].thing
	if n != 1 {
		what = unit.Plural(what)
	}
	return fmt.Sprintf("%d %s", n, what)
}

// deliveryRules are the rules of trust for subscribers and members.
var deliveryRules = []Rule{
	{
		Name:    "subscribers",
		Of:      []string{Subscription, Chat},
		Plain:   "not all subscribers, or members, heard something",
		Suspect: "on more than 1% of the connections nothing had come when the run ended",
		Void:    "nothing came at all",
		Why: "figures are then of fewer subscribers or members than were asked for; of none there are no figures. " +
			"Short runs of rare events have such subscribers too, and ought to be longer",
		weigh: func(e Evidence) (string, string) {
			if e.Deliveries == nil {
				return Valid, ""
			}
			silent := e.Deliveries.Silent
			status := when(float64(silent) > silentSuspect*float64(e.Connections), Suspect)
			if e.Requests == e.Errors {
				status = Void
			}
			return status, fmt.Sprintf("%d of %s had heard nothing when the run ended", silent,
				count(e.Connections, toldOf[e.Conversation].ear))
		},
	},
	{
		Name:     "deliveries",
		Of:       []string{Subscription, Chat},
		Plain:    "events or messages were missed, doubled or out of order, and latency is only of the others",
		LoadOnly: true,
		Suspect: "more than 1% of the deliveries were missed, overdue at the end, doubled, or out of order, or had " +
			"no due time while others did",
		Why: "what never came has no latency, and would have had the longest: from 1% on, p99 is not " +
			"that of all deliveries any more. Never VOID: how many a server drops is a figure too",
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
					"order: they are in no latency", e.counted(d.Owed(came)),
					d.Absent(), untimed, d.Doubled, d.OutOfOrder)
		},
	},
	{
		Name:  "expected",
		Of:    []string{Chat},
		Plain: "the deliveries do not add up to those that were expected, which no measurement gives",
		Void:  "what came, was lost or came out of order is not each message times the members of its room",
		Why: "each message is known, and so is who was there to hear it: the record is damaged, or the tool has " +
			"a defect",
		weigh: func(e Evidence) (string, string) {
			d := e.Deliveries
			if d == nil || e.CutShort {
				return Valid, ""
			}
			came := e.Requests - e.Errors
			return when(d.Expected != came+d.Missed+d.OutOfOrder || e.Recorded != came, Void), fmt.Sprintf(
				"of %s that were expected %d came, %d were lost and %d came out of order, with %d latencies: the "+
					"record is damaged, or the tool has a defect", e.counted(d.Expected), came, d.Missed,
				d.OutOfOrder, e.Recorded)
		},
	},
	{
		Name:    "strangers",
		Of:      []string{Chat},
		Plain:   "members heard what no member of the load has said",
		Suspect: "more than one delivery in a thousand was of no message of the load's in that room",
		Why: "somebody else speaks in the rooms, or the server does, or it changes what members say: that takes " +
			"it CPU time, which counts for the deliveries that are known",
		weigh: func(e Evidence) (string, string) {
			d := e.Deliveries
			if d == nil {
				return Valid, ""
			}
			return when(float64(d.Strange) > strangeSuspect*float64(d.Expected), Suspect), fmt.Sprintf(
				"members heard %d times what no member of the load has said: they are not alone in their rooms, "+
					"or the server changes messages", d.Strange)
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
				return Suspect, e.counted(d.Early) + " came before they were due: the server's clock is ahead of " +
					"this machine's, or was set, so the latencies are too short"
			case e.OtherClock:
				return Suspect, "the due times are by another machine's clock: whatever it is ahead or behind is " +
					"in each latency"
			}
			return Valid, ""
		},
	},
}
