package loadgen

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
)

// TLSError is a failed TLS handshake: one side does not trust the other, or they share no version
// or protocol.
type TLSError struct{ Err error }

func (e *TLSError) Error() string { return "TLS handshake: " + e.Err.Error() }

func (e *TLSError) Unwrap() error { return e.Err }

// opener opens connections to the host of a URL, as a Connect says.
type opener struct {
	network, address string
	tls              *tls.Config // nil for http
	only             Protocol    // required result of ALPN; "" for any
	// reached is the address that answered. Later connections use it without DNS or other attempts.
	reached atomic.Pointer[string]
}

func newOpener(c Connect, u *url.URL) *opener {
	o := &opener{network: "tcp", address: hostPort(u), only: c.Protocol}
	if c.Socket != "" {
		o.network, o.address = "unix", c.Socket
	}
	if u.Scheme != "https" {
		return o
	}
	o.tls = c.TLS.Clone()
	if o.tls == nil {
		o.tls = &tls.Config{}
	}
	if o.tls.ServerName == "" {
		o.tls.ServerName = u.Hostname()
	}
	switch c.Protocol {
	case HTTP1:
		o.tls.NextProtos = []string{"http/1.1"}
	case HTTP2:
		o.tls.NextProtos = []string{"h2"}
	default:
		o.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	return o
}

// hostPort returns the host and port of a URL.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ws": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// open opens a connection, over https including the handshake. ctx bounds both.
func (o *opener) open(ctx context.Context) (net.Conn, error) {
	c, err := o.dial(ctx)
	if err != nil || o.tls == nil {
		return c, err
	}
	t := tls.Client(c, o.tls)
	if err := o.shakeHands(ctx, t); err != nil {
		c.Close()
		return nil, &TLSError{err}
	}
	return t, nil
}

// dial opens a TCP connection, or one to the Unix socket.
func (o *opener) dial(ctx context.Context) (net.Conn, error) {
	// Disabling keep-alive probes saves system calls: a request's deadline notices a dead peer
	// sooner. The net package sets TCP_NODELAY itself.
	d := net.Dialer{KeepAlive: -1}
	if known := o.reached.Load(); known != nil {
		return d.DialContext(ctx, o.network, *known)
	}
	c, err := d.DialContext(ctx, o.network, o.address)
	if err == nil && o.network == "tcp" {
		address := c.RemoteAddr().String()
		o.reached.Store(&address)
	}
	return c, err
}

func (o *opener) shakeHands(ctx context.Context, t *tls.Conn) error {
	if err := t.HandshakeContext(ctx); err != nil {
		return err
	}
	if agreed := protocol(t); o.only != "" && agreed != o.only {
		return fmt.Errorf("the server speaks %s, and %s was asked for", agreed, o.only)
	}
	return nil
}

// protocol returns the result of ALPN. A server without ALPN speaks HTTP/1.1.
func protocol(t *tls.Conn) Protocol {
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		return HTTP2
	}
	return HTTP1
}
