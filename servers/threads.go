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

// threads serves with OS threads that wait in the kernel for whatever their request needs: what
// blocking and pool have in common. Each thread accepts a connection for itself and keeps it to its
// end, so that none is ever handed from one thread to another, and then accepts the next: to make
// and end a thread costs Go's runtime as much as serving several requests.
type threads struct {
	streams
	listener *socketListener
	client   *syncClient
	least    int // threads that are always there
	most     int // threads that there may be
	asked    int // of a pool: the threads that were wanted; more than most where there are too few descriptors
	// the last thread that waits refuses what comes when there may be no further one; else it
	// serves, and others queue
	refuses bool

	total   atomic.Int64
	waiting atomic.Int64 // for a connection
	failed  atomic.Pointer[error]
}

const (
	// runtimeThreads is how many threads Go's runtime may have besides those of connections.
	runtimeThreads = 1000
	// acceptRest is how long accepting rests when there is no descriptor left: clients wait in the
	// backlog meanwhile.
	acceptRest = 20 * time.Millisecond
	// spareTime is how long a thread beyond the least waits for a connection before it ends.
	spareTime = 10 * time.Second
)

// descriptors is how many a thread needs at once: one for its connection, one for its call to the
// upstream, and one for the other end of that where the upstream is of this process.
func descriptors(c Config) int {
	switch {
	case c.embedded:
		return 3
	case c.Upstream != "":
		return 2
	}
	return 1
}

// newThreads makes a model with a number of threads between two.
func newThreads(c Config, ln *net.TCPListener, upstream netip.AddrPort, least, most int) (*threads, error) {
	listener, err := blockingListener(ln)
	if err != nil {
		return nil, err
	}
	if least < most {
		if err := listener.limit(spareTime); err != nil {
			return nil, errors.Join(err, listener.close())
		}
	}
	// Go ends the process when a thread cannot be made, or when there are more than this many. So
	// the most is bounded by what the system allows (threadLimit), and neither can happen.
	debug.SetMaxThreads(most + runtimeThreads)
	client := newSyncClient(upstream, dialSocket, keepAlive)
	t := &threads{listener: listener, client: client, least: least, most: most}
	t.init(c.Service, syncIO{sleep: sleep, client: client})
	return t, nil
}

// Serve returns when the last thread has ended, which is after the last request in flight.
func (t *threads) Serve() error {
	for range t.least {
		// One after the other: started all at once, they would have Go's runtime make half as many
		// threads again, for nothing.
		running := t.grow()
		if running == nil {
			break // the first ones have connections already, and made the others themselves
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

// grow makes a thread, and gives a channel that is closed when it runs; nil when there may be no
// more threads.
func (t *threads) grow() <-chan struct{} {
	if t.total.Add(1) > int64(t.most) {
		t.total.Add(-1)
		return nil
	}
	t.waiting.Add(1)
	running := make(chan struct{})
	t.active.Go(func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its goroutine
		close(running)
		t.run()
	})
	return running
}

// run is a thread's life.
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
				t.failed.Store(&err) // all threads meet it
				return
			}
		}
	}
}

// connection serves one that was accepted. Whoever takes the last thread that waits makes the next
// one first.
func (t *threads) connection(fd int) {
	defer t.waiting.Add(1)
	if t.waiting.Add(-1) == 0 && t.grow() == nil && t.refuses {
		closeFD(fd)
		return
	}
	if s, err := newSocket(fd, sendTimeout); err == nil { // else the client is gone already
		t.serve(s)
	}
}

// spare lets the thread that asks end, unless it is the only one that waits or one of the least.
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

// acceptFailed waits out what passes: want of descriptors or memory, a firewall, and errors of the
// one connection that was to be accepted, of which accept(2) names a dozen. It returns what cannot
// pass: the socket is no listener.
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
