package eventloop

import (
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wakeIdent names the user event that wakes a poll.
const wakeIdent = 1

// poller is macOS's kqueue, with a user event for waking it.
type poller struct {
	kqueue int
	kernel [256]unix.Kevent_t
	full   bool // the last wait returned as many events as it can
	events [256]event
}

func newPoller() (poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return poller{}, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(fd)
	p := poller{kqueue: fd}
	wake := unix.Kevent_t{Ident: wakeIdent, Filter: unix.EVFILT_USER, Flags: unix.EV_ADD | unix.EV_CLEAR}
	if err := p.change(wake); err != nil {
		p.close()
		return poller{}, err
	}
	return p, nil
}

func (p *poller) close() { closeFD(p.kqueue) }

func (p *poller) add(fd int, i interest) error { return p.modify(fd, interest{}, i) }

// modify adds and deletes the filters of the directions in which the interest changes.
func (p *poller) modify(fd int, old, i interest) error {
	var changes []unix.Kevent_t
	for _, c := range []struct {
		filter    int16
		was, want bool
	}{{unix.EVFILT_READ, old.read, i.read}, {unix.EVFILT_WRITE, old.write, i.write}} {
		if c.was == c.want {
			continue
		}
		k := unix.Kevent_t{Ident: uint64(fd), Filter: c.filter, Flags: unix.EV_ADD}
		if !c.want {
			k.Flags = unix.EV_DELETE
		}
		changes = append(changes, k)
	}
	if len(changes) == 0 {
		return nil
	}
	return p.change(changes...)
}

func (p *poller) change(changes ...unix.Kevent_t) error {
	_, err := unix.Kevent(p.kqueue, changes, nil, nil)
	return os.NewSyscallError("kevent", err)
}

// wait returns what is ready, after at most the timeout: 0 does not wait, negative waits without
// end. It ignores hold. The events are valid until the next wait.
func (p *poller) wait(timeout, _ time.Duration) ([]event, error) {
	var limit *unix.Timespec
	if timeout >= 0 {
		t := unix.NsecToTimespec(int64(timeout))
		limit = &t
	}
	n, err := unix.Kevent(p.kqueue, nil, p.kernel[:], limit)
	if err == unix.EINTR {
		return nil, nil
	}
	if err != nil {
		return nil, os.NewSyscallError("kevent", err)
	}
	p.full = n == len(p.kernel)
	got := p.events[:0]
	for _, k := range p.kernel[:n] {
		if k.Filter == unix.EVFILT_USER {
			continue
		}
		// EV_EOF on the read side is the peer's end of stream, which recv reports. On the write
		// side it says that nobody reads any more.
		got = append(got, event{
			fd:       int(k.Ident),
			readable: k.Filter == unix.EVFILT_READ,
			writable: k.Filter == unix.EVFILT_WRITE,
			hangup:   k.Filter == unix.EVFILT_WRITE && k.Flags&unix.EV_EOF != 0,
		})
	}
	return got, nil
}

// wake is safe for concurrent use.
func (p *poller) wake() {
	wake := unix.Kevent_t{Ident: wakeIdent, Filter: unix.EVFILT_USER, Fflags: unix.NOTE_TRIGGER}
	if err := p.change(wake); err != nil {
		panic("event loop: triggering its user event: " + err.Error())
	}
}

func accept(fd int) (int, syscall.Errno) {
	// accept has no close-on-exec flag, so no child may be forked in between
	syscall.ForkLock.RLock()
	n, _, err := unix.Accept(fd)
	if err == nil {
		unix.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err == nil {
		err = unix.SetNonblock(n, true)
	}
	if err != nil {
		if n >= 0 {
			closeFD(n)
		}
		return -1, Errno(err)
	}
	noDelay(n)
	return n, 0
}

// connect starts a connection, which is established once the socket is writable and socketError is
// 0.
func connect(addr netip.AddrPort) (int, error) {
	family, sa := sockaddr(addr)
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	noDelay(fd)
	if err = unix.SetNonblock(fd, true); err == nil {
		err = unix.Connect(fd, sa)
	}
	if err != nil && err != unix.EINPROGRESS {
		closeFD(fd)
		return -1, os.NewSyscallError("connect", err)
	}
	return fd, nil
}

func recv(fd int, b []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, b)
	return max(n, 0), Errno(err)
}

// send relies on Go's runtime, which ignores SIGPIPE on sockets.
func send(fd int, b []byte, _ bool) (int, syscall.Errno) {
	n, err := unix.Write(fd, b)
	return max(n, 0), Errno(err)
}

func sendFile(fd, file int, offset, n int64) (int, syscall.Errno) {
	sent, err := unix.Sendfile(fd, file, &offset, int(n))
	return max(sent, 0), Errno(err)
}

func dup(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return n, os.NewSyscallError("fcntl", err)
}
