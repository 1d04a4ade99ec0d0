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
	Upstream: 1,
	handle:   serveAPI,
}

// CheckUpstream returns what is wrong with an upstream's URL, "" for none.
func CheckUpstream(text string) error {
	_, err := parseUpstream(text)
	return err
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
	if x.lacksUpstream(s) || !x.millis(defaultWaitMS, maxWaitMS) {
		return
	}
	x.IO.Get(x, s.asked("ms="+strconv.Itoa(x.ms)), relay)
}

// asked is the upstream's URL with this added to its query.
func (s *Service) asked(query string) *url.URL {
	u := *s.upstream
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += query
	return &u
}

// lacksUpstream answers 502 where there is none, and reports that.
func (x *Exchange) lacksUpstream(s *Service) bool {
	if s.upstream == nil {
		x.fail(http.StatusBadGateway, "no upstream is configured: the server was started without the URL of one")
	}
	return s.upstream == nil
}

// relay answers with the upstream's reply, byte for byte.
func relay(x *Exchange, r Reply, err error) {
	if status, why := x.service.fault(r, err); why != "" {
		x.fail(status, "%s", why)
		return
	}
	contentType := r.ContentType
	if contentType == "" {
		contentType = typeData
	}
	x.body = append(x.body[:0], r.Body...) // r.Body is good only until relay returns
	x.reply(r.Status, contentType, x.body)
}

// fault says what was wrong with a call to the upstream, "" for nothing, and the status to answer
// with. The texts tell the kinds apart, but leave out the error itself, which every model words in
// its own way.
func (s *Service) fault(r Reply, err error) (status int, why string) {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		s.lacks(err)
	}
	switch {
	case IsTimeout(err):
		return http.StatusGatewayTimeout, fmt.Sprintf("the upstream %s did not answer in time", s.upstream)
	case errors.Is(err, syscall.ECONNREFUSED):
		return http.StatusBadGateway, fmt.Sprintf("the upstream %s refused the connection: is it running?", s.upstream)
	case err != nil:
		return http.StatusBadGateway, fmt.Sprintf("the call to the upstream %s failed", s.upstream)
	case r.Status < 200 || r.Status > 299:
		return http.StatusBadGateway, fmt.Sprintf("the upstream %s answered %d", s.upstream, r.Status)
	}
	return 0, ""
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
