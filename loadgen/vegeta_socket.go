package loadgen

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// socket sends a request and waits for its answer in one step of Go's poller.
//
// net.Conn's Read tries the socket before it waits. After a request that try is in vain, because no
// server answers within a microsecond: a wasted system call for each request, 8% of the generator's
// CPU. The step below writes first and then waits. It may not skip the read without the write: the
// poller reports edges, and forgets earlier ones at the start of a step. An answer comes after its
// request, so its edge cannot be lost. Neither can the edge of a connection that the server closed,
// which answers the write with a reset. Only a server that has shut down its own side of an idle
// connection and stays silent goes unnoticed until the timeout.
type socket struct {
	net.Conn
	raw     syscall.RawConn
	step    func(fd uintptr) bool // made once: a method value allocates
	unsent  []byte                // part of the request to send with the next Read
	sendErr error                 // error of sending, reported if no answer comes
	into    []byte
	n       int
	readErr syscall.Errno

	deadline time.Time // of the present request
	armed    time.Time // the poller's deadline, never later
}

func newSocket(c net.Conn) (*socket, error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: c, raw: raw}
	s.step = s.writeThenRead
	return s, nil
}

// until sets the next request's deadline. The poller's deadline is moved only when it has passed:
// moving it for each request costs 0.4 µs, and with one timeout for all the old deadline is always
// the earlier.
func (s *socket) until(deadline time.Time) error {
	s.deadline = deadline
	if s.armed.IsZero() || s.armed.After(deadline) {
		return s.arm()
	}
	return nil
}

func (s *socket) arm() error {
	s.armed = s.deadline
	return s.SetDeadline(s.deadline)
}

// Read sends what is unsent and then reads.
func (s *socket) Read(p []byte) (int, error) {
	for {
		n, err := s.read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !time.Now().Before(s.deadline) {
			return n, err
		}
		if err := s.arm(); err != nil { // an earlier request's deadline
			return 0, err
		}
	}
}

func (s *socket) read(p []byte) (int, error) {
	if len(s.unsent) == 0 {
		return s.Conn.Read(p)
	}
	s.into = p
	err := s.raw.Read(s.step)
	s.into = nil
	switch {
	case err != nil:
		return 0, err
	case len(s.unsent) > 0:
		return s.plainly(p)
	case s.readErr != 0:
		return 0, os.NewSyscallError("read", s.readErr)
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// writeThenRead returns false to wait until the socket is readable and be called again.
func (s *socket) writeThenRead(fd uintptr) (done bool) {
	if len(s.unsent) > 0 {
		n, errno := again(send, fd, s.unsent)
		if errno == 0 {
			s.unsent = s.unsent[n:]
		}
		return len(s.unsent) > 0
	}
	s.n, s.readErr = again(recv, fd, s.into)
	return s.readErr != syscall.EAGAIN
}

// plainly sends a request that the socket did not take at once, because the request is large or the
// connection broken. A server that refuses a request may answer and close before it has read
// everything, so a failure to send is not the end.
func (s *socket) plainly(p []byte) (int, error) {
	if err := s.arm(); err != nil { // no write is cut short by an earlier deadline
		return 0, err
	}
	_, s.sendErr = s.Conn.Write(s.unsent)
	s.unsent = nil
	n, err := s.Conn.Read(p)
	if err != nil && s.sendErr != nil {
		err = s.sendErr
	}
	return n, err
}

// again repeats a system call that a signal interrupted.
func again(call func(uintptr, []byte) (int, syscall.Errno), fd uintptr, b []byte) (int, syscall.Errno) {
	for {
		n, errno := call(fd, b)
		if errno != syscall.EINTR {
			return n, errno
		}
	}
}
