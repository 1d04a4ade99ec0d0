package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// threads serves with OS threads that wait in the kernel for whatever their request needs: the
// common part of blocking and pool. Each thread accepts a connection, keeps it to its end, and then
// accepts the next. No connection moves between threads, and threads are reused, because making and
// ending one costs Go's runtime as much as serving several requests.
type threads struct {
	streams
	listener *socketListener
	client   *syncClient
	db       *syncDB
	least    int // threads that always exist
	most     int // largest number of threads for connections
	// room is the largest number of threads, with those that write to members who lag.
	room int
	// asked is the number of pool threads wanted. It exceeds most if there are too few descriptors.
	asked int
	// refuses makes the last waiting thread refuse connections if there may be no further thread.
	// Otherwise it serves, and others queue.
	refuses bool

	total   atomic.Int64
	writers atomic.Int64
	waiting atomic.Int64 // for a connection
	failed  atomic.Pointer[error]
}

const (
	// runtimeThreads is how many threads Go's runtime may have besides those of connections.
	runtimeThreads = 1000
	// acceptRest is how long accepting pauses when no descriptor is left. Clients wait in the
	// backlog meanwhile.
	acceptRest = 20 * time.Millisecond
	// spareTime is how long a thread beyond the least waits for a connection before it ends.
	spareTime = 10 * time.Second
)

// descriptors returns how many descriptors a thread needs at once: one for its connection, one for
// its call to the upstream, and one for the upstream's end of that if this process serves the
// upstream.
func descriptors(c Config) int {
	switch {
	case c.embedded:
		return 3
	case c.Upstream != "":
		return 2
	}
	return 1
}

// newThreads makes a model with a number of threads between least and most, and room for others
// that write to members who lag.
func newThreads(c Config, ln *net.TCPListener, upstream netip.AddrPort, least, most, room int) (*threads, error) {
	listener, err := blockingListener(ln)
	if err != nil {
		return nil, err
	}
	if least < most {
		if err := listener.limit(spareTime); err != nil {
			return nil, errors.Join(err, listener.close())
		}
	}
	// Go ends the process if a thread cannot be made or there are more than this maximum.
	// threadLimit bounds most by the system's limits, so neither can happen.
	debug.SetMaxThreads(room + runtimeThreads)
	db, err := openSyncDB(c.Service.Postgres(), adoptSocket)
	if err != nil {
		return nil, errors.Join(err, listener.close())
	}
	client := newSyncClient(upstream, dialSocket, keepAlive)
	t := &threads{listener: listener, client: client, db: db, least: least, most: most, room: room}
	t.hireWriter, t.dismissWriter = t.hire, func() { t.writers.Add(-1) }
	t.init(c.Service, syncIO{sleep: sleep, client: client, db: db})
	t.trace, t.holds = c.Trace, true
	return t, nil
}

// Serve returns when the last thread has ended, after the last request in flight.
func (t *threads) Serve() error {
	for range t.least {
		// Threads start one after another. Started all at once, they would make Go's runtime create
		// half as many threads again.
		running := t.grow()
		if running == nil {
			break // the first ones have connections, and started the others
		}
		<-running
	}
	t.active.Done()
	t.active.Wait()
	if err := t.failed.Load(); err != nil {
		return cmp.Or(t.listener.close(), *err)
	}
	return cmp.Or(t.listener.close(), ErrStopped)
}

// grow makes a thread, and returns a channel that is closed when it runs; nil if there may be no
// more threads.
func (t *threads) grow() <-chan struct{} {
	if n := t.total.Add(1); n > int64(t.most) || n+t.writers.Load() > int64(t.room) {
		t.total.Add(-1)
		return nil
	}
	t.waiting.Add(1)
	running := make(chan struct{})
	t.active.Go(func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
		close(running)
		t.run()
	})
	return running
}

// hire reserves a thread that writes to a member who lags.
func (t *threads) hire() bool {
	if n := t.writers.Add(1); n+max(t.total.Load(), int64(t.least)) > int64(t.room) {
		t.writers.Add(-1)
		return false
	}
	return true
}

// run is the body of a thread.
func (t *threads) run() {
	for !t.stopping.Load() {
		fd, errno := t.listener.accept()
		switch {
		case t.stopping.Load():
			if errno == 0 {
				closeFD(fd)
			}
		case errno == 0:
			t.connection(fd)
		case errno == syscall.EAGAIN:
			if t.spare() {
				return
			}
		default:
			if err := acceptFailed(errno); err != nil {
				t.failed.Store(&err) // all threads meet the same error
				return
			}
		}
	}
}

// connection serves an accepted connection. The last waiting thread first starts another.
func (t *threads) connection(fd int) {
	defer t.waiting.Add(1)
	if t.waiting.Add(-1) == 0 && t.grow() == nil && t.refuses {
		closeFD(fd)
		return
	}
	if s, err := newSocket(fd, sendTimeout); err == nil { // else the client is already gone
		t.serve(s)
	}
}

// spare lets the calling thread end, unless it is the only waiting one or one of the least.
func (t *threads) spare() bool {
	if t.waiting.Add(-1) > 0 {
		if t.total.Add(-1) >= int64(t.least) {
			return true
		}
		t.total.Add(1)
	}
	t.waiting.Add(1)
	return false
}

func (t *threads) Shutdown(ctx context.Context) error {
	t.stopping.Store(true)
	if err := t.listener.wake(int(t.total.Load())); err != nil {
		return err
	}
	err := t.shutdown(ctx)
	t.client.close()
	t.db.close()
	return err
}

func (t *threads) Threads() string {
	switch {
	case t.asked > t.most:
		return fmt.Sprintf("%d threads: for %d there are too few file descriptors, see ulimit -n", t.most, t.asked)
	case t.least == t.most:
		return fmt.Sprintf("%d threads", t.most)
	}
	return fmt.Sprintf("a thread for each connection, up to %d", t.most-1)
}

// acceptFailed waits out temporary failures: want of descriptors or memory, a firewall, and errors
// of the one connection to be accepted, of which accept(2) lists a dozen. It returns a permanent
// one: the socket is no listener.
func acceptFailed(errno syscall.Errno) error {
	switch errno {
	case syscall.EBADF, syscall.EINVAL, syscall.ENOTSOCK:
		return fmt.Errorf("accepting connections: %w", errno)
	case syscall.EINTR, syscall.ECONNABORTED:
	default:
		sleep(acceptRest)
	}
	return nil
}
