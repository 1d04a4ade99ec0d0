package loadgen

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
)

// Protocol is a version of HTTP, by the name that people know it by.
type Protocol string

// The protocols that a Connect may ask for.
const (
	HTTP1 Protocol = "HTTP/1.1"
	HTTP2 Protocol = "HTTP/2"
)

// Connect says how connections to a target are made, and what is spoken over them: all that both
// engines, Reach and whoever asks a server beside them need for it. The zero value is TCP to the
// URL's host and port and connections that are kept; over http HTTP/1.1; over https what server and
// client agree on (ALPN), HTTP/2 before HTTP/1.1, where the server is trusted by the system's
// authorities.
//
// The loop engine does no TLS, no HTTP/2 and no Unix sockets: see BeyondLoop.
type Connect struct {
	Socket string // path of the Unix socket that stands for the URL's host and port
	// of https: authorities, client certificate; nil is the system's. NextProtos and ServerName are
	// filled in
	TLS      *tls.Config
	Protocol Protocol // HTTP1 and HTTP2 (over http by prior knowledge) accept nothing else; "" is the default above
	Streams  int      // most requests in flight on a connection, which takes HTTP2 where it is above 1; 0 means 1
	New      bool     // each request has a new connection, and its latency begins with connecting
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
		return c, fmt.Errorf("%d streams on a connection are possible in %s only, and this is %s",
			c.Streams, HTTP2, HTTP1)
	case c.Streams > 1 && c.New:
		return c, fmt.Errorf(
			"%d streams on a connection, and a new connection for each request: only one of them is possible", c.Streams)
	}
	return c, nil
}

// Certificates are the files and the choice that say whom to trust over https, and who the client
// is.
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
			return nil,
				fmt.Errorf(
					"certificates of authorities: there is none in %s: it must be PEM (-----BEGIN CERTIFICATE-----)", c.CA)
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
