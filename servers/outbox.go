package servers

import (
	"sync"
	"syscall"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/websocket"
	"nodecompare/servers/workload"
)

// outbox is what a WebSocket on a blocking connection is sent, by whichever thread has something
// for it. No sender waits: what the kernel does not take is left to a writer, a thread or goroutine
// that is there only while the peer lags.
type outbox struct {
	conn *streamConn

	mu      sync.Mutex
	queue   []byte // what no writer has taken up
	unsent  int    // bytes of the queue, and of what a writer is sending
	writing bool
	ended   bool // the last of all has been handed over
	failed  bool // nothing more is sent
	cut     bool // because the peer did not read

	writer sync.WaitGroup
}

// send sends b, which it does not keep. Behind the last of all, a Close frame, nothing is sent, as
// RFC 6455 (section 5.5.1) wants it: the room goes on until its thread has heard of the end.
func (o *outbox) send(b []byte, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed || o.ended {
		return
	}
	o.ended = last
	if !o.writing {
		n, errno := o.conn.stream.try(b)
		switch {
		case errno != 0 && errno != syscall.EAGAIN && errno != syscall.EINTR:
			o.fail()
			return
		case n == len(b):
			return
		}
		if b = b[n:]; o.conn.owner.hireWriter != nil && !o.conn.owner.hireWriter() {
			o.cut = true
			o.fail()
			return
		}
		o.writing = true
		o.writer.Go(o.write)
	}
	if o.unsent += len(b); o.unsent > eventloop.MaxBuffered {
		o.cut = true
		o.fail()
		return
	}
	o.queue = append(o.queue, b...)
}

// fail wakes the connection's thread and its writer, which find that it is over.
func (o *outbox) fail() {
	o.failed, o.queue = true, nil
	// A peer that has gone makes these fail, and the threads find that out by themselves.
	o.conn.stream.closeRead()
	o.conn.stream.closeWrite()
}

// write sends what is queued, until nothing is left.
func (o *outbox) write() {
	if dismiss := o.conn.owner.dismissWriter; dismiss != nil {
		defer dismiss()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 {
		b := o.queue
		o.queue = nil
		o.mu.Unlock()
		err := o.conn.stream.write(b, time.Now())
		o.mu.Lock()
		if o.unsent -= len(b); err != nil && !o.failed {
			o.cut = workload.IsTimeout(err)
			o.fail()
		}
	}
	o.writing = false
}

// lagged reports whether the peer was cut off because it did not read.
func (c *streamConn) lagged() bool {
	if c.outbox == nil {
		return false
	}
	c.outbox.mu.Lock()
	defer c.outbox.mu.Unlock()
	return c.outbox.cut
}

// leave ends the WebSocket, and waits until everything is sent, or nothing more can be.
func (c *streamConn) leave() {
	if c.owner.stopping.Load() {
		c.session.hangUp(websocket.GoingAway)
	} else if !c.session.over {
		c.session.end()
	}
	c.outbox.writer.Wait()
	c.failed = c.outbox.failed
}

// Strand returns a new lock.
func (c *streamConn) Strand() workload.Strand { return new(lock) }

func (c *streamConn) On(s workload.Strand, f func()) {
	l := s.(*lock)
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// lock is a strand of threads.
type lock struct{ mu sync.Mutex }

func (*lock) Send(p workload.Peer, frames []byte) { p.(*streamConn).outbox.send(frames, false) }
