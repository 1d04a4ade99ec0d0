package eventloop

// Timers is how many are set. It is for the loop's thread, and for everybody once the loop has
// ended.
func (l *Loop) Timers() int { return len(l.timers) }

// Posted is how many functions wait to be run.
func (l *Loop) Posted() int { return int(l.waiting.Load()) }

// Queued is how many jobs wait for a worker.
func (l *Loop) Queued() int {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return len(l.pool.queue)
}

// Dozes reports whether the loop waits outside of the poller at this moment.
func (l *Loop) Dozes() bool { return l.sleep.Load() == dozes }

// LoseSpare has the listener lose the descriptor that it holds back.
func (s *Listener) LoseSpare() {
	closeFD(s.spare)
	s.spare = -1
}

// Descriptor is that of the connection's socket.
func (c *Conn) Descriptor() int { return c.fd }
