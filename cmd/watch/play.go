package watch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"nodecompare/loadgen/response"
	"nodecompare/servers/trace"
)

// Sent is one request as its client saw it. Times are those of [trace.Now].
type Sent struct {
	At, Answered int64
	Status       int
	Err          error
}

const (
	// lead is from the call to the scene's start, in which the clients get ready.
	lead = 30 * time.Millisecond
	// patience bounds a request: no route waits longer.
	patience = 65 * time.Second
	// mostBody is the longest answer that a client takes.
	mostBody = 64 << 20
)

// play sends requests to the server at base, each over a connection of its own, and waits for all
// answers. start is when the scene began.
func play(ctx context.Context, base string, requests []Request) (start int64, sent []Sent, err error) {
	u, err := url.Parse(base)
	if err != nil {
		return 0, nil, fmt.Errorf("the server's address: %w", err)
	}
	sent = make([]Sent, len(requests))
	start = trace.Now() + int64(lead)
	var clients sync.WaitGroup
	for i, r := range requests {
		clients.Go(func() {
			due := time.NewTimer(time.Duration(start + int64(r.At) - trace.Now()))
			defer due.Stop()
			select {
			case <-due.C:
				sent[i] = ask(ctx, u, r, i+1)
			case <-ctx.Done():
			}
		})
	}
	clients.Wait()
	if ctx.Err() != nil {
		return 0, nil, context.Cause(ctx)
	}
	for i, s := range sent {
		if s.Err != nil {
			err = errors.Join(err, fmt.Errorf("request %d, %s %s: %w", i+1, requests[i].Method,
				requests[i].Target, s.Err))
		}
	}
	return start, sent, err
}

// ask sends one request and reads its answer. Number 0 is a request that nobody records.
func ask(ctx context.Context, base *url.URL, r Request, number int) (s Sent) {
	s.At = trace.Now()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", hostPort(base))
	if err != nil {
		s.Err = err
		return s
	}
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer func() {
		stop()
		s.Err = errors.Join(s.Err, c.Close())
	}()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.Err = err
		return s
	}
	if _, err := c.Write(r.bytes(base.Host, number)); err != nil {
		s.Err = err
		return s
	}
	answer, err := response.NewReader(c, mostBody, nil).Next(r.Method == "HEAD")
	s.Answered, s.Status, s.Err = trace.Now(), answer.Status, err
	return s
}

// hostPort returns where an http URL's server listens.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// bytes returns the request as it is sent.
func (r Request) bytes(host string, number int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", r.Method, r.Target, host)
	if number > 0 {
		fmt.Fprintf(&b, "%s: %d\r\n", trace.Header, number)
	}
	for name, values := range r.Header {
		for _, v := range values {
			fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	if r.Body != "" {
		fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n", r.ContentType, len(r.Body))
	}
	return []byte(b.String() + "\r\n" + r.Body)
}

// warm sends each different request once or more, unrecorded, so that what a server
// makes at its first requests is made: compiled code, workers, connections to a database.
func warm(ctx context.Context, base string, requests []Request) error {
	u, err := url.Parse(base)
	if err != nil {
		return fmt.Errorf("the server's address: %w", err)
	}
	var clients sync.WaitGroup
	seen := map[string]int{}
	errs := make([]error, len(requests))
	for i, r := range requests {
		if seen[r.Target]++; seen[r.Target] <= warmUps {
			clients.Go(func() { errs[i] = ask(ctx, u, r, 0).Err })
		}
	}
	clients.Wait()
	return errors.Join(errs...)
}

// warmUps is how often each different request is sent before a scene.
const warmUps = 4
