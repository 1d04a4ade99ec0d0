package workload

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

var api = Workload{
	Name:     "api",
	Method:   http.MethodGet,
	Path:     "/api",
	Summary:  "an HTTP call to another service, which takes ms milliseconds; its JSON is relayed",
	Target:   "/api?ms=50",
	Wait:     50 * time.Millisecond,
	Upstream: true,
	handle:   serveAPI,
}

// parseUpstream parses the upstream's URL. It returns nil for "".
func parseUpstream(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the upstream's URL: %w", err)
	}
	if u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil,
			fmt.Errorf(
				"the upstream's URL %s: want one with http and without a user, such as http://127.0.0.1:4000/upstream",
				u.Redacted())
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the upstream's URL %s: %w", u, err)
	}
	query.Del("ms") // each request sets its own
	u.RawQuery = query.Encode()
	u.Fragment, u.RawFragment = "", ""
	if u.Path == "" {
		u.Path = "/" // the form to request (RFC 9112, section 3.2.1)
	}
	return u, nil
}

func serveAPI(s *Service, x *Exchange) {
	if s.upstream == nil {
		x.fail(http.StatusBadGateway, "no upstream is configured: the server was started without the URL of one")
		return
	}
	if !x.millis(defaultWaitMS, maxWaitMS) {
		return
	}
	u := *s.upstream
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "ms=" + strconv.Itoa(x.ms)
	x.IO.Get(x, &u, relay)
}

// relay answers with the upstream's reply, byte for byte. Its texts for failures tell their kinds
// apart, but omit the error itself, which every model words differently.
func relay(x *Exchange, r Reply, err error) {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		x.service.lacks(err)
	}
	switch {
	case IsTimeout(err):
		x.fail(http.StatusGatewayTimeout, "the upstream %s did not answer in time", x.service.upstream)
	case errors.Is(err, syscall.ECONNREFUSED):
		x.fail(http.StatusBadGateway, "the upstream %s refused the connection: is it running?", x.service.upstream)
	case err != nil:
		x.fail(http.StatusBadGateway, "the call to the upstream %s failed", x.service.upstream)
	case r.Status < 200 || r.Status > 299:
		x.fail(http.StatusBadGateway, "the upstream %s answered %d", x.service.upstream, r.Status)
	default:
		contentType := r.ContentType
		if contentType == "" {
			contentType = typeData
		}
		x.body = append(x.body[:0], r.Body...) // r.Body is valid only until relay returns
		x.reply(r.Status, contentType, x.body)
	}
}

// lacks says once in the notes that calls fail because of a limit of this machine and not of the
// upstream, which no client can be told.
func (s *Service) lacks(err error) {
	s.lacking.Do(func() {
		if s.notes != nil {
			fmt.Fprintf(s.notes, "nodecompare: calls to the upstream fail, and are answered 502: %v: raise "+
				"the limit of open files (ulimit -n)\n", err)
		}
	})
}

// IsTimeout reports whether an IO gave up waiting: see [IO].
func IsTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
