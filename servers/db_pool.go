package servers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"nodecompare/servers/postgres"
)

// dbPool keeps a fixed number of connections to the database. Who finds none idle waits in line. A
// connection that is lost is replaced. No talk is ever repeated, because what was sent may have
// been done.
type dbPool[C comparable] struct {
	config *postgres.Config
	adopt  func(postgres.Socket) (C, error) // takes the socket over, also when it fails
	cut    func(C)                          // ends a connection, which is then lost
	// run runs a function where connections may be used: on the loop, or at once. It is false if
	// that is no longer possible.
	run func(func()) bool

	opening context.Context // ends with the pool
	cancel  context.CancelFunc
	openers sync.WaitGroup

	mu      sync.Mutex
	all     []C
	idle    []C // the most recently used last
	waiting []func(C, error)
	closed  bool
}

// reopenPause is how long a failed attempt to replace a connection waits before the next.
const reopenPause = 200 * time.Millisecond

// open opens all connections, and blocks until they are open.
func (p *dbPool[C]) open(size int) error {
	p.opening, p.cancel = context.WithCancel(context.Background())
	sockets, err := p.config.OpenAll(p.opening, size)
	for _, s := range sockets {
		c, adoptErr := p.adopt(s)
		if adoptErr != nil {
			err = adoptErr
			continue
		}
		p.all, p.idle = append(p.all, c), append(p.idle, c)
	}
	if err != nil {
		p.close()
	}
	return err
}

// take gives a connection to use: at once if one is idle, else later. An error says that there are
// none to wait for.
func (p *dbPool[C]) take(use func(C, error)) {
	p.mu.Lock()
	var (
		c   C
		err error
	)
	switch n := len(p.idle) - 1; {
	case n >= 0:
		c, p.idle = p.idle[n], p.idle[:n]
	case p.closed:
		err = postgres.ErrLost
	default:
		p.waiting = append(p.waiting, use)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	use(c, err)
}

// waitingForEach is how many wait in line for each connection.
func (p *dbPool[C]) waitingForEach() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting) / max(1, len(p.all))
}

// giveUp takes the first out of the line, who needs no connection any more.
func (p *dbPool[C]) giveUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[0] = nil
	p.waiting = p.waiting[1:]
}

// put gives back a connection, which goes to the first in line.
func (p *dbPool[C]) put(c C) {
	p.mu.Lock()
	if len(p.waiting) == 0 {
		p.idle = append(p.idle, c)
		p.mu.Unlock()
		return
	}
	next := p.waiting[0]
	p.waiting[0] = nil
	p.waiting = p.waiting[1:]
	p.mu.Unlock()
	next(c, nil)
}

// lost replaces a connection that has ended. A second call for the same one does nothing.
func (p *dbPool[C]) lost(c C) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.all, c) {
		return
	}
	same := func(other C) bool { return other == c }
	p.all, p.idle = slices.DeleteFunc(p.all, same), slices.DeleteFunc(p.idle, same)
	if !p.closed {
		p.openers.Go(p.reopen)
	}
}

// reopen opens one connection, however long it takes. While there is none at all, who waits in line
// is told why.
func (p *dbPool[C]) reopen() {
	for {
		s, err := p.config.Open(p.opening)
		if err == nil {
			if !p.run(func() { p.welcome(s) }) {
				s.Close() // as the loop closes everything
			}
			return
		}
		p.run(func() { p.despair(err) })
		select {
		case <-p.opening.Done():
			return
		case <-time.After(reopenPause):
		}
	}
}

// welcome takes in a replacement.
func (p *dbPool[C]) welcome(s postgres.Socket) {
	c, err := p.adopt(s)
	p.mu.Lock()
	closed := p.closed
	switch {
	case err == nil:
		p.all = append(p.all, c)
	case !closed:
		p.openers.Go(p.reopen)
	}
	p.mu.Unlock()
	switch {
	case err != nil:
		p.despair(err)
	case closed:
		p.cut(c)
	default:
		p.put(c)
	}
}

// despair fails who waits, if there is no connection at all.
func (p *dbPool[C]) despair(err error) {
	p.mu.Lock()
	var failed []func(C, error)
	if len(p.all) == 0 {
		failed, p.waiting = p.waiting, nil
	}
	p.mu.Unlock()
	fail(failed, fmt.Errorf("%w: %w", postgres.ErrLost, err))
}

func fail[C any](waiting []func(C, error), err error) {
	var none C
	for _, use := range waiting {
		use(none, err)
	}
}

// close ends all connections, those in use too, and fails who waits.
func (p *dbPool[C]) close() {
	p.mu.Lock()
	all, waiting := slices.Clone(p.all), p.waiting
	p.waiting, p.closed = nil, true
	p.mu.Unlock()
	p.cancel()
	for _, c := range all {
		p.cut(c)
	}
	fail(waiting, postgres.ErrLost)
	p.openers.Wait()
}
