package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"nodecompare/loadgen/response"
)

// standard carries what the lean pool does not support, TLS, HTTP/2 and redirects, over net/http's
// connections. It assigns requests to connections itself, because net/http's pool would put all
// HTTP/2 requests on one.
type standard struct {
	attack  Attack
	rota    rota
	sends   []*http.Request // by target; copied for each call
	client  http.Client
	retries atomic.Uint64

	present
	mu      sync.Mutex
	origins map[string]*origin // the target's host, and those of redirects
}

// mostRedirects bounds the redirects of one request, as in net/http.
const mostRedirects = 10

func newStandard(a Attack, r rota) (*standard, error) {
	var sends []*http.Request
	for _, t := range a.Targets() {
		req, err := newRequest(a.of(t))
		if err != nil {
			return nil, err
		}
		sends = append(sends, req)
	}
	s := &standard{attack: a, rota: r, sends: sends, origins: make(map[string]*origin)}
	s.client = http.Client{Transport: sender{s}, CheckRedirect: s.redirect}
	return s, nil
}

func (s *standard) redirect(_ *http.Request, before []*http.Request) error {
	switch {
	case !s.attack.Follow:
		return http.ErrUseLastResponse
	case len(before) > mostRedirects:
		return fmt.Errorf("more than %d redirects", mostRedirects)
	}
	return nil
}

// RoundTrip sends the request for req's number, ignores everything else in req, and reads the whole
// response.
func (s *standard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		req.Body.Close()
	}
	run := s.run()
	ctx, cancel := context.WithTimeout(run, s.attack.Timeout)
	defer cancel()
	mine, err := withBody(s.sends[s.rota.turn(req)].WithContext(ctx))
	if err != nil {
		return nil, err
	}
	resp, err := s.client.Do(mine)
	if err != nil {
		return nil, translate(reason(err))
	}
	defer resp.Body.Close()
	got := response.Body{Want: s.attack.WantBody}
	size, err := io.Copy(&got, io.LimitReader(resp.Body, s.attack.MaxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading a response: %w", translate(err))
	}
	if size > s.attack.MaxBody {
		return nil, response.ErrBodyTooLarge
	}
	return newResponse(response.Answer{Status: resp.StatusCode, Size: size, Differs: got.Differs()}), nil
}

// withBody returns a request with its body rewound.
func withBody(req *http.Request) (*http.Request, error) {
	if req.GetBody == nil {
		return req, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	again := *req
	again.Body = body
	return &again, nil
}

// reset is a net/http error whose text says that the connection or stream ended.
type reset struct{ error }

func (reset) Is(target error) bool { return target == syscall.ECONNRESET }

// translate converts net/http's errors for a bad response, or for an early end, into our own types.
// net/http has no types for them, so translate matches their text.
func translate(err error) error {
	text := err.Error()
	has := func(part string) bool { return strings.Contains(text, part) }
	switch {
	case has("malformed"), has("looked like an HTTP/1.1 header"):
		return &response.MalformedError{Reason: text}
	case has("server closed idle connection"), has("readLoop exiting"), has("GOAWAY"), has("stream error:"),
		has("client connection"):
		return reset{err}
	}
	return err
}

// unheard reports whether a connection ended before the server could answer a request. A stream
// that the server reset is its answer to that request, unless it says that it has not looked at it
// (RFC 9113, section 8.7): to ask again would hide what the server does.
func unheard(err error) bool {
	text := err.Error()
	if strings.Contains(text, "stream error:") && !strings.Contains(text, "REFUSED_STREAM") {
		return false
	}
	return errors.Is(translate(err), syscall.ECONNRESET)
}

// sender is the standard transport for http.Client: one request of a chain of redirects.
type sender struct{ *standard }

// RoundTrip sends req over a connection to its origin, which stays in use until the response's body
// is closed. If a kept-alive connection ends without an answer, a request that may be repeated is
// sent again over a new one.
func (s sender) RoundTrip(req *http.Request) (*http.Response, error) {
	o := s.origin(req.URL)
	l := o.take()
	resp, reused, err := l.send(req)
	if err != nil && reused && idempotent(req.Method) && req.Context().Err() == nil && unheard(err) {
		s.retries.Add(1)
		if req, err = withBody(req); err == nil {
			resp, _, err = l.send(req)
		}
	}
	if err != nil {
		o.put(l)
		return nil, err
	}
	ends := resp.Close
	resp.Body = &held{resp.Body, func() {
		if ends { // the next request must not meet it before net/http has closed it
			l.close()
		}
		o.put(l)
	}}
	return resp, nil
}

// held is a response body whose Close releases the connection.
type held struct {
	io.ReadCloser
	release func() // nil after its call
}

func (h *held) Close() error {
	err := h.ReadCloser.Close()
	if h.release != nil {
		h.release()
		h.release = nil
	}
	return err
}

func (s *standard) origin(u *url.URL) *origin {
	key := u.Scheme + "://" + hostPort(u)
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.origins[key]
	if o == nil {
		o = newOrigin(s.attack, u)
		s.origins[key] = o
	}
	return o
}

func (s *standard) retried() uint64 { return s.retries.Load() }

func (s *standard) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.origins {
		for _, l := range o.all {
			l.close()
		}
	}
}
