package loadgen

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
)

// Protocol is a version of HTTP, under its usual name.
type Protocol string

// Protocols that a Connect may ask for.
const (
	HTTP1 Protocol = "HTTP/1.1"
	HTTP2 Protocol = "HTTP/2"
)

// Connect says how connections to a target are made and what protocol they speak. Engines, Reach
// and other clients of the target use it. The zero value means TCP to the URL's host and port with
// kept-alive connections: HTTP/1.1 over http; over https what server and client agree on (ALPN),
// HTTP/2 before HTTP/1.1, with the system's authorities.
//
// The loop engine supports no TLS, no HTTP/2 and no Unix sockets: see BeyondLoop.
type Connect struct {
	Socket string // path of a Unix socket, in place of the URL's host and port
	// TLS is the configuration for https: authorities, client certificate; nil means the system's.
	// NextProtos and ServerName are filled in.
	TLS *tls.Config
	// Protocol, if HTTP1 or HTTP2 (over http by prior knowledge), admits nothing else; "" means the
	// default above.
	Protocol Protocol
	// Elsewhere is Protocol for other servers, to which redirects lead.
	Elsewhere Protocol
	// Streams is the most requests in flight on a connection; above 1 it needs HTTP2, and 0 means
	// 1.
	Streams int
	New     bool // New gives each request a new connection. Its latency includes connecting.
}

// prepared returns c with what follows from the URL filled in, or the reason why that is
// impossible.
func (c Connect) prepared(u *url.URL) (Connect, error) {
	c.Streams = max(c.Streams, 1)
	if c.Protocol == "" && (u.Scheme == "http" || u.Scheme == "ws" || c.Streams > 1) {
		c.Protocol = HTTP1
		if u.Scheme == "https" {
			c.Protocol = HTTP2
		}
	}
	switch {
	case c.Protocol != "" && c.Protocol != HTTP1 && c.Protocol != HTTP2:
		return c, fmt.Errorf("protocol %q is not known: choose %s or %s", c.Protocol, HTTP1, HTTP2)
	case c.Streams > 1 && c.Protocol == HTTP1:
		return c, fmt.Errorf("%d streams on a connection are possible in %s only, and this is %s",
			c.Streams, HTTP2, HTTP1)
	case c.Streams > 1 && c.New:
		return c, fmt.Errorf(
			"%d streams on a connection, and a new connection for each request: only one of them is possible",
			c.Streams)
	}
	return c, nil
}

// Certificates says whom to trust over https and who the client is.
type Certificates struct {
	Insecure bool   // do not check the server's certificate
	CA       string // PEM file of authorities to trust instead of the system's
	// Cert is the PEM file of the client's certificate and of those between it and its authority.
	Cert string
	Key  string // PEM file of the client's key; "" if Cert has it
}

// TLS returns the TLS configuration for the certificates.
func (c Certificates) TLS() (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: c.Insecure}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("certificates of authorities: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil,
				fmt.Errorf(
					"certificates of authorities: there is none in %s: it must be PEM (-----BEGIN CERTIFICATE-----)",
					c.CA)
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
