package eventloop

import (
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls on the path of a request enter the kernel by RawSyscall. None of them waits for a peer,
// and telling Go's scheduler costs as much as the loop's own work on a request. Only a waiting poll
// tells the scheduler, with KeepProcessor after the first milliseconds: the scheduler interrupts
// those by a signal when it wants to stop the world.

// poller is Linux's epoll, level-triggered, with an eventfd for waking it.
type poller struct {
	epoll, eventfd int
	kernel         [256]unix.EpollEvent
	full           bool // the last wait returned as many events as it can
	events         [256]event
	limit          [2]int64 // struct __kernel_timespec, on 32 bits too
}

func newPoller() (poller, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return poller{}, os.NewSyscallError("epoll_create1", err)
	}
	eventfd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		closeFD(epoll)
		return poller{}, os.NewSyscallError("eventfd", err)
	}
	p := poller{epoll: epoll, eventfd: eventfd}
	if err := p.add(eventfd, interest{read: true}); err != nil {
		p.close()
		return poller{}, err
	}
	return p, nil
}

func (p *poller) close() {
	closeFD(p.epoll)
	closeFD(p.eventfd)
}

func (p *poller) add(fd int, i interest) error { return p.control(unix.EPOLL_CTL_ADD, fd, i) }

func (p *poller) modify(fd int, _, i interest) error { return p.control(unix.EPOLL_CTL_MOD, fd, i) }

func (p *poller) control(op, fd int, i interest) error {
	e := unix.EpollEvent{Fd: int32(fd)}
	if i.read {
		e.Events |= unix.EPOLLIN
	}
	if i.write {
		e.Events |= unix.EPOLLOUT
	}
	_, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_CTL, uintptr(p.epoll), uintptr(op), uintptr(fd),
		uintptr(unsafe.Pointer(&e)), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("epoll_ctl", errno)
	}
	return nil
}

// wait returns what is ready, after at most the timeout: 0 does not wait, negative waits without
// end. hold is that of Loop.KeepProcessor. The events are valid until the next wait.
func (p *poller) wait(timeout, hold time.Duration) ([]event, error) {
	if timeout >= 0 {
		hold = min(hold, timeout)
	}
	n, errno := p.epollWait(syscall.RawSyscall6, hold)
	if n == 0 && errno == 0 && timeout != hold {
		if timeout > 0 {
			timeout -= hold
		}
		n, errno = p.epollWait(syscall.Syscall6, timeout)
	}
	if errno == syscall.EINTR {
		return nil, nil
	}
	if errno != 0 {
		return nil, os.NewSyscallError("epoll_wait", errno)
	}
	p.full = n == len(p.kernel)
	got := p.events[:0]
	for i := range n {
		e := &p.kernel[i]
		if int(e.Fd) == p.eventfd {
			p.drainWake()
			continue
		}
		got = append(got, event{
			fd:       int(e.Fd),
			readable: e.Events&unix.EPOLLIN != 0,
			writable: e.Events&unix.EPOLLOUT != 0,
			hangup:   e.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0,
		})
	}
	return got, nil
}

// epollWait uses epoll_pwait2, which counts in nanoseconds and exists since Linux 5.11, only for
// waits that need it.
func (p *poller) epollWait(call func(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr,
	err syscall.Errno), timeout time.Duration) (int, syscall.Errno) {
	if timeout > 0 && timeout%time.Millisecond != 0 {
		p.limit = [2]int64{int64(timeout / time.Second), int64(timeout % time.Second)}
		n, _, errno := call(unix.SYS_EPOLL_PWAIT2, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.kernel)),
			uintptr(len(p.kernel)), uintptr(unsafe.Pointer(&p.limit)), 0, 0)
		if errno != syscall.ENOSYS {
			return int(n), errno
		}
	}
	n, _, errno := call(unix.SYS_EPOLL_PWAIT, uintptr(p.epoll), uintptr(unsafe.Pointer(&p.kernel)),
		uintptr(len(p.kernel)), uintptr(milliseconds(timeout)), 0, 0)
	return int(n), errno
}

// milliseconds rounds up, so that poll does not end just before the timer and turn once for
// nothing.
func milliseconds(d time.Duration) int {
	if d < 0 {
		return -1
	}
	return int(min((d+time.Millisecond-1)/time.Millisecond, 1<<30))
}

// wake is safe for concurrent use. A full counter wakes too.
func (p *poller) wake() {
	one := uint64(1)
	_, _, errno := syscall.RawSyscall(unix.SYS_WRITE, uintptr(p.eventfd), uintptr(unsafe.Pointer(&one)), 8)
	if errno != 0 && errno != unix.EAGAIN {
		panic(fmt.Sprintf("event loop: writing to its eventfd %d: %v", p.eventfd, errno))
	}
}

func (p *poller) drainWake() {
	var count uint64
	syscall.RawSyscall(unix.SYS_READ, uintptr(p.eventfd), uintptr(unsafe.Pointer(&count)), 8)
}

func accept(fd int) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	noDelay(int(n))
	return int(n), 0
}

// connect starts a connection, which is established once the socket is writable and socketError is
// 0.
func connect(addr netip.AddrPort) (int, error) {
	family, sa := sockaddr(addr)
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	noDelay(fd)
	if err := unix.Connect(fd, sa); err != nil && err != unix.EINPROGRESS {
		closeFD(fd)
		return -1, os.NewSyscallError("connect", err)
	}
	return fd, nil
}

// recv and send skip the file layer of read and write.
func recv(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// send keeps back what does not fill a packet if more is to follow.
func send(fd int, b []byte, more bool) (int, syscall.Errno) {
	flags := unix.MSG_NOSIGNAL
	if more {
		flags |= unix.MSG_MORE
	}
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func dup(fd int) (int, error) {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	return n, os.NewSyscallError("fcntl", err)
}

// sendFile sends what the kernel takes of a file. It does not wait for the peer, but for the disk
// where the file is not in the kernel's cache. Told of each call, Go's scheduler would wake its
// monitor and interrupt the long ones: a fifth more CPU time for each megabyte.
func sendFile(fd, file int, offset, n int64) (int, syscall.Errno) {
	sent, _, errno := syscall.RawSyscall6(unix.SYS_SENDFILE, uintptr(fd), uintptr(file),
		uintptr(unsafe.Pointer(&offset)), uintptr(n), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(sent), 0
}
