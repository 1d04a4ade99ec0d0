package loadgen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"syscall"

	"nodecompare/loadgen/response"
)

// origin is one host of a standard transport, with its connections.
type origin struct {
	scheme, address string
	fresh           bool            // a new connection for each request
	std             *http.Transport // makes connections and keeps none

	all []*link
	mu  sync.Mutex
	// free has one entry for each request that a link has room for. The last used is the next used,
	// so that no more connections are in use than necessary.
	free []*link
}

func newOrigin(a Attack, u *url.URL) *origin {
	target, err := url.Parse(a.Target.URL)
	if err != nil || target.Scheme != u.Scheme || hostPort(target) != hostPort(u) {
		if a.Connect.Protocol = a.Connect.Elsewhere; a.Connect.Protocol == "" && u.Scheme == "http" {
			a.Connect.Protocol = HTTP1
		}
	}
	opener := newOpener(a.Connect, u)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return opener.open(ctx) }
	spoken := new(http.Protocols)
	spoken.SetHTTP1(a.Connect.Protocol != HTTP2)
	spoken.SetHTTP2(a.Connect.Protocol != HTTP1)
	spoken.SetUnencryptedHTTP2(a.Connect.Protocol == HTTP2)
	o := &origin{
		scheme: u.Scheme, address: hostPort(u), fresh: a.Connect.New,
		std: &http.Transport{
			DialContext: dial, DialTLSContext: dial, Protocols: spoken,
			MaxResponseHeaderBytes: response.MaxHead,
			DisableCompression:     true, // no decompression: bytes count as sent
		},
	}
	for range a.Connections {
		l := &link{origin: o, turn: make(chan struct{}, 1)}
		o.all = append(o.all, l)
		for range a.Connect.Streams {
			o.free = append(o.free, l)
		}
	}
	return o
}

// take returns a link with room for one more request. There always is one, because all links
// together have room for vegeta's workers.
func (o *origin) take() *link {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := len(o.free) - 1
	l := o.free[last]
	o.free = o.free[:last]
	return l
}

// put returns the room.
func (o *origin) put(l *link) {
	if o.fresh {
		l.close()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free = append(o.free, l)
}

// link is a place for one connection. A request opens it when needed, and again after each end.
type link struct {
	origin *origin
	turn   chan struct{} // a semaphore around looking at or opening the connection
	conn   *http.ClientConn
}

// send sends a request over the link's connection. reused reports that the connection was open
// before.
func (l *link) send(req *http.Request) (resp *http.Response, reused bool, err error) {
	conn, reused, err := l.connection(req.Context())
	if err != nil {
		return nil, false, err
	}
	if resp, err = conn.RoundTrip(req); err != nil && errors.Is(translate(err), syscall.ECONNRESET) {
		l.leave(conn)
	}
	return resp, reused, err
}

func (l *link) connection(ctx context.Context) (conn *http.ClientConn, reused bool, err error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if l.conn != nil && l.conn.Err() == nil {
		return l.conn, true, nil
	}
	l.conn, err = l.origin.std.NewClientConn(ctx, l.origin.scheme, l.origin.address)
	return l.conn, false, err
}

// leave makes the next request open a connection if this one takes no more. An HTTP/2 server that
// closes a connection first lets the requests in flight end.
func (l *link) leave(conn *http.ClientConn) {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.conn == conn && conn.Available() == 0 {
		l.conn = nil
	}
}

func (l *link) close() {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
