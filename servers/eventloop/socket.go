package eventloop

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a descriptor of the loop, a connection's or a listener's.
type socket struct {
	loop     *Loop
	fd       int
	interest interest // as registered with the poller
	owner    owner
	closing  bool // it ends in this turn's close phase
	err      error
}

// owner handles a socket's events.
type owner interface {
	ready(event)
	closed() // the descriptor is closed
}

// interest is what a socket waits for.
type interest struct{ read, write bool }

// event is what the poller reports. hangup is an error or the end of both directions, and comes
// whatever the interest.
type event struct {
	fd                         int
	readable, writable, hangup bool
}

func (s *socket) ready(e event) { s.owner.ready(e) }
func (s *socket) closed()       { s.owner.closed() }

// want changes the interest. The poller is told only of a difference.
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

// close passes the socket to the close phase, once.
func (s *socket) close(err error) {
	if s.closing {
		return
	}
	s.closing, s.err = true, err
	s.loop.closing = append(s.loop.closing, s)
}

// Socket calls common to every Unix.

// noDelay disables Nagle's algorithm, as Go's net package does: a small response must not wait for
// an acknowledgement. It cannot fail on a new socket, and a peer that is gone shows at the first
// read.
func noDelay(fd int) {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil && err != unix.EINVAL {
		panic(fmt.Sprintf("event loop: TCP_NODELAY on socket %d: %v", fd, err))
	}
}

func shutdownWrite(fd int) syscall.Errno { return Errno(unix.Shutdown(fd, unix.SHUT_WR)) }

// Errno returns the number of an error of golang.org/x/sys; 0 for none.
func Errno(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if e, ok := err.(syscall.Errno); ok {
		return e
	}
	return syscall.EIO
}

// socketError returns and clears the socket's pending error; 0 for none.
func socketError(fd int) syscall.Errno {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return syscall.EIO
	}
	return syscall.Errno(n)
}

func sockaddr(addr netip.AddrPort) (family int, sa unix.Sockaddr) {
	if ip := addr.Addr().Unmap(); ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()}
}

func openSpare() (int, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("opening %s to hold a descriptor back: %w", os.DevNull, err)
	}
	return fd, nil
}

// closeFD frees a descriptor. Linux frees it even if close fails (close(2)), so a retry could close
// another's.
func closeFD(fd int) {
	if err := unix.Close(fd); err == unix.EBADF {
		panic(fmt.Sprintf("event loop: descriptor %d closed twice", fd))
	}
}
