package loadgen

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"nodecompare/loadgen/response"
)

// Subscribe is the name of the conversation of a subscriber to server-sent events.
const Subscribe = "subscription"

// resubscribe is the shortest time from one request of a connection for events to the next.
const resubscribe = time.Second

// mostEarly is how early an event may come without a doubt about the clocks: some timers fire a
// part of a millisecond too soon.
const mostEarly = time.Millisecond

// eventsType is the type of an event stream.
const eventsType = "text/event-stream"

// Errors of subscriptions, beside those of HTTP.
var (
	errNoEvents   = &response.MalformedError{Reason: "no event stream: its type is not " + eventsType}
	errEventLine  = &response.MalformedError{Reason: fmt.Sprintf("an event's line of more than %d bytes", eventLine)}
	errStreamOver = fmt.Errorf("the server ended the event stream: %w", io.ErrUnexpectedEOF)
)

// Deliveries counts what became of what a server was to send unasked: events, by their ids, which
// rise by one on a connection; or messages of a chat, of which each is known. All are 0 in a load
// of requests.
type Deliveries struct {
	Expected   uint64 // of a chat: messages times the members that were there; else 0
	Next       uint64 // had the id that follows the one before
	Missed     uint64 // left out among the ids, or lost; says nothing where Next is 0
	Doubled    uint64 // came again; in no other count
	Disordered uint64 // came behind a later one; in no other count
	Overdue    uint64 // had not come when the run ended, though later ones were due as well
	Silent     uint64 // connections on which nothing had come when the run ended
	Untimed    uint64 // said no due time, and are in no latency
	Unnumbered uint64 // had no id that is a number, so that nobody knows what was left out
	Early      uint64 // came before they were due, by this machine's clock
	Vacant     uint64 // of a chat: messages that nobody could say, since the server had let nobody in
	Strange    uint64 // of a chat: said by nobody of the load, or elsewhere, or not so; in no other count
}

// add adds the counts of another part of a load.
func (d *Deliveries) add(o Deliveries) {
	d.Expected += o.Expected
	d.Next += o.Next
	d.Missed += o.Missed
	d.Doubled += o.Doubled
	d.Disordered += o.Disordered
	d.Overdue += o.Overdue
	d.Silent += o.Silent
	d.Untimed += o.Untimed
	d.Unnumbered += o.Unnumbered
	d.Early += o.Early
	d.Strange += o.Strange
	d.Vacant += o.Vacant
}

// subscriber is a connection's part of a load of subscriptions. It asks once and hears events until
// the run is over.
type subscriber struct {
	parser response.Parser
	open   bool // the parser has begun with the present answer
	events eventParser
	ids    idSequence
	heard  bool // an event, on this connection
	whole  bool // now is complete
	now    event
	wrong  error // why the answer is no stream of events

	last     event // the last one in order
	interval int64 // microseconds from one event to the next, as far as all agree; else 0
	regular  bool  // they agree so far
}

func prepareSubscribers(a Attack) (script, error) {
	header := a.Target.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	if header.Get("Accept") == "" {
		header.Set("Accept", eventsType)
	}
	a.Target.Header = header
	switch {
	case a.Target.Method == http.MethodHead:
		return script{}, errors.New("a subscription by HEAD would hear no event: use GET or POST")
	case a.Connect.New:
		return script{}, errors.New("a subscription has a connection of its own at any rate")
	case a.WantBody != nil:
		return script{}, errors.New("a subscription has no body to compare")
	}
	says, err := messages(a)
	return script{says: says, talks: alone(a, subscribers), lasting: true, pace: resubscribe}, err
}

func subscribers(n int) []talk {
	all, talks := make([]subscriber, n), make([]talk, n)
	for i := range all {
		s := &all[i]
		s.parser = response.NewParser(0, nil)
		s.parser.Sink = s.take
		talks[i] = s
	}
	return talks
}

func (s *subscriber) connected() []byte {
	s.open, s.heard = false, false
	return nil
}

// take is the parser's Sink.
func (s *subscriber) take(part []byte) (used int, stop bool) {
	switch {
	case s.parser.Status() != http.StatusOK:
		return len(part), false
	case !s.parser.Events():
		s.wrong = errNoEvents
		return len(part), true
	}
	used, e, whole, ok := s.events.feed(part)
	if !ok {
		s.wrong = errEventLine
	}
	s.now, s.whole = e, whole
	return used, whole || !ok
}

func (s *subscriber) hear(m *message, b []byte) (used int, h heard, err error) {
	if !s.open {
		s.parser.Begin(m.head)
		s.events.reset()
		s.open, s.heard, s.wrong = true, false, nil
		s.ids, s.last, s.interval, s.regular = idSequence{}, event{}, 0, true
	}
	s.whole = false
	used, whole, err := s.parser.Feed(b)
	switch {
	case err != nil:
	case s.wrong != nil:
		err = s.wrong
	case whole && s.parser.Status() == http.StatusOK && !s.parser.Events():
		err = errNoEvents
	case whole && s.parser.Status() == http.StatusOK:
		err = errStreamOver
	case whole:
		s.open = false
		h = heard{what: over, answer: s.parser.Answer()}
	case s.whole:
		h = s.told()
	case s.parser.InBody() && s.parser.Status() == http.StatusOK && s.parser.Events():
		h.what = flow // a comment, or a part of an event
	}
	return used, h, err
}

// told returns the event that is complete, with what its id says of those before it.
func (s *subscriber) told() heard {
	h := heard{what: told, answer: response.Answer{Status: http.StatusOK, Size: s.now.size}, said: unknown}
	if s.now.due != unknown {
		h.said = s.now.due * int64(time.Microsecond)
	}
	if s.now.id == unknown {
		h.order = unnumbered
	} else {
		h.order, h.missed = s.ids.next(s.now.id)
	}
	if h.order != doubled && h.order != disordered {
		s.learn()
		s.heard, s.last = true, s.now
	}
	return h
}

// learn finds out how often events come.
func (s *subscriber) learn() {
	if !s.heard {
		return
	}
	ids := s.now.id - s.last.id
	if s.now.due == unknown || s.last.due == unknown || s.now.id == unknown || s.last.id == unknown || ids <= 0 {
		s.regular = false
		return
	}
	each := (s.now.due - s.last.due) / ids
	if s.interval == 0 {
		s.interval = each
	}
	// a clock of milliseconds may be off by one at either end
	if slack := int64(2*time.Millisecond/time.Microsecond) + s.interval/100; each < s.interval-slack ||
		each > s.interval+slack {
		s.regular = false
	}
}

func (s *subscriber) begun() bool { return s.open && s.parser.Begun() }

// ended is never the end of an answer that was expected.
func (s *subscriber) ended() (response.Answer, error) {
	if !s.open {
		s.parser.Begin(false)
	}
	a, err := s.parser.End()
	switch {
	case err == nil && s.parser.Status() == http.StatusOK:
		err = errStreamOver
	case err == nil:
		s.open = false
	}
	return a, err
}

// overdue returns how many events had not come by a time in nanoseconds since 1970, though the ones
// after them were due as well.
func (s *subscriber) overdue(now int64) uint64 {
	if !s.heard || !s.regular || s.interval <= 0 || s.last.due == unknown {
		return 0
	}
	return uint64(max(0, (now/int64(time.Microsecond)-s.last.due)/s.interval-1))
}

// order is what is known of the place of what was told.
type order uint8

const (
	first order = iota
	inOrder
	unnumbered
	doubled
	disordered
	undecided // in order or not, as others heard it
	strange   // nobody should have said it
)

// idSequence follows ids that rise by one.
type idSequence struct {
	first, last int64
	seen        uint64 // of the ids from last backwards, one a bit; 0 before the first
}

// next takes an id. missed is how many are missing before it, and -1 where one that was counted so
// has come after all.
func (q *idSequence) next(id int64) (o order, missed int64) {
	ahead := id - q.last
	switch {
	case q.seen == 0:
		q.first, q.last, q.seen = id, id, 1
		return first, 0
	case ahead > 0:
		q.last, q.seen = id, q.seen<<min(ahead, 64)|1
		return inOrder, ahead - 1
	case ahead <= -64 || id < q.first:
		return disordered, 0 // nobody knows whether it came before
	case q.seen&(1<<-ahead) != 0:
		return doubled, 0
	}
	q.seen |= 1 << -ahead
	return disordered, -1
}
