package loadgen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"nodecompare/loadgen/response"
)

// The headers of the responses that carriers give, for a body is read and dropped before vegeta sees it.
const (
	sizeHeader    = "Content-Length" // bytes of body that were read
	differsHeader = "Body-Differs"   // there when it was not the wanted one
)

// conn is one connection of a pool, used by one request at a time.
type conn struct {
	*socket
	in     response.Reader
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
	if _, err := c.in.Peek(1); err != nil {
		if reused && (err == io.EOF || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			return nil, false, &unanswered{err}
		}
		return nil, false, fmt.Errorf("waiting for a response: %w", response.Whole(err))
	}
	a, err := c.in.Next(head)
	if err != nil {
		return nil, false, fmt.Errorf("reading a response: %w", err)
	}
	// Bytes beyond the response belong to no request of ours: the connection is out of step.
	return c.response(a), !a.Close && c.sendErr == nil && c.in.Buffered() == 0, nil
}

// response gives the answer in vegeta's terms. vegeta and http.Client only read it, so the responses to equal answers
// are one: a closed load of one route allocates none.
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
