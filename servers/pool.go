package servers

import (
	"fmt"
	"net"
	"net/netip"
	"time"
)

const (
	// poolPatience is how long a client may have to wait for an idle connection's place.
	poolPatience = 250 * time.Millisecond
	// freshPatience is the same for the place of a connection from which no request has come yet. A
	// client cannot tell its end from a failed request, and on a busy machine takes longer to send.
	freshPatience = 5 * time.Second
)

// newPool serves with a fixed number of OS threads. Further clients wait in the backlog, as with
// Tomcat's blocking connectors. When every thread is taken and somebody waits, a thread gives up
// its connection after a response or when idle. Otherwise the first clients would keep the later
// ones out for good.
func newPool(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	limit, err := threadLimit(1)
	if err != nil {
		return nil, err
	}
	if c.PoolSize < 1 || c.PoolSize > limit {
		return nil, fmt.Errorf("a pool of %d threads: this process may have 1 to %d", c.PoolSize, limit)
	}
	// Threads without enough descriptors for their calls to the upstream would answer 502, so the
	// pool has fewer.
	served, err := threadLimit(descriptors(c))
	if err != nil {
		return nil, err
	}
	size := min(c.PoolSize, served)
	t, err := newThreads(c, lns[0], upstream, size, size, min(2*size, max(limit, size)))
	if err != nil {
		return nil, err
	}
	t.asked = c.PoolSize
	t.patience, t.fresh = poolPatience, freshPatience
	t.crowded = func() bool { return t.waiting.Load() == 0 && t.listener.waiting() }
	return t, nil
}
