package loadgen

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"nodecompare/loadgen/response"
)

// Kinds of error in Result.ErrorKinds.
const (
	Refused   = "refused"   // nothing listens, or the backlog is full: ECONNREFUSED
	Reset     = "reset"     // connection closed or reset before the response was complete
	Timeout   = "timeout"   // no complete response within Attack.Timeout
	Status    = "status"    // complete response with an unexpected status
	Body      = "body"      // complete response with the expected status, but not Attack.WantBody
	Range     = "range"     // not the range of a file that was asked for, or not all of it
	Malformed = "malformed" // not a response of the requested protocol
	TLS       = "tls"       // no TLS connection: no trust, or nothing in common
	// Ports: no local port was free (EADDRNOTAVAIL), a limit of this machine and no fault of the
	// server.
	Ports = "ports"
	// Other: an unresolved name, no free file descriptor, a body over Attack.MaxBody.
	Other = "other"
)

// Kinds lists the kinds of error, in the order to print.
var Kinds = []string{Refused, Reset, Timeout, Status, Body, Range, Malformed, TLS, Ports, Other}

// Requests that the run's context ends are no errors, because the server did not end them.
const (
	aborted = "aborted"  // it was in flight
	notSent = "not sent" // vegeta had handed it out, but it was not sent
)

func classify(err error) string {
	var bad *response.MalformedError
	var timed net.Error
	var status statusError
	switch {
	case errors.As(err, &status):
		return Status
	case errors.As(err, new(*rangeError)):
		return Range
	case errors.As(err, &bad):
		return Malformed
	case errors.As(err, &timed) && timed.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reset
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return Ports
	case untrusted(err):
		return TLS
	}
	return Other
}

// untrusted reports a failed handshake, or the server's alert about one: in TLS 1.3 the client has
// a connection before the server has checked its certificate.
func untrusted(err error) bool {
	var said *net.OpError
	return errors.As(err, new(*TLSError)) || errors.As(err, &said) && said.Op == "remote error"
}

// failure is how one request failed.
type failure struct {
	kind string
	text string
}
