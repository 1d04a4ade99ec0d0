package selftest

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// socket is a connection in blocking mode, outside of Go's poller. The kernel wakes a thread that
// blocks in read, so that nothing of Go's scheduler lies between the arrival of bytes and the
// clock.
type socket struct {
	file *os.File
	fd   int
}

// takeSocket takes the connection over. It keeps the TCP_NODELAY that net has set.
func takeSocket(c *net.TCPConn) (*socket, error) {
	f, err := c.File() // a duplicate
	if err = errors.Join(err, c.Close()); err != nil {
		return nil, fmt.Errorf("take over the connection with %s: %w", c.RemoteAddr(), err)
	}
	s := &socket{file: f, fd: int(f.Fd())}
	if err := unix.SetNonblock(s.fd, false); err != nil {
		return nil, errors.Join(os.NewSyscallError("fcntl", err), f.Close())
	}
	return s, nil
}

// read blocks for bytes. No bytes without an error are the end of the stream.
func (s *socket) read(buf []byte) (int, error) {
	for {
		n, err := unix.Read(s.fd, buf)
		if err != unix.EINTR {
			return max(n, 0), os.NewSyscallError("read", err)
		}
	}
}

func (s *socket) write(b []byte) error {
	for len(b) > 0 {
		n, err := unix.Write(s.fd, b)
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("write", err)
		}
		b = b[max(n, 0):]
	}
	return nil
}

// interrupt ends a blocking read, which close does not. It ignores a connection that the peer has
// already ended.
func (s *socket) interrupt() error {
	if err := unix.Shutdown(s.fd, unix.SHUT_RDWR); err != nil && err != unix.ENOTCONN {
		return os.NewSyscallError("shutdown", err)
	}
	return nil
}

func (s *socket) close() error { return s.file.Close() }
