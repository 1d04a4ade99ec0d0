package servers

import (
	"os"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/websocket"
	"nodecompare/servers/workload"
)

// session is one connection's HTTP conversation: bytes in, responses out, requests handed to the
// workloads one at a time in order. It does no I/O and never waits, so that every model uses it.
// Models differ in their wire.
type session struct {
	service *workload.Service
	wire    wire
	parser  http1.RequestParser
	x       workload.Exchange
	// observer records the requests; nil for nobody.
	observer *observer

	in []byte // received and not served yet; nil on an idle connection
	// out holds responses to be written. It is empty whenever receive and done have returned, so
	// that sessions can share it.
	out      *[]byte
	serving  bool // serve is on the stack
	busy     bool // a handler has a request, or as many messages as it takes
	held     bool // the wire wants no responses until resume
	draining bool // the current response, or the next, is the last
	over     bool // no further request will be served
	// source makes the body of a response that goes on until the connection ends; nil for none.
	source workload.Source
	// upgraded is the WebSocket that the connection has become; nil while it speaks HTTP.
	upgraded *upgraded
	requests uint64 // number of complete requests, or frames, so far
	// minor, head and last belong to the request being served, whose buffer may be gone when its
	// response comes.
	minor int
	head  bool
	last  bool
}

// wire is a session's output.
type wire interface {
	// write sends responses. If it returns false, the session must hold back until its resume is
	// called.
	write(b []byte) bool
	// writeFile does the same, and sends the part of f behind b.
	writeFile(b []byte, f *os.File, p *http1.Part) bool
	// finish is called once, when nothing more will be written.
	finish()
	// unix returns the time for the Date field, in seconds.
	unix() int64
	// yield reports whether this connection should end after the current response, for others that
	// wait.
	yield() bool
	// lagged reports whether the peer was cut off because it did not read.
	lagged() bool
}

const (
	// flushSize is how many bytes of pipelined responses are gathered before they are written.
	flushSize = 64 << 10
	// keepSize is the largest buffer that a session keeps for its next request.
	keepSize = 4 << 10
)

func (s *session) init(service *workload.Service, io workload.IO, w wire, conn any, out *[]byte) {
	s.service, s.wire, s.out = service, w, out
	s.x = workload.Exchange{Request: &s.parser.Request, IO: io, Done: s.done, Conn: conn}
}

// receive handles bytes from the connection. b is not kept.
func (s *session) receive(b []byte) {
	switch {
	case s.over, s.source != nil: // who listens to a stream has nothing more to say
		return
	case len(s.in) > 0:
		s.in = append(s.in, b...)
		s.proceed()
		return
	}
	if used := s.serve(b); used < len(b) {
		s.in = append(s.in, b[used:]...)
	}
}

// resume continues when the wire accepts responses again.
func (s *session) resume() {
	s.held = false
	if !s.over {
		s.proceed()
	}
}

// ended handles the end of the peer's stream. A response in progress is still sent; an incomplete
// request is dropped.
func (s *session) ended() {
	if s.upgraded != nil && !s.over {
		s.end()
		return
	}
	s.drain()
}

// proceed serves what has arrived.
func (s *session) proceed() {
	used := s.serve(s.in)
	if s.over {
		return // nothing is left to serve, and the buffer is released
	}
	switch left := copy(s.in, s.in[used:]); {
	case left == 0 && (cap(s.in) > keepSize || s.upgraded != nil):
		s.in = nil
	default:
		s.in = s.in[:left]
	}
}

// partial reports whether part of a request has arrived.
func (s *session) partial() bool { return len(s.in) > 0 && !s.busy && !s.held && !s.over }

// drain ends the session after the request being served, or at once if there is none.
func (s *session) drain() {
	s.draining = true
	if s.upgraded != nil {
		s.hangUp(websocket.GoingAway)
		return
	}
	if (!s.busy || s.source != nil) && !s.over {
		s.end()
	}
}

// serve parses and serves the requests in b until a handler waits, the wire is full or b has no
// complete request left, and behind an upgrade the frames. It returns how many bytes it used.
func (s *session) serve(b []byte) (used int) {
	s.serving = true
	if s.upgraded == nil {
		used = s.serveRequests(b)
	}
	if s.upgraded != nil {
		used += s.hear(b[used:])
	}
	s.serving = false
	s.flush()
	if s.over {
		return len(b) // bytes after the last request are dropped
	}
	return used
}

// serveRequests is serve for requests.
func (s *session) serveRequests(b []byte) (used int) {
	for used < len(b) && !s.busy && !s.held && !s.over && s.upgraded == nil {
		n, err := s.parser.Parse(b[used:])
		if err != nil {
			s.refuse(err, s.parser.RefusedHead(b[used:]))
			break
		}
		if n == 0 {
			if s.parser.ExpectsContinue() {
				*s.out = append(*s.out, http1.Continue...)
			}
			break
		}
		used += n
		s.requests++
		r := &s.parser.Request
		s.busy, s.minor, s.head, s.last = true, r.Minor, r.Head, r.Close
		if s.observer != nil {
			s.observer.read(&s.x)
		}
		s.service.Serve(&s.x)
		if len(*s.out) >= flushSize {
			s.flush()
		}
	}
	return used
}

// done takes a finished Exchange's response.
func (s *session) done(x *workload.Exchange) { s.answer(x, nil) }

// answer takes a finished Exchange's response, whose Part is in f; nil for one that is whole.
func (s *session) answer(x *workload.Exchange, f *os.File) {
	s.last = s.last || s.draining || s.wire.yield()
	*s.out = http1.AppendResponse(*s.out, &x.Response, s.wire.unix(), s.head, s.last, s.minor)
	if f != nil && !s.head {
		s.held = !s.wire.writeFile(*s.out, f, &x.Response.Part)
		*s.out = (*s.out)[:0]
	}
	s.busy = false
	s.over = s.last
	if s.serving {
		return
	}
	// an asynchronous response: serve continues with what arrived meanwhile, and flushes
	s.proceed()
}

// stream begins a response that goes on, or ends it with its head if no more was asked for.
func (s *session) stream(contentType string, source workload.Source) {
	*s.out = http1.AppendOpenHead(*s.out, contentType, s.wire.unix())
	s.source = source
	s.over = s.head || s.draining
}

// tick sends what the stream's source makes, or drops it if the wire is not ready for more, and
// returns when the next tick is due. goes says that the stream goes on.
func (s *session) tick(now time.Time) (due time.Time, goes bool) {
	if s.over {
		return due, false
	}
	begun := len(*s.out)
	*s.out, due = s.source.Next(*s.out, now)
	if s.held {
		*s.out = (*s.out)[:begun]
	}
	s.flush()
	return due, !s.over
}

// gone tells the source, or the receiver, that the connection has ended.
func (s *session) gone() {
	if s.source != nil {
		s.source.Close()
		s.source = nil
	}
	if u := s.upgraded; u != nil && !u.gone {
		u.gone = true
		u.receiver.Closed(s.wire.lagged())
	}
}

// refuse answers a malformed request and ends the connection, because the start of the next request
// is unknown.
func (s *session) refuse(err error, head bool) {
	e, ok := err.(*http1.Error)
	if !ok {
		e = &http1.Error{Status: 400, Reason: err.Error()}
	}
	*s.out = http1.AppendError(*s.out, e, s.wire.unix(), head)
	s.over = true
}

func (s *session) flush() {
	if len(*s.out) > 0 {
		s.held = !s.wire.write(*s.out)
		*s.out = (*s.out)[:0]
		if cap(*s.out) > 4*flushSize {
			*s.out = nil
		}
	}
	if s.over && !s.serving {
		s.end()
	}
}

func (s *session) end() {
	s.over = true
	s.in = nil
	s.gone()
	s.wire.finish()
}
