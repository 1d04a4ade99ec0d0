package servers

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/servers/eventloop"
)

func recvWait(fd int, b []byte) (int, syscall.Errno) {
	n, err := unix.Read(fd, b)
	return max(n, 0), eventloop.Errno(err)
}

// sendWait relies on Go's runtime, which ignores SIGPIPE on sockets.
func sendWait(fd int, b []byte, _ bool) (int, syscall.Errno) {
	n, err := unix.Write(fd, b)
	return max(n, 0), eventloop.Errno(err)
}

// sendNow never waits.
func sendNow(fd int, b []byte) (int, syscall.Errno) {
	n, err := unix.SendmsgN(fd, b, nil, nil, unix.MSG_DONTWAIT)
	return max(n, 0), eventloop.Errno(err)
}

// accept waits for a connection.
func (l *socketListener) accept() (fd int, errno syscall.Errno) {
	fd, _, err := unix.Accept(l.fd)
	if err != nil {
		return -1, eventloop.Errno(err)
	}
	unix.CloseOnExec(fd)
	return fd, 0
}

// wakeOpen connects once for each accept that may wait, because neither close nor shutdown ends one
// on macOS.
func (l *socketListener) wakeOpen(threads int) error {
	for range threads {
		// an unspecified address means this host
		c, err := net.DialTimeout("tcp", l.addr.String(), time.Second)
		if err != nil {
			return err
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	return nil
}

func openSocket(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	unix.CloseOnExec(fd)
	return fd, nil
}

// sleep blocks the calling thread in the kernel. time.Sleep would park the goroutine on Go's
// timers.
func sleep(d time.Duration) {
	end := time.Now().Add(d)
	for left := d; left > 0; left = time.Until(end) {
		limit := unix.NsecToTimeval(int64(left))
		if _, err := unix.Select(0, nil, nil, nil, &limit); err != nil && err != unix.EINTR {
			panic("select for " + d.String() + ": " + err.Error())
		}
	}
}
