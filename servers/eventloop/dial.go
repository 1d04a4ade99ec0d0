package eventloop

import (
	"fmt"
	"io"
	"net/netip"
	"os"
)

// Socket is one of Go's net package, which gives up its descriptor.
type Socket interface {
	io.Closer
	File() (*os.File, error)
}

// Adopt takes over an established connection of Go's net package, and closes that, also on an
// error. Nothing may be buffered there.
func (l *Loop) Adopt(s Socket, h Handler) (*Conn, error) {
	fd, err := takeOver(s)
	if err != nil {
		s.Close() // a second close returns only an error
		return nil, fmt.Errorf("event loop: taking over a connection: %w", err)
	}
	c := newConn(l, fd)
	c.handler, c.interest = h, interest{read: true}
	if err := l.watch(&c.socket); err != nil {
		closeFD(fd)
		return nil, fmt.Errorf("event loop: taking over a connection: %w", err)
	}
	return c, nil
}

// Dial starts a connection to addr and returns at once. Bytes written before the connection is
// established are sent then. If the kernel knows at once that the connection fails, Dial returns
// the error; otherwise Closed gets it, never both. SetDeadline bounds the attempt too.
func (l *Loop) Dial(addr netip.AddrPort, h Handler) (*Conn, error) {
	if l.stop.Load() {
		return nil, fmt.Errorf("connecting to %s: %w", addr, ErrStopped)
	}
	fd, err := connect(addr)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	c := newConn(l, fd)
	c.handler, c.connecting, c.interest = h, true, interest{write: true}
	if err := l.watch(&c.socket); err != nil {
		closeFD(fd)
		return nil, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	return c, nil
}
