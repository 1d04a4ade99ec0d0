package loadgen

import (
	"io"
	"net"
	"os"
	"syscall"
)

// socket sends a request and waits for its answer in one step of Go's poller.
//
// net.Conn's Read tries the socket before it waits. After a request that read is in vain, for no server answers within a
// microsecond: a wasted system call for each request, 8% of the generator's CPU. The step below writes first and then
// waits. It may not skip the read without the write: the poller reports edges, and forgets at the start of a step those
// that came before. An answer comes after its request, so its edge cannot be lost; nor can that of a connection that
// the server had closed, which answers the write with a reset. (What can: a server that had shut down only its own side of
// an idle connection, and stays silent. That is a timeout here.)
type socket struct {
	net.Conn
	raw     syscall.RawConn
	step    func(fd uintptr) bool // made once: a method value allocates
	unsent  []byte                // of the request, to go out with the next Read
	sendErr error                 // of that, when there is an answer all the same
	into    []byte
	n       int
	readErr error
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

// Read sends what is unsent and then reads.
func (s *socket) Read(p []byte) (int, error) {
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
	case s.readErr != nil:
		return 0, os.NewSyscallError("read", s.readErr)
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// writeThenRead returns false to wait until the socket is readable and be called again.
func (s *socket) writeThenRead(fd uintptr) (done bool) {
	if len(s.unsent) > 0 {
		n, err := again(syscall.Write, fd, s.unsent)
		if err == nil {
			s.unsent = s.unsent[n:]
		}
		return len(s.unsent) > 0
	}
	s.n, s.readErr = again(syscall.Read, fd, s.into)
	return s.readErr != syscall.EAGAIN
}

// plainly is for a request that the socket would not take at once, since it is large or the connection is broken. A server
// that refuses a request may answer before it has read all of it, and close: so a failure to send is not the end.
func (s *socket) plainly(p []byte) (int, error) {
	_, s.sendErr = s.Conn.Write(s.unsent)
	s.unsent = nil
	n, err := s.Conn.Read(p)
	if err != nil && s.sendErr != nil {
		err = s.sendErr
	}
	return n, err
}

// again repeats a system call that a signal has interrupted.
func again(call func(int, []byte) (int, error), fd uintptr, b []byte) (int, error) {
	for {
		n, err := call(int(fd), b)
		if err != syscall.EINTR {
			return n, err
		}
	}
}
