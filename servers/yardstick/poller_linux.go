package yardstick

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is epoll, level-triggered.
type poller struct {
	fd     int
	events [128]unix.EpollEvent
	ready  []int
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	return &poller{fd: fd}, nil
}

func (p *poller) add(fd int) error {
	return os.NewSyscallError("epoll_ctl",
		unix.EpollCtl(p.fd, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}))
}

func (p *poller) remove(fd int) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, fd, nil))
}

// wait returns the descriptors with something to read. Usually some are ready, so wait first makes
// a call that cannot block and spares Go's scheduler the hand-over.
func (p *poller) wait() ([]int, error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd),
		uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
	n := int(r)
	if errno != 0 || n == 0 {
		var err error
		if n, err = unix.EpollWait(p.fd, p.events[:], -1); err != nil && !errors.Is(err, unix.EINTR) {
			return nil, os.NewSyscallError("epoll_wait", err)
		}
	}
	p.ready = p.ready[:0]
	for _, e := range p.events[:max(0, n)] {
		p.ready = append(p.ready, int(e.Fd))
	}
	return p.ready, nil
}

func (p *poller) close() error { return os.NewSyscallError("close", unix.Close(p.fd)) }

// read and write cannot block, so Go's scheduler is not told.
func read(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])),
		uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func write(fd int, b []byte) (int, error) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])),
		uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
