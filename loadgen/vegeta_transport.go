package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"nodecompare/loadgen/response"
)

// newTransport returns the lean transport if it supports the attack, else the standard one.
func newTransport(a Attack, r rota) (transport, error) {
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "https" || a.Connect.Protocol == HTTP2 || a.Follow {
		return newStandard(a, r)
	}
	return newPool(a, u, r)
}

// pool is the lean http.RoundTripper: connections to one host, over TCP or a Unix socket, that send
// prepared bytes again and again. net/http's transport does far more (proxies, HTTP/2, dialling
// races, two goroutines a connection) at three times the CPU.
//
// A pool never has more connections than concurrent calls of RoundTrip, which vegeta's workers
// bound. RoundTrip returns an http.Response without a body: the body has been read to its end,
// counted and dropped, so that latency includes the last byte. Calls share the response, which must
// not be written to.
type pool struct {
	opener  *opener
	fresh   bool // a new connection for each request
	rota    rota
	sends   []message // by target
	timeout time.Duration
	maxBody int64
	want    []byte
	retries atomic.Uint64

	present
	mu   sync.Mutex
	free []*conn            // the last used is the next used, so that few are in use
	open map[*conn]struct{} // all, those in use too, for cancellation
}

func newPool(a Attack, u *url.URL, r rota) (*pool, error) {
	sends, err := messages(a)
	if err != nil {
		return nil, err
	}
	return &pool{
		opener: newOpener(a.Connect, u), fresh: a.Connect.New, rota: r, sends: sends,
		timeout: a.Timeout, maxBody: a.MaxBody, want: a.WantBody,
		open: make(map[*conn]struct{}),
	}, nil
}

// RoundTrip sends the request for req's number, ignores everything else in req, and reads the whole
// response.
func (p *pool) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close() // its bytes are in p.sends
	}
	m := &p.sends[p.rota.turn(req)]
	deadline := time.Now().Add(p.timeout)
	if c := p.take(); c != nil {
		resp, err := p.exchange(c, m, deadline)
		if !errors.As(err, new(*unanswered)) || !m.safe {
			return resp, err
		}
		// The server closed the idle connection before or while it got the request. net/http
		// retries too.
		p.retries.Add(1)
	}
	c, err := p.dial(deadline)
	if err != nil {
		return nil, err
	}
	return p.exchange(c, m, deadline)
}

// exchange makes one request and keeps or closes the connection.
func (p *pool) exchange(c *conn, m *message, deadline time.Time) (*http.Response, error) {
	resp, reusable, err := c.exchange(m.wire, m.head, deadline)
	if !reusable || p.fresh {
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
	ctx, cancel := context.WithDeadline(p.run(), deadline)
	defer cancel()
	nc, err := p.opener.open(ctx)
	if err != nil {
		return nil, err
	}
	sock, err := newSocket(nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	c := &conn{socket: sock, in: response.NewReader(sock, p.maxBody, p.want)}
	p.mu.Lock()
	defer p.mu.Unlock()
	// abort may have visited the open connections between DialContext's return and this point.
	if err := p.run().Err(); err != nil {
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
	over := p.present.begin(ctx)
	stop := context.AfterFunc(ctx, p.close)
	return func() {
		stop()
		over()
	}
}

// present holds the context of the current run, which vegeta's requests cannot carry.
type present struct {
	ctx atomic.Pointer[context.Context] // nil between runs
}

func (p *present) begin(ctx context.Context) (end func()) {
	p.ctx.Store(&ctx)
	return func() { p.ctx.Store(nil) }
}

// run returns the current run's context, or one that never ends between runs.
func (p *present) run() context.Context {
	if ctx := p.ctx.Load(); ctx != nil {
		return *ctx
	}
	return context.Background()
}

func (p *pool) retried() uint64 { return p.retries.Load() }

// close closes every connection, those in use too. Their reads and writes then fail at once.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.Close()
	}
	clear(p.open)
	p.free = nil
}

// Headers of the responses that transports return, because a body is dropped before vegeta sees it.
const (
	sizeHeader    = "Content-Length" // bytes of body
	differsHeader = "Body-Differs"   // set if the body differs from the expected one
)

// conn is one connection of a pool, used by one request at a time.
type conn struct {
	*socket
	in     *response.Reader
	reused bool           // has carried a request before
	last   *http.Response // the last response, shared by equal answers
	lastly response.Answer
}

// unanswered is the error of a kept-alive connection that ended before the first byte of a
// response.
type unanswered struct{ err error }

func (u *unanswered) Error() string {
	return "the kept-alive connection ended before a response: " + u.err.Error()
}

func (u *unanswered) Unwrap() error { return u.err }

// exchange sends a request and reads its response. reusable reports that the connection may carry
// another.
func (c *conn) exchange(wire []byte, head bool, deadline time.Time) (resp *http.Response, reusable bool, err error) {
	reused := c.reused
	c.reused = true
	if err := c.until(deadline); err != nil {
		return nil, false, err
	}
	c.unsent, c.sendErr = wire, nil
	if err := c.in.Await(); err != nil {
		if reused && (err == io.EOF || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			return nil, false, &unanswered{err}
		}
		return nil, false, fmt.Errorf("waiting for a response: %w", response.UnexpectedEOF(err))
	}
	a, err := c.in.Next(head)
	if err != nil {
		return nil, false, fmt.Errorf("reading a response: %w", err)
	}
	// Bytes after the response answer no request of ours: the connection is out of step.
	return c.response(a), !a.Close && c.sendErr == nil && c.in.Buffered() == 0, nil
}

// response returns the answer as vegeta's http.Response. vegeta and http.Client only read it, so
// equal answers share one response, and a closed load of one route allocates none.
func (c *conn) response(a response.Answer) *http.Response {
	if c.last == nil || c.lastly != a {
		c.last, c.lastly = newResponse(a), a
	}
	return c.last
}

func newResponse(a response.Answer) *http.Response {
	h := http.Header{sizeHeader: {strconv.FormatInt(a.Size, 10)}}
	if a.Differs {
		h[differsHeader] = []string{""}
	}
	return &http.Response{
		Status: strconv.Itoa(a.Status), StatusCode: a.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, ContentLength: a.Size,
	}
}
