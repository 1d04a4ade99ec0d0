package yardstick

import (
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// poller is poll(2). macOS reports no CPU time of the process, and throughput depends on the
// generator as much as on the server.
type poller struct {
	polled []unix.PollFd
	ready  []int
}

func newPoller() (*poller, error) { return &poller{}, nil }

func (p *poller) add(fd int) error {
	p.polled = append(p.polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	return nil
}

func (p *poller) remove(fd int) error {
	p.polled = slices.DeleteFunc(p.polled, func(f unix.PollFd) bool { return int(f.Fd) == fd })
	return nil
}

func (p *poller) wait() ([]int, error) {
	p.ready = p.ready[:0]
	if _, err := unix.Poll(p.polled, -1); err != nil && err != unix.EINTR {
		return nil, os.NewSyscallError("poll", err)
	}
	for _, f := range p.polled {
		if f.Revents != 0 {
			p.ready = append(p.ready, int(f.Fd))
		}
	}
	return p.ready, nil
}

func (p *poller) close() error { return nil }

func read(fd int, b []byte) (int, error) { return unix.Read(fd, b) }

func write(fd int, b []byte) (int, error) { return unix.Write(fd, b) }
