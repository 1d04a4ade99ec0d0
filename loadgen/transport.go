package loadgen

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/loadgen/response"
)

// newCarrier gives the transport for the target's scheme.
func newCarrier(a Attack) (carrier, error) {
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" {
		return newSecure(a)
	}
	return newPool(a, u)
}

// pool is the lean http.RoundTripper: keep-alive connections to one host, over each of which the same bytes are sent
// again and again. net/http's transport does far more (proxies, HTTP/2, dialling races, two goroutines a connection)
// and costs three times the CPU.
//
// It never has more connections than there are calls of RoundTrip at once, which vegeta's workers bound. What a caller
// gets is an http.Response without a body, since that has been read to its end, counted and dropped: only so is
// latency the time to the last byte. The response is shared between calls and must not be written to.
type pool struct {
	addr    string // host:port
	wire    []byte // the request
	head    bool   // it is a HEAD
	safe    bool   // to be sent again, should a kept-alive connection have been closed: an idempotent method
	timeout time.Duration
	maxBody int64
	want    []byte
	retries atomic.Uint64

	mu   sync.Mutex
	ctx  context.Context    // of the present run; a field, for vegeta's requests cannot carry it
	free []*conn            // the last used is the next used, so that no more are kept busy than needed
	open map[*conn]struct{} // all, those in use too: what a cancelled run must close
}

func newPool(a Attack, u *url.URL) (*pool, error) {
	wire, err := serialise(a.Target)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return &pool{
		addr: net.JoinHostPort(u.Hostname(), port), wire: wire,
		head: a.Target.Method == http.MethodHead, safe: idempotent(a.Target.Method),
		timeout: a.Timeout, maxBody: a.MaxBody, want: a.WantBody,
		ctx: context.Background(), open: make(map[*conn]struct{}),
	}, nil
}

// idempotent methods may be sent again when it is not known whether the server acted on them (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// RoundTrip sends the pool's request, whatever req says, and reads the whole response.
func (p *pool) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close() // of bytes that are in p.wire already
	}
	deadline := time.Now().Add(p.timeout)
	if c := p.take(); c != nil {
		resp, err := p.exchange(c, deadline)
		if !errors.As(err, new(*unanswered)) || !p.safe {
			return resp, err
		}
		// The server had closed the idle connection before it got the request, or as it did. net/http tries again too.
		p.retries.Add(1)
	}
	c, err := p.dial(deadline)
	if err != nil {
		return nil, err
	}
	return p.exchange(c, deadline)
}

// exchange does one request and keeps or closes the connection.
func (p *pool) exchange(c *conn, deadline time.Time) (*http.Response, error) {
	resp, reusable, err := c.exchange(p.wire, p.head, deadline)
	if !reusable {
		p.drop(c)
		return resp, err
	}
	p.mu.Lock()
	p.free = append(p.free, c)
	p.mu.Unlock()
	return resp, err
}

func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.free)
	if n == 0 {
		return nil
	}
	c := p.free[n-1]
	p.free = p.free[:n-1]
	return c
}

func (p *pool) dial(deadline time.Time) (*conn, error) {
	p.mu.Lock()
	ctx := p.ctx
	p.mu.Unlock()
	// KeepAlive off spares some system calls a connection: a request's deadline notices a dead peer sooner. The net
	// package sets TCP_NODELAY itself.
	d := net.Dialer{Deadline: deadline, KeepAlive: -1}
	nc, err := d.DialContext(ctx, "tcp", p.addr)
	if err != nil {
		return nil, err
	}
	sock, err := newSocket(nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	c := &conn{socket: sock, in: response.Reader{Reader: bufio.NewReader(sock), Parser: response.Parser{MaxBody: p.maxBody, Body: response.Body{Want: p.want}}}}
	p.mu.Lock()
	defer p.mu.Unlock()
	// abort has perhaps gone through the open ones between DialContext's return and here.
	if err := p.ctx.Err(); err != nil {
		nc.Close()
		return nil, err
	}
	p.open[c] = struct{}{}
	return c, nil
}

func (p *pool) drop(c *conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
}

func (p *pool) begin(ctx context.Context) (end func()) {
	p.mu.Lock()
	p.ctx = ctx
	p.mu.Unlock()
	stop := context.AfterFunc(ctx, p.close)
	return func() {
		stop()
		p.mu.Lock()
		p.ctx = context.Background()
		p.mu.Unlock()
	}
}

func (p *pool) retried() uint64 { return p.retries.Load() }

// close closes every connection, those in use too: their reads and writes then fail at once.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
	clear(p.open)
	p.free = nil
}
