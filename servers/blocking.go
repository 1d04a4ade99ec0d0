package servers

import (
	"net"
	"net/netip"
)

// newBlocking gives each connection an OS thread of its own: a traditional server. One thread more
// waits for the next connection.
func newBlocking(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	limit, err := threadLimit(descriptors(c))
	if err != nil {
		return nil, err
	}
	t, err := newThreads(c, lns[0], upstream, 1, limit+1)
	if err != nil {
		return nil, err
	}
	t.refuses = true
	return t, nil
}
