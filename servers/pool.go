package servers

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// pool serves with a fixed number of OS threads, each accepting a connection and keeping it to its end; other clients wait
// in the backlog, as before a Tomcat with blocking connectors. A thread gives its connection up after a response, or when it idles, as
// soon as every thread is taken and somebody waits: else the first clients would keep the later ones out for good.
type pool struct {
	streams
	listener *socketListener
	client   *syncClient
	size     int
	taken    atomic.Int64
}

// poolPatience is how long a client may have to wait for a connection that idles.
const poolPatience = 250 * time.Millisecond

func newPool(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	limit, err := threadLimit()
	if err != nil {
		return nil, err
	}
	if c.PoolSize < 1 || c.PoolSize > limit {
		return nil, fmt.Errorf("a pool of %d threads: this process may have 1 to %d", c.PoolSize, limit)
	}
	ln, err := blockingListener(lns[0])
	if err != nil {
		return nil, err
	}
	debug.SetMaxThreads(limit + runtimeThreads)
	client := &syncClient{addr: upstream, dial: dialSocket, timeout: upstreamTimeout}
	p := &pool{listener: ln, client: client, size: c.PoolSize}
	p.init(c.Service, syncIO{sleep, client})
	p.crowded, p.patience = p.crowdedNow, poolPatience
	return p, nil
}

func (p *pool) crowdedNow() bool { return p.taken.Load() == int64(p.size) && p.listener.waiting() }

func (p *pool) Serve() error {
	defer p.active.Done()
	errs := make(chan error, p.size)
	var threads sync.WaitGroup
	for range p.size {
		// One after the other: started all at once, they would have Go's runtime make half as many threads again, for nothing.
		locked := make(chan struct{})
		threads.Go(func() {
			runtime.LockOSThread()
			close(locked)
			if err := p.thread(); err != nil {
				errs <- err
			}
		})
		<-locked
	}
	threads.Wait()
	close(errs)
	return cmp.Or(<-errs, p.listener.close(), ErrStopped)
}

func (p *pool) thread() error {
	for !p.stopping.Load() {
		fd, errno := p.listener.accept()
		switch {
		case p.stopping.Load():
			if errno == 0 {
				closeFD(fd)
			}
		case errno != 0:
			if err := acceptFailed(errno); err != nil {
				return err
			}
		default:
			p.taken.Add(1)
			if s, err := newSocket(fd, sendTimeout); err == nil { // else the client is gone already
				p.serve(s)
			}
			p.taken.Add(-1)
		}
	}
	return nil
}

func (p *pool) Shutdown(ctx context.Context) error {
	p.stopping.Store(true)
	if err := p.listener.wake(p.size); err != nil {
		return err
	}
	err := p.shutdown(ctx)
	p.client.close()
	return err
}

func (p *pool) Threads() string { return fmt.Sprintf("%d threads", p.size) }
