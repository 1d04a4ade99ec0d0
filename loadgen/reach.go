package loadgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"nodecompare/loadgen/response"
)

// Reach opens a connection to the target, closes it without a request, and returns the protocol
// that it would speak. If no connection is possible, a load would consist of errors alone, and
// Reach's error says of which kind.
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
	o := newOpener(a.Connect, u)
	asked := o.noteAsked()
	c, err := o.open(limited)
	spoken := a.Connect.Protocol
	if t, ok := c.(*tls.Conn); ok {
		spoken = protocol(t)
		if *asked {
			err = verdict(t)
		}
		c = t.NetConn() // without a TLS alert, which the server may not be there to read
	}
	if c != nil {
		err = errors.Join(err, c.Close())
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		kind := " (" + classify(err) + ")"
		if classify(err) == Other { // the error itself says more
			kind = ""
		}
		return "", fmt.Errorf("load on %s: the server cannot be reached%s: %w", a.Target.URL, kind, err)
	}
	return spoken, nil
}

// noteAsked returns a flag that is set when the server asks for the client's certificate.
func (o *opener) noteAsked() *bool {
	asked := new(bool)
	if o.tls == nil {
		return asked
	}
	own := o.tls.Certificates
	o.tls.GetClientCertificate = func(wanted *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		*asked = true
		for i := range own {
			if wanted.SupportsCertificate(&own[i]) == nil {
				return &own[i], nil
			}
		}
		return new(tls.Certificate), nil // no certificate, as in crypto/tls
	}
	return asked
}

// verdictWait is how long a server may take to refuse a client's certificate.
const verdictWait = 250 * time.Millisecond

// verdict waits for the server's verdict on the client's certificate, or on its absence. In TLS 1.3
// the verdict comes after the handshake, when a first request may already be on its way and its
// failure would hide the reason.
func verdict(t *tls.Conn) error {
	if err := t.SetReadDeadline(time.Now().Add(verdictWait)); err != nil {
		return err
	}
	if _, err := t.Read(make([]byte, 1)); untrusted(err) {
		return &TLSError{err}
	}
	return nil
}

// SpeaksHTTP2 asks an http server that gave no answer in HTTP/1.1 whether it speaks HTTP/2. Most
// servers that speak only HTTP/2 close an HTTP/1.1 client's connection silently.
func SpeaksHTTP2(ctx context.Context, a Attack) bool {
	a.Connect.Protocol = HTTP2
	a, err := a.prepared()
	if err != nil {
		return false
	}
	u, err := url.Parse(a.Target.URL)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, min(a.Timeout, time.Second))
	defer cancel()
	c, err := newOpener(a.Connect, u).open(ctx)
	if err != nil {
		return false
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	// The client's preface is fixed words and SETTINGS without a setting (RFC 9113, 3.4).
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		return false
	}
	var head [9]byte
	_, err = io.ReadFull(c, head[:])
	return err == nil && response.StartsHTTP2(head[:])
}
