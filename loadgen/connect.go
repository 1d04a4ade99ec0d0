package loadgen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync/atomic"
)

// Protocol is a version of HTTP, by the name that people know it by.
type Protocol string

// The protocols that a Connect may ask for.
const (
	HTTP1 Protocol = "HTTP/1.1"
	HTTP2 Protocol = "HTTP/2"
)

// Connect says how connections to a target are made, and what is spoken over them: all that both engines, Reach and
// whoever asks a server beside them need for it. The zero value is TCP to the URL's host and port and connections
// that are kept; over http HTTP/1.1; over https what server and client agree on (ALPN), HTTP/2 before HTTP/1.1, where
// the server is trusted by the system's authorities.
//
// The loop engine does no TLS, no HTTP/2 and no Unix sockets: see BeyondLoop.
type Connect struct {
	Socket   string      // path of the Unix socket that stands for the URL's host and port
	TLS      *tls.Config // of https: authorities, client certificate; nil is the system's. NextProtos and ServerName are filled in
	Protocol Protocol    // HTTP1 and HTTP2 (over http by prior knowledge) accept nothing else; "" is the default above
	Streams  int         // most requests in flight on a connection, which takes HTTP2 where it is above 1; 0 means 1
	New      bool        // each request has a new connection, and its latency begins with connecting
}

// prepared returns c with what follows from the URL filled in, or the reason why it cannot be.
func (c Connect) prepared(u *url.URL) (Connect, error) {
	c.Streams = max(c.Streams, 1)
	if c.Protocol == "" && (u.Scheme == "http" || c.Streams > 1) {
		c.Protocol = HTTP1
		if u.Scheme == "https" {
			c.Protocol = HTTP2
		}
	}
	switch {
	case c.Protocol != "" && c.Protocol != HTTP1 && c.Protocol != HTTP2:
		return c, fmt.Errorf("protocol %q is not known: choose %s or %s", c.Protocol, HTTP1, HTTP2)
	case c.Streams > 1 && c.Protocol == HTTP1:
		return c, fmt.Errorf("%d streams on a connection are possible in %s only, and this is %s", c.Streams, HTTP2, HTTP1)
	case c.Streams > 1 && c.New:
		return c, fmt.Errorf("%d streams on a connection, and a new connection for each request: only one of them is possible", c.Streams)
	}
	return c, nil
}

// Certificates are the files and the choice that say whom to trust over https, and who the client is.
type Certificates struct {
	Insecure bool   // the server's certificate is not checked
	CA       string // file of the authorities to trust instead of the system's, PEM
	Cert     string // file of the client's certificate, and those between it and its authority, PEM
	Key      string // file of its key; "" means that it is in Cert
}

// TLS returns the configuration of TLS that they stand for.
func (c Certificates) TLS() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: c.Insecure}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("certificates of authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates of authorities: there is none in %s: it must be PEM (-----BEGIN CERTIFICATE-----)", c.CA)
		}
	}
	if c.Key != "" && c.Cert == "" {
		return nil, fmt.Errorf("the key %s is of no use without its certificate", c.Key)
	}
	if c.Cert != "" {
		key := c.Key
		if key == "" {
			key = c.Cert
		}
		pair, err := tls.LoadX509KeyPair(c.Cert, key)
		if err != nil {
			return nil, fmt.Errorf("client certificate %s with key %s: %w", c.Cert, key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// TLSError is a TLS handshake that came to an end without a connection: the server or the client does not trust the
// other, or they have no version or protocol in common.
type TLSError struct{ Err error }

func (e *TLSError) Error() string { return "TLS handshake: " + e.Err.Error() }

func (e *TLSError) Unwrap() error { return e.Err }

// opener opens connections to the host of a URL, as a Connect says.
type opener struct {
	network, address string
	tls              *tls.Config            // nil for http
	only             Protocol               // what ALPN must agree on; "" for any
	reached          atomic.Pointer[string] // the address that has answered: no connection after it waits for DNS, or tries others first
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

// hostPort is where the host of a URL listens.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// open opens a connection, over https with the handshake behind it. ctx bounds both.
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

// dial opens a connection of TCP, or to the Unix socket.
func (o *opener) dial(ctx context.Context) (net.Conn, error) {
	// KeepAlive off spares some system calls a connection: a request's deadline notices a dead peer sooner. The net
	// package sets TCP_NODELAY itself.
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

// protocol is what ALPN has agreed on; a server without ALPN speaks HTTP/1.1.
func protocol(t *tls.Conn) Protocol {
	if t.ConnectionState().NegotiatedProtocol == "h2" {
		return HTTP2
	}
	return HTTP1
}

// Reach opens a connection to the target and closes it, without a request, and returns what would be spoken over it.
// Where that is impossible a load would be nothing but errors for all its duration; the error says of which kind.
func Reach(ctx context.Context, a Attack) (Protocol, error) {
	a, err := a.prepared()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return "", err
	}
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	c, err := newOpener(a.Connect, u).open(limited)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("load on %s: the server cannot be reached (%s): %w", a.Target.URL, classify(err), err)
	}
	spoken := a.Connect.Protocol
	if t, ok := c.(*tls.Conn); ok {
		spoken = protocol(t)
	}
	return spoken, c.Close()
}
