package servers

import (
	"nodecompare/servers/http1"
	"nodecompare/servers/workload"
)

// session is one connection's HTTP conversation: bytes in, responses out, requests handed to the
// workloads one at a time and in order. It does no I/O and waits for nothing, so that every model
// has the same one; what the models differ in is their wire.
type session struct {
	service *workload.Service
	wire    wire
	parser  http1.RequestParser
	x       workload.Exchange

	in []byte // what has arrived and was not served yet; nil on a quiet connection
	// responses to be written; always empty when receive and done have returned, so that sessions
	// can share it
	out      *[]byte
	serving  bool   // serve is on the stack
	busy     bool   // a request is with its handler
	held     bool   // the wire wants no more responses until resume
	draining bool   // the response in the making, or the next one, is to be the last
	over     bool   // no further request will be served
	requests uint64 // that were whole so far
	minor    int    // of the request being served, as its buffer may be gone when the response comes
	head     bool
	last     bool
}

// wire is a session's way out.
type wire interface {
	// write sends responses. It answers false when the session must hold back until its resume is
	// called.
	write(b []byte) bool
	// finish is called once, when nothing more will be written.
	finish()
	// unix is the time for the Date field, in seconds.
	unix() int64
	// yield says whether this connection should end after the response that is being written, for
	// others that wait.
	yield() bool
}

const (
	// flushSize is how many bytes of responses to pipelined requests are gathered before they are
	// written.
	flushSize = 64 << 10
	// keepSize is the largest buffer that a session keeps for its next request.
	keepSize = 4 << 10
)

func (s *session) init(service *workload.Service, io workload.IO, w wire, conn any, out *[]byte) {
	s.service, s.wire, s.out = service, w, out
	s.x = workload.Exchange{Request: &s.parser.Request, IO: io, Done: s.done, Conn: conn}
}

// receive takes what the connection brought; b is not kept.
func (s *session) receive(b []byte) {
	switch {
	case s.over:
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

// resume goes on when the wire takes responses again.
func (s *session) resume() {
	s.held = false
	if !s.over {
		s.proceed()
	}
}

// ended takes the end of the peer's stream: a response in the making is still owed, half a request
// is worth nothing.
func (s *session) ended() { s.drain() }

// proceed serves what has arrived.
func (s *session) proceed() {
	used := s.serve(s.in)
	if s.over {
		return // nothing is left to be served, and the buffer is given up
	}
	switch left := copy(s.in, s.in[used:]); {
	case left == 0 && cap(s.in) > keepSize:
		s.in = nil
	default:
		s.in = s.in[:left]
	}
}

// partial says whether the peer owes the rest of a request.
func (s *session) partial() bool { return len(s.in) > 0 && !s.busy && !s.held && !s.over }

// drain has the session end with the request it is serving, or at once when there is none.
func (s *session) drain() {
	s.draining = true
	if !s.busy && !s.over {
		s.end()
	}
}

// serve parses and serves the requests in b until a handler waits, the wire is full or b has no
// whole request left; it returns how many bytes were used.
func (s *session) serve(b []byte) (used int) {
	s.serving = true
	for used < len(b) && !s.busy && !s.held && !s.over {
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
		s.service.Serve(&s.x)
		if len(*s.out) >= flushSize {
			s.flush()
		}
	}
	s.serving = false
	s.flush()
	if s.over {
		return len(b) // what follows the last request is nobody's
	}
	return used
}

// done is the Exchange's: it takes the response.
func (s *session) done(x *workload.Exchange) {
	s.last = s.last || s.draining || s.wire.yield()
	*s.out = http1.AppendResponse(*s.out, &x.Response, s.wire.unix(), s.head, s.last, s.minor)
	s.busy = false
	s.over = s.last
	if s.serving {
		return
	}
	s.proceed() // the response came later: serve, which flushes, starts anew with what arrived meanwhile
}

// refuse answers a malformed request; where the next one would begin is unknown, so the connection
// ends.
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
	s.wire.finish()
}
