package eventloop

import "time"

const (
	// stallTime is how long the peer of a finished connection may take nothing of what is still to
	// be sent.
	stallTime = 10 * time.Second
	// fileStallTime is the same while a file is to be sent: a player takes nothing of a video
	// while it has enough to show.
	fileStallTime = time.Minute
	// lingerTime is how long Finish then waits for the peer to close, and lingerBytes how much it
	// discards meanwhile.
	lingerTime  = time.Second
	lingerBytes = 1 << 20
	// readingTime is how long a limit that has passed leaves connections open while more of them
	// are ready than one poll takes.
	readingTime = time.Second
)

// SetIdle closes the connection with ErrIdle when no byte has moved for d, counted from now; 0
// removes the limit. After Finish, which has its own limits, SetIdle does nothing.
func (c *Conn) SetIdle(d time.Duration) {
	if c.finishing {
		return
	}
	c.idle, c.active = min(d, longest), c.loop.now
	c.arm()
}

// SetDeadline closes the connection with ErrDeadline in d, whatever moves on it; 0 removes the
// limit. After Finish, SetDeadline does nothing.
func (c *Conn) SetDeadline(d time.Duration) {
	if c.finishing {
		return
	}
	c.deadline = 0
	if d > 0 {
		c.deadline = c.loop.now + min(d, longest)
	}
	c.arm()
}

// arm sets the timer for the earlier limit. A timer that fires sooner is left, and expire sets it
// again, so that a busy connection moves its timer once per idle time, not with every byte.
func (c *Conn) arm() {
	due := c.due()
	if due == 0 || c.closing || c.timer.slot != 0 && c.timer.when <= due {
		return
	}
	c.timer.Set(due - c.loop.now)
}

// due returns the loop time of the earlier limit; 0 for none.
func (c *Conn) due() time.Duration {
	due := c.deadline
	if idle := c.active + c.idle; c.idle > 0 && (due == 0 || idle < due) {
		due = idle
	}
	return due
}

// expire closes the connection if a limit has passed, a turn later at the earliest: bytes that came
// while a slow handler held the loop are in the kernel, and read first.
func (c *Conn) expire() {
	switch due := c.due(); {
	case due == 0:
	case due > c.loop.now, c.timer.when <= due, c.loop.poller.full && c.loop.now-due < readingTime:
		c.arm()
	case c.finishing && !c.unsent():
		c.close(nil)
	case due == c.deadline:
		c.close(ErrDeadline)
	default:
		c.close(ErrIdle)
	}
}

// Finish closes the connection when everything written has been sent and the peer has closed too,
// or a second after the sending. Closing at once with unread bytes in the kernel would reset the
// connection, and the peer could lose the last response (RFC 9112 section 9.6). A peer that takes
// nothing for ten seconds, or of a file for a minute, is closed with ErrIdle; or after the time of
// SetIdle if that is shorter. A deadline set before limits the sending too. The handler gets
// neither Data nor Drained any more.
func (c *Conn) Finish() {
	switch {
	case c.closing || c.finishing:
		return
	case c.unsent():
		c.finishing, c.paused = true, false
		stall := stallTime
		if c.file.left > 0 {
			stall = fileStallTime
		}
		if c.active = c.loop.now; c.idle <= 0 || c.idle > stall {
			c.idle = stall
		}
		c.arm()
	case c.connecting:
		c.close(nil) // nothing to wait for
	default:
		c.finishing, c.paused = true, false
		c.linger()
	}
	c.listen()
}

// linger waits for the peer to close, after everything was sent.
func (c *Conn) linger() {
	if c.ended || shutdownWrite(c.fd) != 0 { // an error says that the peer is gone
		c.close(nil)
		return
	}
	c.idle, c.deadline = 0, c.loop.now+lingerTime
	c.arm()
}

// discard counts what a finished connection's peer still sends once it has been sent everything.
// Discarded bytes do not keep the connection alive.
func (c *Conn) discard(n int) {
	if !c.unsent() {
		c.lingered += n
	}
	if c.ended && !c.unsent() || c.lingered > lingerBytes {
		c.close(nil)
		return
	}
	c.listen()
}
