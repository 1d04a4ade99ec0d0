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

	"nodecompare/servers/eventloop"
	"nodecompare/servers/postgres"
)

// socket is a TCP socket in blocking mode: the kernel, not Go's poller, parks the thread that waits
// on it.
type socket struct {
	fd        int
	sendLimit time.Duration // of one send
	// receiving and sending are SO_RCVTIMEO and SO_SNDTIMEO as set; 0 for none.
	receiving, sending time.Duration
}

// sendTimeout bounds how long a client that does not read can hold a thread in one send.
const sendTimeout = 60 * time.Second

// newSocket takes fd over, or closes it and returns the reason.
func newSocket(fd int, sendLimit time.Duration) (*socket, error) {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		closeFD(fd)
		return nil, os.NewSyscallError("setsockopt", err)
	}
	return limitedSocket(fd, sendLimit)
}

// limitedSocket is newSocket for a socket that needs no TCP_NODELAY, or has it.
func limitedSocket(fd int, sendLimit time.Duration) (*socket, error) {
	s := &socket{fd: fd, sendLimit: sendLimit}
	if err := s.limit(unix.SO_SNDTIMEO, &s.sending, sendLimit); err != nil {
		closeFD(fd)
		return nil, err
	}
	return s, nil
}

func (s *socket) read(b []byte, now time.Time, limit time.Duration) (int, error) {
	if limit <= 0 {
		return 0, os.ErrDeadlineExceeded
	}
	for left := limit; ; left = max(limit-time.Since(now), time.Microsecond) {
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
			// A signal, which Go's runtime sends itself, interrupts a recv that has a timeout. The
			// next recv gets the remaining time. It looks once more where none is left: what came
			// while the process was stopped (SIGSTOP) is read.
		default:
			return 0, os.NewSyscallError("recv", errno)
		}
	}
}

// limit sets a timeout, and makes a system call only if it changed, as when a request arrives in
// pieces. A timeout below a microsecond is rounded up, because 0 means none to the kernel.
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

func (s *socket) peek(b []byte) (int, error) { return peekNow(s.fd, b) }

// peekNow is recv with MSG_PEEK, which does not wait.
func peekNow(fd int, b []byte) (int, error) {
	n, _, err := unix.Recvfrom(fd, b, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	if n <= 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err
}

func (s *socket) write(b []byte, now time.Time) error { return s.send(b, now, false) }

// send is write. more says that a file follows, so that the kernel may wait for that with what does
// not fill a packet.
func (s *socket) send(b []byte, now time.Time, more bool) error {
	// A signal may have left the last send with the rest of its time.
	if err := s.limit(unix.SO_SNDTIMEO, &s.sending, s.sendLimit); err != nil {
		return err
	}
	for {
		n, errno := sendWait(s.fd, b, more)
		if n == len(b) {
			return nil
		}
		left := s.sendLimit
		switch errno {
		case 0:
			// The limit or a signal ended this send. Since bytes moved, another send may follow.
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

func (s *socket) try(b []byte) (int, syscall.Errno) { return sendNow(s.fd, b) }

// writeFile sends by sendfile(2), which waits in the kernel, for the peer and for the disk.
func (s *socket) writeFile(b []byte, f *os.File, first, length int64, now time.Time) error {
	if err := s.send(b, now, length >= eventloop.LongPart); err != nil {
		return err
	}
	for left := s.sendLimit; length > 0; {
		// The limit is of what the kernel takes at once, far less than the whole.
		if err := s.limit(unix.SO_SNDTIMEO, &s.sending, left); err != nil {
			return err
		}
		now = time.Now()
		n, errno := sendFile(s.fd, int(f.Fd()), first, length)
		switch {
		case n > 0:
			first, length, left = first+int64(n), length-int64(n), s.sendLimit
		case errno == 0:
			return errShortened(f, first)
		case errno == syscall.EINTR:
			left -= time.Since(now)
		case errno == syscall.EAGAIN:
			left = 0
		default:
			return os.NewSyscallError("sendfile", errno)
		}
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
	}
	return nil
}

// sendFile sends what one sendfile(2) takes: all of it, unless the peer or a signal ends it.
func sendFile(fd, file int, offset, n int64) (int, syscall.Errno) {
	sent, err := unix.Sendfile(fd, file, &offset, int(n))
	return max(sent, 0), eventloop.Errno(err)
}

func errShortened(f *os.File, at int64) error {
	return fmt.Errorf("sending %s: at byte %d: %w", f.Name(), at, io.ErrUnexpectedEOF)
}

func (s *socket) closeRead() error  { return unix.Shutdown(s.fd, unix.SHUT_RD) }
func (s *socket) closeWrite() error { return unix.Shutdown(s.fd, unix.SHUT_WR) }
func (s *socket) close()            { closeFD(s.fd) }

// closeFD frees a descriptor. Linux frees it even if close fails, and a retry could close
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

// connectWait connects in place. A connect interrupted by a signal continues in the kernel
// (connect(2)), so it is awaited, not repeated.
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

// connected waits for a pending connection and returns the result of its connect.
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

	// mu keeps Shutdown from waking a descriptor number that was closed and reused.
	mu     sync.Mutex
	closed bool
}

// blockingListener returns a blocking descriptor of ln's socket that Go's poller does not know, and
// closes ln.
func blockingListener(ln *net.TCPListener) (*socketListener, error) {
	fd, err := blockingFD(ln)
	if err != nil {
		return nil, err
	}
	return &socketListener{fd: fd, addr: ln.Addr()}, nil
}

// blockingFD takes over a socket of Go's net package, and closes that.
func blockingFD(s eventloop.Socket) (int, error) {
	f, err := s.File()
	if err != nil {
		return -1, err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	if err = os.NewSyscallError("fcntl", unix.SetNonblock(fd, false)); err == nil {
		err = s.Close()
	}
	if err != nil {
		closeFD(fd)
		return -1, err
	}
	return fd, nil
}

// limit bounds how long an accept waits before it returns EAGAIN. On macOS it has no effect.
func (l *socketListener) limit(d time.Duration) error {
	limit := unix.NsecToTimeval(int64(d))
	return os.NewSyscallError("setsockopt", unix.SetsockoptTimeval(l.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
}

// waiting reports whether a client is in the backlog. A failing poll finds none.
func (l *socketListener) waiting() bool {
	ready := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(ready, 0)
	return err == nil && n == 1
}

// wake ends the accepts of the given number of threads, which then check whether the server is
// stopping. It may be called after close.
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

// adoptSocket takes over a connection of Go's net package.
func adoptSocket(c postgres.Socket) (stream, error) {
	fd, err := blockingFD(c)
	if err != nil {
		c.Close() // a second close returns only an error
		return nil, fmt.Errorf("taking over a connection: %w", err)
	}
	s, err := limitedSocket(fd, sendTimeout)
	if err != nil {
		return nil, err
	}
	return s, nil
}
