package servers

import (
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/workload"
)

// syncIO makes each wait in place, on the thread or goroutine that serves the connection.
type syncIO struct {
	sleep  func(time.Duration)
	client *syncClient
	db     *syncDB
	atOnce bool // several calls are made at once, each on a goroutine of its own
}

// before sends the responses to earlier requests of a pipeline, which must not wait for this one.
func (syncIO) before(x *workload.Exchange) { x.Conn.(*streamConn).session.flush() }

func (s syncIO) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	s.before(x)
	s.sleep(d)
	then(x)
}

func (s syncIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	s.before(x)
	s.client.get(u, upstreamTimeout, func(r workload.Reply, err error) { then(x, r, err) })
}

func (s syncIO) GetAll(x *workload.Exchange, calls []workload.Call, limit time.Duration,
	then func(*workload.Exchange)) {
	s.before(x)
	var others sync.WaitGroup
	for i := range calls {
		call := func() {
			s.client.get(calls[i].URL, limit, func(r workload.Reply, err error) { end(&calls[i], r, err) })
		}
		if s.atOnce && i < len(calls)-1 {
			others.Go(call)
		} else {
			call()
		}
	}
	others.Wait()
	then(x)
}

// end writes a call's outcome into it, with a copy of the body, whose buffer is the connection's.
func end(c *workload.Call, r workload.Reply, err error) {
	r.Body = slices.Clone(r.Body)
	c.Reply, c.Err = r, err
}

func (s syncIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	s.before(x)
	work()
	then(x)
}

// Stream waits for the next tick by a read, which sees the peer go.
func (s syncIO) Stream(x *workload.Exchange, contentType string, source workload.Source) {
	c := x.Conn.(*streamConn)
	c.session.stream(contentType, source)
	for now := c.now; ; now = time.Now() {
		c.now = now
		due, goes := c.session.tick(now)
		for goes && !c.failed && due.After(c.now) {
			_, err := c.stream.read(c.buf[:], c.now, due.Sub(c.now))
			c.now = time.Now()
			goes = err == nil || workload.IsTimeout(err)
		}
		if !goes || c.failed {
			c.session.over = true
			return
		}
	}
}

func (s syncIO) SendFile(x *workload.Exchange, f *os.File) { x.Conn.(*streamConn).session.answer(x, f) }

// Upgrade returns at once: the frames come where the requests came.
func (syncIO) Upgrade(x *workload.Exchange, accept string, r workload.Receiver) {
	c := x.Conn.(*streamConn)
	c.outbox = &outbox{conn: c}
	c.session.upgrade(accept, r, c)
}

// syncClient calls the upstream over kept-alive blocking streams, the most recently used first.
type syncClient struct {
	addr netip.AddrPort
	dial func(netip.AddrPort, time.Duration) (stream, error)
	keep time.Duration // how long a connection is kept for the next call

	mu     sync.Mutex
	idle   []*syncCall // oldest first
	expiry *time.Timer // of the oldest; nil if none is kept
	closed bool        // nothing is kept any more
}

func newSyncClient(addr netip.AddrPort, dial func(netip.AddrPort, time.Duration) (stream, error),
	keep time.Duration) *syncClient {
	return &syncClient{addr: addr, dial: dial, keep: keep}
}

// syncCall is a kept connection with the buffers of its calls.
type syncCall struct {
	stream stream
	parser http1.ResponseParser
	in     []byte
	since  time.Time // idle since
}

// get calls the upstream and hands the reply to done before it returns. limit is of connecting, and
// of the call.
func (c *syncClient) get(u *url.URL, limit time.Duration, done func(workload.Reply, error)) {
	if !c.addr.IsValid() {
		done(workload.Reply{}, errNoUpstream)
		return
	}
	now := time.Now()
	call, reused := c.take(now), true
	for {
		var err error
		if call == nil {
			reused = false
			if call, err = c.connect(limit); err != nil {
				done(workload.Reply{}, err)
				return
			}
			now = time.Now()
		}
		keep, err := call.roundTrip(u, now, limit)
		if err == nil {
			p := &call.parser
			done(workload.Reply{Status: p.Status, ContentType: string(p.ContentType), Body: p.Body}, nil)
			c.put(call, keep)
			return
		}
		fresh := reused && len(call.in) == 0 && !workload.IsTimeout(err)
		c.put(call, false)
		if !fresh {
			done(workload.Reply{}, fmt.Errorf("upstream %s: %w", c.addr, err))
			return
		}
		// The upstream closed a kept connection just as it was taken. A GET may be sent again (RFC
		// 9110 section 9.2.2).
		call = nil
	}
}

func (c *syncClient) connect(limit time.Duration) (*syncCall, error) {
	s, err := c.dial(c.addr, limit)
	if err != nil {
		return nil, fmt.Errorf("upstream %s: %w", c.addr, err)
	}
	return &syncCall{stream: s}, nil
}

// roundTrip sends the request and reads the response into the call's parser. It reports whether the
// connection may be kept.
func (c *syncCall) roundTrip(u *url.URL, now time.Time, limit time.Duration) (keep bool, err error) {
	c.parser.Reset()
	c.in = c.in[:0]
	if err := c.stream.write(http1.AppendRequest(nil, "GET", u.Host, u.RequestURI(), "", nil), now); err != nil {
		return false, err
	}
	end := now.Add(limit)
	for {
		if cap(c.in)-len(c.in) < 512 {
			c.in = append(make([]byte, 0, max(2*cap(c.in), 4<<10)), c.in...)
		}
		n, err := c.stream.read(c.in[len(c.in):cap(c.in)], now, end.Sub(now))
		c.in = c.in[:len(c.in)+n]
		eof := err == io.EOF
		if err != nil && !eof {
			return false, err
		}
		used, err := c.parser.Parse(c.in, eof)
		switch {
		case err != nil:
			return false, fmt.Errorf("response: %w", err)
		case used > 0:
			return used == len(c.in) && !c.parser.Close && !eof, nil
		case eof:
			return false, io.ErrUnexpectedEOF
		}
		now = time.Now()
	}
}

func (c *syncClient) take(now time.Time) *syncCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.idle) - 1
	if n < 0 {
		return nil
	}
	call := c.idle[n]
	c.idle = c.idle[:n]
	if now.Sub(call.since) < c.keep {
		return call
	}
	// The youngest is too old, so all are, and their timer is late.
	c.closeAll(append(c.idle, call))
	c.idle = nil
	return nil
}

func (c *syncClient) put(call *syncCall, keep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !keep || c.closed {
		c.closeAll([]*syncCall{call})
		return
	}
	call.since = time.Now()
	c.idle = append(c.idle, call)
	if c.expiry == nil {
		c.expiry = time.AfterFunc(c.keep, c.expire)
	}
}

// expire closes connections that have idled for too long, even without further calls. An upstream
// that has closed its side would leave each of them, with its descriptor, in CLOSE_WAIT.
func (c *syncClient) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, old := time.Now(), 0
	for old < len(c.idle) && now.Sub(c.idle[old].since) >= c.keep {
		old++
	}
	c.closeAll(c.idle[:old])
	c.idle = slices.Delete(c.idle, 0, old)
	c.expiry = nil
	if len(c.idle) > 0 {
		c.expiry = time.AfterFunc(c.keep-now.Sub(c.idle[0].since), c.expire)
	}
}

// close closes the kept connections, and those in use when their call ends.
func (c *syncClient) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closeAll(c.idle)
	c.idle, c.closed = nil, true
	if c.expiry != nil {
		c.expiry.Stop()
	}
}

func (c *syncClient) closeAll(calls []*syncCall) {
	for _, call := range calls {
		call.stream.close()
	}
}
