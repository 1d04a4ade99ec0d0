package servers

import (
	"sync/atomic"

	"nodecompare/servers/eventloop"
)

// maxSpreads is how many functions of one connection may be on their way between loops. Its next
// message is not read before half of them have run. So a peer that says more than the loops can
// spread waits, as one whose loop has the room to itself does, and fills no memory.
const maxSpreads = 16

// spread is what a connection does on another loop, or has another loop do: a function, with all
// that it sends from there.
type spread struct {
	from *asyncConn
	left atomic.Int32 // parts that have not run
	far  map[*asyncLoop][]delivery
}

// delivery is what a connection of another loop is sent.
type delivery struct {
	to     *asyncConn
	frames []byte
}

// spread runs f on a loop, at once if it is the connection's own.
func (c *asyncConn) spread(l *asyncLoop, f func()) {
	s := &spread{from: c}
	s.left.Store(1)
	if c.spreads.Add(1) >= maxSpreads {
		c.session.busy = true
		c.crowded.Store(true)
	}
	run := func() {
		outer := l.spreading
		l.spreading = s
		f()
		l.spreading = outer
		for far, all := range s.far {
			s.post(far.Loop, func() {
				for _, d := range all {
					d.to.write(d.frames)
				}
			})
		}
	}
	if l == c.loop {
		run()
		s.done()
	} else {
		s.post(l.Loop, run)
		s.done()
	}
}

// deliver has the connection's loop write to it, together with all else that f sends there: a room
// of a thousand members costs a message one function a loop, and no more.
func (s *spread) deliver(to *asyncConn, frames []byte) {
	if s.far == nil {
		s.far = map[*asyncLoop][]delivery{}
	}
	s.far[to.loop] = append(s.far[to.loop], delivery{to, frames})
}

// post has a loop run a part. A part for a loop that has stopped is lost.
func (s *spread) post(l *eventloop.Loop, f func()) {
	s.left.Add(1)
	if !l.Post(func() { f(); s.done() }) {
		s.done()
	}
}

// done counts a part that has run. The last one of the last spread but half of maxSpreads lets the
// connection go on.
func (s *spread) done() {
	c := s.from
	if s.left.Add(-1) > 0 || c.spreads.Add(-1) > maxSpreads/2 || !c.crowded.Swap(false) {
		return
	}
	c.loop.Post(c.hearOn)
}

// hearRest takes what had come of a peer that has gone, which may be more than maxSpreads: it was
// read, and nothing more will be.
func (c *asyncConn) hearRest() {
	for s := &c.session; s.upgraded != nil && s.busy && !s.over && !c.cut; {
		s.busy = false
		s.proceed()
	}
}

// hearOn reads the messages that had to wait.
func (c *asyncConn) hearOn() {
	if c.gone.Load() || c.session.over {
		return
	}
	c.session.busy = false
	c.session.proceed()
	c.updateInterest()
}
