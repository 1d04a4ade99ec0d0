package servers

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

// blocking gives each connection an OS thread of its own, which waits in the kernel for whatever its request needs: a
// traditional server.
type blocking struct {
	streams
	listener *socketListener
	client   *syncClient
	limit    int64 // threads
	threads  atomic.Int64
}

// runtimeThreads is how many threads Go's runtime may have besides those of connections.
const runtimeThreads = 1000

// acceptRest is how long accepting rests when there is no descriptor left: clients wait in the backlog meanwhile.
const acceptRest = 20 * time.Millisecond

func newBlocking(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	limit, err := threadLimit()
	if err != nil {
		return nil, err
	}
	ln, err := blockingListener(lns[0])
	if err != nil {
		return nil, err
	}
	// Go ends the process when a thread cannot be made, or when there are more than this many. So connections beyond the limit
	// are refused before either can happen.
	debug.SetMaxThreads(limit + runtimeThreads)
	client := &syncClient{addr: upstream, dial: dialSocket, timeout: upstreamTimeout}
	b := &blocking{listener: ln, client: client, limit: int64(limit)}
	b.init(c.Service, syncIO{sleep, client})
	return b, nil
}

func (b *blocking) Serve() error {
	defer b.active.Done()
	runtime.LockOSThread() // accepting waits in the kernel too, on a thread of its own
	defer runtime.UnlockOSThread()
	return cmp.Or(b.accept(), b.listener.close(), ErrStopped)
}

func (b *blocking) accept() error {
	for !b.stopping.Load() {
		fd, errno := b.listener.accept()
		switch {
		case b.stopping.Load():
			if errno == 0 {
				closeFD(fd)
			}
		case errno != 0:
			if err := acceptFailed(errno); err != nil {
				return err
			}
		case b.threads.Add(1) > b.limit:
			b.threads.Add(-1)
			b.refused.Add(1)
			closeFD(fd)
		default:
			b.active.Go(func() { b.connection(fd) })
		}
	}
	return nil
}

// connection is the life of a connection's thread: a goroutine that ends while locked ends its thread with it.
func (b *blocking) connection(fd int) {
	runtime.LockOSThread()
	defer b.threads.Add(-1)
	if s, err := newSocket(fd, sendTimeout); err == nil { // else the client is gone already
		b.serve(s)
	}
}

func (b *blocking) Shutdown(ctx context.Context) error {
	b.stopping.Store(true)
	if err := b.listener.wake(1); err != nil {
		return err
	}
	err := b.shutdown(ctx)
	b.client.close()
	return err
}

func (b *blocking) Threads() string {
	return fmt.Sprintf("a thread for each connection, up to %d", b.limit)
}

// acceptFailed waits out what passes: want of descriptors or memory, a firewall, and errors of the one connection that was to
// be accepted, of which accept(2) names a dozen. It returns what cannot pass: the socket is no listener.
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
