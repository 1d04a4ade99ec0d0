package eventloop

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// Handler receives the events of a connection, always on the loop's thread.
type Handler interface {
	// Data delivers bytes as they arrive, in the loop's own buffer, valid until Data returns. An
	// empty b is the end of the peer's stream, delivered once. The connection can still be written
	// to.
	Data(b []byte)
	// Drained says that everything written is in the kernel, after a Write that returned false.
	Drained()
	// Closed is the last call, once per connection. A nil error means that this side closed.
	Closed(err error)
}

// Dialled is a Handler that wants to know when the connection that Dial started is established.
// Connected is called before anything else, and never if the connection fails.
type Dialled interface {
	Handler
	Connected()
}

var (
	// ErrIdle closes a connection on which no byte moved for the time set by SetIdle.
	ErrIdle = fmt.Errorf("connection idle for too long: %w", os.ErrDeadlineExceeded)
	// ErrDeadline closes a connection whose total time, set by SetDeadline, is over.
	ErrDeadline = fmt.Errorf("connection's time is over: %w", os.ErrDeadlineExceeded)
	// ErrBufferFull closes a connection that is written to although its peer does not read.
	ErrBufferFull = errors.New("write buffer full: the peer does not read and the writer did not wait for Drained")
)

// MaxBuffered is the number of unsent bytes from which Write asks its caller to wait. A connection
// never buffers more than twice as many plus one write.
const MaxBuffered = 256 << 10

// Conn is a connection served by a loop.
type Conn struct {
	socket
	handler Handler

	out  []byte // not yet taken by the kernel, from sent on
	sent int
	file filePart // what is to be sent behind out

	connecting bool // Dial has not succeeded yet
	paused     bool // the handler wants no Data
	ended      bool // the peer's end of stream was read
	full       bool // Write or SendFile returned false: Drained is owed
	finishing  bool // Finish was called
	lingered   int  // bytes discarded since then

	timer    Timer // for both limits below; fires at the earlier one
	idle     time.Duration
	deadline time.Duration // loop time; 0 for none
	active   time.Duration // loop time of the last moved byte
}

func newConn(l *Loop, fd int) *Conn {
	c := &Conn{socket: socket{loop: l, fd: fd}, active: l.now}
	c.owner = c
	c.timer.Init(l, c.expire)
	return c
}

// Write sends b and never blocks: what the kernel does not take now is copied and sent later. Write
// returns false if the connection holds more than MaxBuffered unsent bytes. The caller should then
// wait for Drained. A caller that writes on is cut off with ErrBufferFull at twice as many. On a
// closed connection b is dropped, since Closed reports it.
func (c *Conn) Write(b []byte) bool { return c.write(b, false) }

// write is Write. more says that a file follows, so that the kernel may wait for that with what
// does not fill a packet.
func (c *Conn) write(b []byte, more bool) bool {
	if c.closing || c.finishing || len(b) == 0 {
		return true
	}
	if len(c.out)-c.sent > 2*MaxBuffered || c.file.left > 0 {
		c.close(ErrBufferFull)
		return true
	}
	if len(c.out) == 0 && !c.connecting {
		n, errno := send(c.fd, b, more)
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
	// Sent bytes are removed once they exceed the unsent ones, so that moving costs less than
	// sending did. A buffer that never empties would otherwise keep its whole past.
	if left := len(c.out) - c.sent; c.sent > left {
		copy(c.out, c.out[c.sent:])
		c.out, c.sent = c.out[:left], 0
	}
	c.out = append(c.out, b...)
	c.listen()
	if len(c.out)-c.sent > MaxBuffered && !c.connecting {
		c.push() // earlier in this turn the kernel was full, and the peer may have read since
	}
	if c.closing || len(c.out)-c.sent <= MaxBuffered {
		return true // an earlier caller may still be owed Drained
	}
	c.full = true
	return false
}

// PauseRead stops Data until ResumeRead. Meanwhile the peer's bytes stay in the kernel, whose
// window then stops the peer. The poller is told only when bytes arrive meanwhile, which saves two
// system calls for each pair of calls. After Finish, PauseRead does nothing, because nobody gets
// Data and the peer's end must still be seen.
func (c *Conn) PauseRead() { c.paused = !c.finishing }

// ResumeRead resumes Data.
func (c *Conn) ResumeRead() {
	c.paused = false
	c.listen()
}

// Close closes the connection in this turn's close phase. Unsent bytes are dropped.
func (c *Conn) Close() { c.close(nil) }

// ready handles an event of the poll phase.
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
		// Reading is off, so the error must be asked for. Both directions may close without an
		// error.
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

// push sends what the kernel takes of the buffer.
func (c *Conn) push() {
	n, errno := send(c.fd, c.out[c.sent:], c.file.left > 0)
	if errno != 0 && errno != syscall.EAGAIN {
		c.close(os.NewSyscallError("send", errno))
		return
	}
	if n > 0 {
		c.active = c.loop.now
	}
	c.sent += n
}

// flush sends what is buffered, and calls Drained when nothing is left.
func (c *Conn) flush() {
	if len(c.out) > c.sent {
		if c.push(); c.closing || c.sent < len(c.out) {
			return
		}
	}
	c.out, c.sent = nil, 0
	if c.file.left > 0 {
		if c.sendPart(); c.closing || c.file.left > 0 {
			return
		}
	}
	switch {
	case c.finishing:
		c.linger()
	case c.full:
		c.full = false
		c.handler.Drained() // may change what is to be waited for
	}
	c.listen()
}

// listen sets the poller's interest to match the connection's state.
func (c *Conn) listen() {
	c.want(interest{read: !c.paused && !c.ended && !c.connecting, write: c.unsent() || c.connecting})
}

func (c *Conn) closed() {
	c.timer.Stop()
	c.out, c.file = nil, filePart{}
	c.handler.Closed(c.err)
}
