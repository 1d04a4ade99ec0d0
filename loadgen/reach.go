package loadgen

import (
	"context"
	"fmt"
	"net"
	"net/url"
)

// Reach opens a connection to the target and closes it, without a request. Where that is impossible a load would be nothing but errors
// for all its duration; the error says of which kind.
func Reach(ctx context.Context, a Attack) error {
	a, err := a.prepared()
	if err != nil {
		return err
	}
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // services(5) has both
	}
	d := net.Dialer{Timeout: a.Timeout}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("load on %s: the server cannot be reached (%s): %w", a.Target.URL, classify(err), err)
	}
	return c.Close()
}
