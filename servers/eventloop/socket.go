package eventloop

// socket is what the loop knows of a descriptor, be it a connection or a listener.
type socket struct {
	loop     *Loop
	fd       int
	interest interest // as the poller knows it
	owner    owner
	closing  bool // it ends in this turn's close phase
	err      error
}

// owner is what a socket's events are for.
type owner interface {
	ready(event)
	closed() // the descriptor is gone
}

// interest is what a socket waits for.
type interest struct{ read, write bool }

// event is what the poller saw. A hangup is an error or the end of both directions; it comes whatever the interest.
type event struct {
	fd                         int
	readable, writable, hangup bool
}

func (s *socket) ready(e event) { s.owner.ready(e) }
func (s *socket) closed()       { s.owner.closed() }

// want changes the interest; the poller is told only of a difference.
func (s *socket) want(i interest) {
	if i == s.interest || s.closing {
		return
	}
	if err := s.loop.poller.modify(s.fd, s.interest, i); err != nil {
		s.close(err)
		return
	}
	s.interest = i
}

// close hands the socket to the close phase, once.
func (s *socket) close(err error) {
	if s.closing {
		return
	}
	s.closing, s.err = true, err
	s.loop.closing = append(s.loop.closing, s)
}
