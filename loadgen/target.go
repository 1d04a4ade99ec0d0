package loadgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Target is a request that an attack repeats. An http target is sent as HTTP/1.1 over plain TCP, https through
// net/http's transport, HTTP/1.1 as well.
type Target struct {
	Method string      // "" means GET
	URL    string      // absolute, http or https
	Header http.Header // Host sets the request's host; User-Agent defaults to nodecompare
	Body   []byte
	Weight int // how often it is sent, beside an attack's other targets; 0 means 1
}

var errLineBreak = errors.New("contains a line break or NUL")

// Check refuses what cannot be sent, and headers that would change the shape of the request: net/http's own writer silently
// drops or rewrites them.
func (t Target) Check() error {
	for name, values := range t.Header {
		if name == "" || strings.ContainsAny(name, " \t\r\n\x00:()<>@,;\\\"/[]?={}") {
			return fmt.Errorf("load target %s: header name %q is not a token (RFC 9110, 5.6.2)", t.URL, name)
		}
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return fmt.Errorf("load target %s: header %s: %w", t.URL, name, errLineBreak)
			}
		}
	}
	_, err := newRequest(t)
	return err
}

// Reach opens a connection to the target and closes it, without a request. Where that is impossible a load would
// be nothing but errors for all its duration; the error says of which kind.
func Reach(ctx context.Context, a Attack) error {
	a, err := a.prepared()
	if err != nil {
		return err
	}
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // services(5) has both
	}
	d := net.Dialer{Timeout: a.Timeout}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("load on %s: the server cannot be reached (%s): %w", a.Target.URL, classify(err), err)
	}
	return c.Close()
}

// idempotent methods may be sent again when it is not known whether the server acted on them (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// serialise gives the bytes of the target's request.
func serialise(t Target) ([]byte, error) {
	req, err := newRequest(t)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := req.Write(&b); err != nil {
		return nil, fmt.Errorf("load target %s: %w", t.URL, err)
	}
	return b.Bytes(), nil
}

// newRequest gives the target's request, in the form that net/http writes.
func newRequest(t Target) (*http.Request, error) {
	var body io.Reader
	if len(t.Body) > 0 {
		body = bytes.NewReader(t.Body)
	}
	req, err := http.NewRequest(t.Method, t.URL, body)
	if err != nil {
		return nil, fmt.Errorf("load target %s %s: %w", t.Method, t.URL, err)
	}
	req.Header = t.Header.Clone()
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "nodecompare")
	}
	return req, nil
}
