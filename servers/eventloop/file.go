package eventloop

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// turnShare is the most that a connection sends of a file in one turn, so that the others of the
// loop need not wait long.
const turnShare = 1 << 20

// filePart is what is still to be sent of a file, behind what is buffered.
type filePart struct {
	fd           int
	offset, left int64
}

// SendFile sends b, and behind it length bytes of a file, from offset on, which the kernel takes
// from its cache (sendfile(2)): they pass through no buffer of this process. SendFile never waits
// for the peer. But for what is not in the kernel's cache the loop waits in the call until the disk
// has it.
//
// SendFile returns false if not all is in the kernel yet. The caller must then wait for Drained
// before it writes on, else it is cut off with ErrBufferFull, and must keep fd open until Drained
// or Closed. If the file is shorter, the connection is closed with io.ErrUnexpectedEOF.
func (c *Conn) SendFile(b []byte, fd int, offset, length int64) bool {
	c.write(b, length > 0)
	if c.closing || c.finishing || length <= 0 {
		return true
	}
	c.file = filePart{fd, offset, length}
	if len(c.out) == 0 && !c.connecting {
		c.sendPart()
	}
	if c.closing || c.file.left == 0 {
		return true
	}
	c.full = true
	c.listen()
	return false
}

// sendPart sends of the file what the kernel takes, up to turnShare.
func (c *Conn) sendPart() {
	n, errno := sendFile(c.fd, c.file.fd, c.file.offset, min(c.file.left, turnShare))
	switch {
	case n > 0:
		c.active = c.loop.now
		c.file.offset += int64(n)
		c.file.left -= int64(n)
	case errno == 0:
		c.close(fmt.Errorf("sending a file: at byte %d: %w", c.file.offset, io.ErrUnexpectedEOF))
	case errno != syscall.EAGAIN && errno != syscall.EINTR:
		c.close(os.NewSyscallError("sendfile", errno))
	}
}

// unsent reports whether something is still to be sent.
func (c *Conn) unsent() bool { return len(c.out) > 0 || c.file.left > 0 }
