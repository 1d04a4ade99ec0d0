package servers

import (
	"net"
	"net/netip"
)

// newBlocking gives each connection its own OS thread, like a traditional server. One more thread
// waits for the next connection.
func newBlocking(c Config, lns []*net.TCPListener, upstream netip.AddrPort) (model, error) {
	limit, err := threadLimit(descriptors(c))
	if err != nil {
		return nil, err
	}
	t, err := newThreads(c, lns[0], upstream, 1, limit+1, limit+1)
	if err != nil {
		return nil, err
	}
	t.refuses = true
	return t, nil
}
