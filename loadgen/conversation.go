package loadgen

import (
	"fmt"
	"time"

	"nodecompare/loadgen/response"
)

// Request is the name of the conversation that most loads are: an HTTP request and its response.
const Request = "request"

// Conversation is a kind of load: what a connection says, and what it makes of what comes back. The
// loop engine connects, sends, keeps the time and records; vegeta knows requests only.
//
// A conversation is a series of turns. Each begins with a message that is sent, and ends with the
// answer to it.
type Conversation struct {
	Name    string
	Summary string // one line, for people
	prepare func(Attack) (script, error)
}

// String returns the conversation's name.
func (c Conversation) String() string { return c.Name }

// Conversations is the table of them. A new one is a file of its own and a line here.
var Conversations = []Conversation{
	{Request, "an HTTP request and its response, again and again", prepareRequests},
	{Subscribe, "a request for server-sent events, which are heard until the run is over", prepareSubscribers},
	{Chat, "rooms of members over WebSocket, who hear what each of them says", prepareChat},
	{Play, "a video, fetched segment by segment ahead of what is shown", preparePlayers},
}

// script is what the connections of an attack have in common.
type script struct {
	says []message // by target: what begins a turn
	// talks are those of one of so many threads, one for each of its connections. A company is what
	// these have in common; nil for none.
	talks func(thread, threads int) ([]talk, company)
	pace  time.Duration // in a closed load, at least from a turn's beginning to the next one's
	// a turn goes on from run to run: what counts is what is told in it meanwhile. It takes a
	// closed load without a limit of requests, and fails when nothing comes for Attack.Timeout
	lasting bool
	unasked bool // the server may speak between turns

	// Of a conversation with a company.
	again  time.Duration // after which a connection that was lost is opened anew
	period int           // how many messages the schedule deals out to the threads at a time
}

// alone are talks of connections that have nothing in common.
func alone(a Attack, talks func(n int) []talk) func(thread, threads int) ([]talk, company) {
	return func(thread, threads int) ([]talk, company) {
		return talks(int(partOf(uint64(a.Connections), thread, threads))), nil
	}
}

// company is what the connections of one thread have in common where they hear each other. There
// are no turns then: all connections stand before the clock starts, what is said is said when it is
// due, and what is heard is told. It does no I/O, and its methods are called on the thread.
type company interface {
	// greet returns what a connection whose opening was not answered in full says once more; nil
	// for nothing.
	greet(t talk) []byte
	// begin begins a run, whose schedule starts then.
	begin(start time.Time, pace Pace)
	// say returns the message that the schedule has next, and which connection says it; -1 if none
	// is there to. The bytes are valid until the next call.
	say(seq uint64) (by int, wire []byte)
	// settled reports whether all has been heard that was said.
	settled() bool
	// left says that a connection has ended, if it stood. What it has not heard is missed; d is nil
	// between two runs.
	left(index int, t talk, d *Deliveries)
	// undecidedYet keeps what was told to a talk in an order that only others can explain.
	undecidedYet(t talk, x *outcome)
	// end ends a run. It adds what was undecided, and returns how much was not heard by those that
	// are still there.
	end(d *Deliveries, add func(*outcome)) (unheard uint64)
}

// message is what begins a turn.
type message struct {
	wire []byte
	head bool // it is a HEAD
	safe bool // to be sent again, should a kept-alive connection have been closed: an idempotent method
}

// talk is one connection's part of a conversation. It does no I/O, reads no clock, and is called on
// one thread. hear is all that is called on the way of an answer, and once for it as a rule: it
// must not allocate.
type talk interface {
	// connected says that a new connection stands: what was heard on another one is forgotten. What
	// it returns is sent before the first turn, and the server must answer it; nil for nothing.
	connected() (opening []byte)
	// hear takes the next bytes of the turn that m began, and says what they came to; m is nil
	// before the first turn. It uses all of them unless the turn is over, or something was told.
	hear(m *message, b []byte) (used int, h heard, err error)
	// begun says whether a byte of the turn's answer has come.
	begun() bool
	// ended is for the end of the connection's bytes, which may be that of the answer too. Else it
	// is io.EOF when no byte of one has come, and io.ErrUnexpectedEOF when some have.
	ended() (response.Answer, error)
}

// expectant is a talk that knows what it has still to be told.
type expectant interface {
	// overdue returns how many of the things to be told are overdue at a time in nanoseconds since
	// 1970.
	overdue(now int64) uint64
}

// selfPaced is a talk that says itself when its turns begin, and by which words, in a closed load.
// Its connection is opened for a run's first turn, and each run has a new one. Times count from the
// start of the run.
type selfPaced interface {
	// joins begins a run of that length, in which the talk has a place among all, from 0.
	joins(place, all int, run time.Duration)
	// next returns when its next turn is due.
	next() time.Duration
	// asks returns what begins that turn, in place of the message; it is valid until the next call.
	asks() []byte
	// took is told when the turn ended, by an answer with that status or, with 0, by none. It
	// returns since when its latency counts; timed is false for what enters no latency.
	took(done time.Duration, status int) (since time.Duration, timed bool)
	// leaves ends the run: what became of the talk is added to res.
	leaves(now time.Duration, res *Result)
}

// heard is what bytes came to.
type heard struct {
	what   progress
	answer response.Answer // of a turn that is over, or of what was told
	// when that was said, in nanoseconds since 1970; 0 stands for the beginning of the turn, and
	// unknown for what enters no latency
	said   int64
	order  order  // of what was told
	missed int64  // how many should have been told before it, and were not
	reply  []byte // what must be sent at once, of a conversation with a company; nil for nothing
}

// progress is how far a turn has come.
type progress uint8

const (
	more progress = iota // it goes on
	flow                 // bytes came of a turn that lasts, and are a sign of life, no more; it goes on
	told                 // something came that counts as a request and its answer of its own; it goes on
	over                 // the answer is whole
)

func conversationNamed(name string) (Conversation, error) {
	for _, c := range Conversations {
		if c.Name == name {
			return c, nil
		}
	}
	return Conversation{}, fmt.Errorf("conversation %q is not known", name)
}
