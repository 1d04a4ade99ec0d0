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

// newTransport gives the transport that can do what the attack asks for: the lean one if possible.
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

// pool is the lean http.RoundTripper: connections to one host, over TCP or a Unix socket, over each
// of which prepared bytes are sent again and again. net/http's transport does far more (proxies,
// HTTP/2, dialling races, two goroutines a connection) and costs three times the CPU.
//
// It never has more connections than there are calls of RoundTrip at once, which vegeta's workers
// bound. What a caller gets is an http.Response without a body, since that has been read to its
// end, counted and dropped: only so is latency the time to the last byte. The response is shared
// between calls and must not be written to.
type pool struct {
	opener  *opener
	fresh   bool // it has a new connection each time
	rota    rota
	sends   []message // by target
	timeout time.Duration
	maxBody int64
	want    []byte
	retries atomic.Uint64

	present
	mu   sync.Mutex
	free []*conn            // the last used is the next used, so that no more are kept busy than needed
	open map[*conn]struct{} // all, those in use too: what a cancelled run must close
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

// RoundTrip sends the request whose turn it is by req's number, whatever else req says, and reads
// the whole response.
func (p *pool) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close() // of bytes that are in p.sends already
	}
	m := &p.sends[p.rota.turn(req)]
	deadline := time.Now().Add(p.timeout)
	if c := p.take(); c != nil {
		resp, err := p.exchange(c, m, deadline)
		if !errors.As(err, new(*unanswered)) || !m.safe {
			return resp, err
		}
		// The server had closed the idle connection before it got the request, or as it did.
		// net/http tries again too.
		p.retries.Add(1)
	}
	c, err := p.dial(deadline)
	if err != nil {
		return nil, err
	}
	return p.exchange(c, m, deadline)
}

// exchange does one request and keeps or closes the connection.
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
	// abort has perhaps gone through the open ones between DialContext's return and here.
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

// present holds the context of the run that goes on, which vegeta's requests cannot carry.
type present struct {
	ctx atomic.Pointer[context.Context] // nil between two runs
}

func (p *present) begin(ctx context.Context) (end func()) {
	p.ctx.Store(&ctx)
	return func() { p.ctx.Store(nil) }
}

// run is the present run's context; one that never ends between two runs.
func (p *present) run() context.Context {
	if ctx := p.ctx.Load(); ctx != nil {
		return *ctx
	}
	return context.Background()
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

// The headers of the responses that transports give, for a body is read and dropped before vegeta
// sees it.
const (
	sizeHeader    = "Content-Length" // bytes of body that were read
	differsHeader = "Body-Differs"   // there when it was not the wanted one
)

// conn is one connection of a pool, used by one request at a time.
type conn struct {
	*socket
	in     *response.Reader
	reused bool           // it has carried a request before
	last   *http.Response // what was given for the answer below: given again, unchanged, for one like it
	lastly response.Answer
}

// unanswered is the error of a kept-alive connection that ended without one byte of the response.
type unanswered struct{ err error }

func (u *unanswered) Error() string {
	return "the kept-alive connection ended before a response: " + u.err.Error()
}

func (u *unanswered) Unwrap() error { return u.err }

// exchange sends a request and reads its response. The connection may carry another if reusable.
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
	// Bytes beyond the response belong to no request of ours: the connection is out of step.
	return c.response(a), !a.Close && c.sendErr == nil && c.in.Buffered() == 0, nil
}

// response gives the answer in vegeta's terms. vegeta and http.Client only read it, so the
// responses to equal answers are one: a closed load of one route allocates none.
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
