package eventloop

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Handler is told what happens on a connection, always on the loop's thread.
type Handler interface {
	// Data brings bytes as they arrive. They lie in the loop's own buffer, good until Data returns.
	// An empty b is the end of the peer's stream, told once; the connection can still be written
	// to.
	Data(b []byte)
	// Drained says that all that was written is with the kernel, after a Write that answered false.
	Drained()
	// Closed is the last call, once per connection. A nil error means that this side closed.
	Closed(err error)
}

// Dialled is a Handler that is told when the connection that Dial started for it stands: before
// anything else, and never if it cannot be made.
type Dialled interface {
	Handler
	Connected()
}

var (
	// ErrIdle closes a connection on which nothing moved for the time that SetIdle allows.
	ErrIdle = fmt.Errorf("connection idle for too long: %w", os.ErrDeadlineExceeded)
	// ErrDeadline closes a connection whose total time, as SetDeadline gave it, is over.
	ErrDeadline = fmt.Errorf("connection's time is over: %w", os.ErrDeadlineExceeded)
	// ErrBufferFull closes a connection that is written to although its peer does not read.
	ErrBufferFull = errors.New("write buffer full: the peer does not read and the writer did not wait for Drained")
)

// MaxBuffered is how many unsent bytes a connection may hold before Write asks its caller to wait.
// A connection never holds more than twice as much and one write.
const MaxBuffered = 256 << 10

// Conn is a connection served by a loop.
type Conn struct {
	socket
	handler Handler

	out  []byte // what the kernel did not take yet, from sent on
	sent int

	connecting bool // Dial has not succeeded yet
	paused     bool // the handler wants no more Data
	ended      bool // the peer's end of stream was read
	full       bool // Write answered false: Drained is owed
	finishing  bool // Finish was called
	lingered   int  // bytes thrown away since then

	timer    Timer // serves both limits below: it fires at the earlier one
	idle     time.Duration
	deadline time.Duration // loop time; 0 for none
	active   time.Duration // loop time at which bytes moved last
}

func newConn(l *Loop, fd int) *Conn {
	c := &Conn{socket: socket{loop: l, fd: fd}, active: l.now}
	c.owner = c
	c.timer.Init(l, c.expire)
	return c
}

// Write sends b without ever blocking: what the kernel does not take now is copied and sent when it
// does. It answers false when the connection holds more than MaxBuffered unsent bytes: the caller
// should then wait for Drained, and is cut off with ErrBufferFull if it has twice as many unsent
// and writes on. On a closed connection b is dropped: Closed tells.
func (c *Conn) Write(b []byte) bool {
	if c.closing || c.finishing || len(b) == 0 {
		return true
	}
	if len(c.out)-c.sent > 2*MaxBuffered {
		c.close(ErrBufferFull)
		return true
	}
	if len(c.out) == 0 && !c.connecting {
		n, errno := send(c.fd, b)
		if n > 0 {
			c.active = c.loop.now
		}
		if n == len(b) {
			return true
		}
		if errno != 0 && errno != syscall.EAGAIN {
			c.close(os.NewSyscallError("send", errno))
			return true
		}
		b = b[n:]
	}
	// What was sent makes room once it is more than what is left, so that the move costs less than
	// the sending did. A stream whose buffer never runs empty would otherwise keep all of its past.
	if left := len(c.out) - c.sent; c.sent > left {
		copy(c.out, c.out[c.sent:])
		c.out, c.sent = c.out[:left], 0
	}
	c.out = append(c.out, b...)
	c.listen()
	if len(c.out)-c.sent <= MaxBuffered {
		return true // though Drained may still be owed to an earlier caller
	}
	c.full = true
	return false
}

// PauseRead stops Data until ResumeRead; what the peer sends meanwhile stays in the kernel, whose
// window then stops it. The poller is told only when bytes do arrive meanwhile, which spares two
// system calls for each pair of calls. After Finish it does nothing: nobody gets Data any more, and
// the peer's end must still be seen.
func (c *Conn) PauseRead() { c.paused = !c.finishing }

// ResumeRead has Data called again.
func (c *Conn) ResumeRead() {
	c.paused = false
	c.listen()
}

// Close closes the connection in this turn's close phase; unsent bytes are dropped.
func (c *Conn) Close() { c.close(nil) }

// ready is the poll phase's call.
func (c *Conn) ready(e event) {
	if c.connecting && (e.writable || e.hangup) {
		if errno := socketError(c.fd); errno != 0 {
			c.close(os.NewSyscallError("connect", errno))
			return
		}
		c.connecting = false
		if h, ok := c.handler.(Dialled); ok {
			h.Connected()
		}
	}
	if e.writable {
		c.flush()
	}
	switch {
	case c.closing:
	case e.readable && !c.paused && !c.ended, e.hangup && !c.paused && !c.ended:
		c.read()
	case e.hangup:
		// Nobody reads just now, so the error has to be asked for; both directions are closed
		// without one too.
		errno := socketError(c.fd)
		if errno == 0 {
			errno = syscall.ECONNRESET
		}
		c.close(os.NewSyscallError("connection", errno))
	case e.readable:
		c.listen()
	}
}

func (c *Conn) read() {
	b := c.loop.buf
	n, errno := recv(c.fd, b)
	switch {
	case errno == syscall.EAGAIN:
		return
	case errno != 0:
		c.close(os.NewSyscallError("recv", errno))
		return
	}
	c.ended = n == 0
	if c.finishing {
		c.discard(n)
		return
	}
	c.active = c.loop.now
	if c.ended {
		c.listen()
	}
	c.handler.Data(b[:n])
}

// flush sends what is buffered, and tells the handler when that was all.
func (c *Conn) flush() {
	if len(c.out) > 0 {
		n, errno := send(c.fd, c.out[c.sent:])
		if errno != 0 && errno != syscall.EAGAIN {
			c.close(os.NewSyscallError("send", errno))
			return
		}
		if n > 0 {
			c.active = c.loop.now
		}
		if c.sent += n; c.sent < len(c.out) {
			return
		}
	}
	c.out, c.sent = nil, 0
	c.listen()
	if c.finishing {
		c.linger()
	} else if c.full {
		c.full = false
		c.handler.Drained()
	}
}

// listen brings the poller's interest in line with the connection's state.
func (c *Conn) listen() {
	c.want(interest{read: !c.paused && !c.ended && !c.connecting, write: len(c.out) > 0 || c.connecting})
}

func (c *Conn) closed() {
	c.timer.Stop()
	c.out = nil
	c.handler.Closed(c.err)
}
