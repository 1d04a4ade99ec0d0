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

// Reach opens a connection to the target and closes it, without a request, and returns what would
// be spoken over it. Where that is impossible a load would be nothing but errors for all its
// duration; the error says of which kind.
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
		c = t.NetConn() // which closes without a word that the server may not be there to hear
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

// noteAsked has a note made when the server asks for the client's certificate.
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
		return new(tls.Certificate), nil // none, as crypto/tls has it
	}
	return asked
}

// verdictWait is how long a server may take to refuse a client's certificate.
const verdictWait = 250 * time.Millisecond

// verdict waits for what the server says to the client's certificate, or to its not having one: in
// TLS 1.3 that comes after the handshake, when a first request may be on its way already, and its
// failure hide the reason.
func verdict(t *tls.Conn) error {
	if err := t.SetReadDeadline(time.Now().Add(verdictWait)); err != nil {
		return err
	}
	if _, err := t.Read(make([]byte, 1)); untrusted(err) {
		return &TLSError{err}
	}
	return nil
}

// SpeaksHTTP2 asks a server of http that has given no answer in HTTP/1.1 whether it speaks HTTP/2:
// most of those that speak nothing else close the connection of a client that does not, without a
// word.
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
	// The client's preface: fixed words, and SETTINGS without a setting (RFC 9113, 3.4).
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"); err != nil {
		return false
	}
	var head [9]byte
	_, err = io.ReadFull(c, head[:])
	return err == nil && response.StartsHTTP2(head[:])
}
