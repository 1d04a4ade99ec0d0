package loadgen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Target is a request that an attack repeats.
type Target struct {
	Method string      // "" means GET
	URL    string      // absolute: http, https or ws
	Header http.Header // Host sets the request's host; User-Agent defaults to nodecompare
	Body   []byte
	Weight int // share among the attack's targets; 0 means 1
}

var errLineBreak = errors.New("contains a line break or NUL")

// Check rejects what cannot be sent, and headers that change the request's framing. net/http's
// writer silently drops or rewrites those.
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
	_, err := newRequest(Attack{Target: t})
	return err
}

// idempotent reports whether the method may be repeated if it is unknown whether the server acted
// (RFC 9110, 9.2.2).
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

// serialise returns the bytes of an attack's request in HTTP/1.1.
func serialise(a Attack) ([]byte, error) {
	req, err := newRequest(a)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := req.Write(&b); err != nil {
		return nil, fmt.Errorf("load target %s: %w", a.Target.URL, err)
	}
	return b.Bytes(), nil
}

// newRequest returns an attack's request for net/http to write.
func newRequest(a Attack) (*http.Request, error) {
	t := a.Target
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
	req.Close = a.Connect.New // sends Connection: close (RFC 9112, 9.6)
	return req, nil
}
