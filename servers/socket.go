package servers

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// socket is a TCP socket in blocking mode: the kernel, not Go's poller, parks the thread that waits
// on it.
type socket struct {
	fd        int
	sendLimit time.Duration // of one send
	// SO_RCVTIMEO and SO_SNDTIMEO as they are set; 0 for none.
	receiving, sending time.Duration
}

// sendTimeout bounds how long a client that does not read can hold a thread in one send.
const sendTimeout = 60 * time.Second

// newSocket takes fd over, or closes it and says why not.
func newSocket(fd int, sendLimit time.Duration) (*socket, error) {
	s := &socket{fd: fd, sendLimit: sendLimit}
	err := os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	if err == nil {
		err = s.limit(unix.SO_SNDTIMEO, &s.sending, sendLimit)
	}
	if err != nil {
		closeFD(fd)
		return nil, err
	}
	return s, nil
}

func (s *socket) read(b []byte, now time.Time, limit time.Duration) (int, error) {
	for left := limit; ; left = limit - time.Since(now) {
		if left <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		if err := s.limit(unix.SO_RCVTIMEO, &s.receiving, left); err != nil {
			return 0, err
		}
		switch n, errno := recvWait(s.fd, b); errno {
		case 0:
			if n == 0 {
				return 0, io.EOF
			}
			return n, nil
		case syscall.EAGAIN:
			return 0, os.ErrDeadlineExceeded
		case syscall.EINTR:
			// A signal, which Go's runtime sends itself, ends a recv that has a timeout; the next
			// one gets what is left.
		default:
			return 0, os.NewSyscallError("recv", errno)
		}
	}
}

// limit costs a system call only when the limit changes, which it does when a request comes in
// pieces. The socket's zero means none at all, so what is too short for its microseconds becomes
// one.
func (s *socket) limit(option int, set *time.Duration, d time.Duration) error {
	if d == *set {
		return nil
	}
	limit := unix.NsecToTimeval(int64(max(d, time.Microsecond)))
	if err := unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, option, &limit); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	*set = d
	return nil
}

func (s *socket) write(b []byte, now time.Time) error {
	for {
		n, errno := sendWait(s.fd, b)
		if n == len(b) {
			return nil
		}
		left := s.sendLimit
		switch errno {
		case 0:
			// the limit ended this send, or a signal did: since something moved there may be
			// another
			b, now = b[n:], time.Now()
		case syscall.EINTR:
			left -= time.Since(now)
		case syscall.EAGAIN:
			left = 0
		default:
			return os.NewSyscallError("send", errno)
		}
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		if err := s.limit(unix.SO_SNDTIMEO, &s.sending, left); err != nil {
			return err
		}
	}
}

func (s *socket) closeRead() error  { return unix.Shutdown(s.fd, unix.SHUT_RD) }
func (s *socket) closeWrite() error { return unix.Shutdown(s.fd, unix.SHUT_WR) }
func (s *socket) close()            { closeFD(s.fd) }

// closeFD frees a descriptor. Linux has freed it whatever close answers, and a retry could close
// another's.
func closeFD(fd int) {
	if err := unix.Close(fd); err == unix.EBADF {
		panic(fmt.Sprintf("descriptor %d closed twice", fd))
	}
}

// dialSocket connects by a blocking connect, whose time the send timeout bounds.
func dialSocket(addr netip.AddrPort, limit time.Duration) (stream, error) {
	family, sa := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16()})
	if ip := addr.Addr().Unmap(); ip.Is4() {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: ip.As4()}
	}
	fd, err := openSocket(family)
	if err != nil {
		return nil, err
	}
	s, err := newSocket(fd, limit)
	if err != nil {
		return nil, err
	}
	if err := connectWait(fd, sa, limit); err != nil {
		closeFD(fd)
		return nil, err
	}
	return s, nil
}

// connectWait connects in place. A connect that a signal interrupts goes on in the kernel
// (connect(2)): it is waited for, not repeated.
func connectWait(fd int, sa unix.Sockaddr, limit time.Duration) error {
	end := time.Now().Add(limit)
	err := unix.Connect(fd, sa)
	if err == unix.EINTR {
		err = connected(fd, end)
	}
	if err == unix.EAGAIN || err == unix.EINPROGRESS {
		return os.ErrDeadlineExceeded // the send timeout ended it
	}
	return os.NewSyscallError("connect", err)
}

// connected waits for a connection that is being made and gives what connect would have.
func connected(fd int, end time.Time) error {
	for {
		left := time.Until(end)
		if left <= 0 {
			return unix.EINPROGRESS
		}
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		switch n, err := unix.Poll(ready, int(left/time.Millisecond)+1); {
		case err == unix.EINTR || err == nil && n == 0:
			continue
		case err != nil:
			return err
		}
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = syscall.Errno(code)
		}
		return err
	}
}

// socketListener accepts by blocking calls, from any number of threads.
type socketListener struct {
	fd   int
	addr net.Addr

	mu     sync.Mutex // a Shutdown must not wake what has taken the descriptor's number over
	closed bool
}

// blockingListener makes a blocking descriptor of ln's socket that Go's own poller does not know,
// and closes ln.
func blockingListener(ln *net.TCPListener) (*socketListener, error) {
	f, err := ln.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err = os.NewSyscallError("fcntl", unix.SetNonblock(fd, false)); err == nil {
		err = ln.Close()
	}
	if err != nil {
		closeFD(fd)
		return nil, err
	}
	return &socketListener{fd: fd, addr: ln.Addr()}, nil
}

// limit bounds how long an accept waits; it then answers EAGAIN. (On macOS it has no effect:
// accepts wait on.)
func (l *socketListener) limit(d time.Duration) error {
	limit := unix.NsecToTimeval(int64(d))
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
}

// waiting says whether a client is in the backlog. A poll that fails finds none.
func (l *socketListener) waiting() bool {
	ready := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(ready, 0)
	return err == nil && n == 1
}

// wake ends the accepts of so many threads, which look then whether the server is stopping. It may
// come after close.
func (l *socketListener) wake(threads int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	return l.wakeOpen(threads)
}

func (l *socketListener) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if err := unix.Close(l.fd); err != nil {
		return fmt.Errorf("closing the listener on %s: %w", l.addr, err)
	}
	return nil
}
