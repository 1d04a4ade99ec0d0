package eventloop

import (
	"fmt"
	"net"
	"syscall"
	"time"
)

const (
	// acceptBatch bounds the connections that a listener accepts in a turn, so that a flood of them
	// does not starve those being served.
	acceptBatch = 64
	// acceptPause is how long a listener rests if even the spare descriptor did not help.
	acceptPause = 50 * time.Millisecond
)

// Listener accepts connections for a loop.
type Listener struct {
	socket
	accept func(*Conn) Handler
	// spare is a descriptor reserved for the case that none is left; -1 if it could not be opened
	// again.
	spare   int
	rest    Timer
	onClose func()
}

// Listen takes ln over and closes it. For each new connection it calls accept on the loop's thread.
// accept returns the connection's handler, and must return one even if it closes the connection.
// Call Listen on the loop's thread or before Run.
func (l *Loop) Listen(ln *net.TCPListener, accept func(*Conn) Handler) (*Listener, error) {
	fd, err := takeOver(ln)
	if err != nil {
		return nil, fmt.Errorf("event loop: taking over the listener on %s: %w", ln.Addr(), err)
	}
	s := &Listener{socket: socket{loop: l, fd: fd, interest: interest{read: true}}, accept: accept}
	s.owner = s
	s.rest.Init(l, s.resume)
	if s.spare, err = openSpare(); err == nil {
		err = l.watch(&s.socket)
	}
	if err != nil {
		closeFD(fd)
		if s.spare >= 0 {
			closeFD(s.spare)
		}
		return nil, fmt.Errorf("event loop: listening on %s: %w", ln.Addr(), err)
	}
	return s, nil
}

// takeOver returns a non-blocking descriptor of ln's socket that Go's poller does not know, and
// closes ln.
func takeOver(ln Socket) (int, error) {
	f, err := ln.File()
	if err != nil {
		return -1, err
	}
	defer f.Close()
	fd, err := dup(int(f.Fd()))
	if err != nil {
		return -1, err
	}
	if err = syscall.SetNonblock(fd, true); err == nil {
		err = ln.Close()
	}
	if err != nil {
		closeFD(fd)
	}
	return fd, err
}

// Close stops accepting at once. then, if not nil, is called when the socket is closed, in this
// turn's close phase.
func (s *Listener) Close(then func()) {
	s.onClose = then
	s.close(nil)
}

func (s *Listener) ready(event) {
	s.regain()
	for range acceptBatch {
		if s.closing { // the previous accept closed it
			return
		}
		fd, errno := accept(s.fd)
		switch errno {
		case 0:
			s.serve(fd)
		case syscall.EAGAIN:
			return
		case syscall.ECONNABORTED, syscall.EINTR:
			// This client is gone; the next one may be well.
		case syscall.EMFILE, syscall.ENFILE:
			if !s.refuse() {
				return
			}
		default:
			// ENOBUFS, ENOMEM and the like pass. Accepting again at once would only spin.
			s.pause()
			return
		}
	}
}

// serve makes a connection of an accepted descriptor.
func (s *Listener) serve(fd int) {
	c := newConn(s.loop, fd)
	c.interest = interest{read: true}
	if err := s.loop.watch(&c.socket); err != nil {
		closeFD(fd)
		return
	}
	c.handler = s.accept(c)
}

// refuse turns one waiting client away when descriptors have run out: it releases the spare one,
// accepts with it, closes the connection and opens a spare again. Left in the backlog, the client
// would keep the listener readable, and the loop would spin on an accept that cannot succeed.
func (s *Listener) refuse() bool {
	if s.spare >= 0 {
		closeFD(s.spare)
	}
	fd, errno := accept(s.fd)
	if errno == 0 {
		closeFD(fd)
	}
	var err error
	s.spare, err = openSpare()
	switch {
	case err != nil || errno != 0 && errno != syscall.EAGAIN:
		s.pause()
		return false
	case errno == syscall.EAGAIN:
		return false // nobody waits: Linux looks for a free descriptor first
	}
	return true
}

func (s *Listener) pause() {
	s.want(interest{})
	s.rest.Set(acceptPause)
}

// resume ends a pause.
func (s *Listener) resume() { s.want(interest{read: true}) }

// regain replaces a lost spare descriptor before clients are accepted: without it the next shortage
// would leave clients in the backlog for as long as it lasts.
func (s *Listener) regain() {
	if s.spare >= 0 {
		return
	}
	if fd, err := openSpare(); err == nil {
		s.spare = fd
	}
}

func (s *Listener) closed() {
	s.rest.Stop()
	if s.spare >= 0 {
		closeFD(s.spare)
	}
	if s.onClose != nil {
		s.onClose()
	}
}
