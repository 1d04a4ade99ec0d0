package loadgen

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Normal returns the target in the form that is sent and printed, or an error. Neither contains a
// password.
//
//   - A URL without a scheme gets http: localhost:3000.
//   - The user:password@ of a URL becomes an Authorization header (RFC 7617), unless the target has
//     one.
//   - Spaces and bytes beyond ASCII in path and query, which a request line must not contain, are
//     percent-encoded as browsers do. What is encoded already stays.
//   - An international host name becomes punycode (UTS 46).
//   - The fragment is removed, because it is never sent.
func (t Target) Normal() (Target, error) {
	refuse := func(why string) (Target, error) {
		return t, fmt.Errorf("load target %q: %s", Masked(t.URL), why)
	}
	if i := strings.IndexAny(t.URL, "/?#"); i < 1 || t.URL[i-1:i+1] != ":/" {
		t.URL = "http://" + t.URL
	}
	u, err := url.Parse(encoded(t.URL))
	switch {
	case err != nil && strings.Contains(t.URL, "@"): // the parser's reason may quote the password
		return refuse(
			"it is not a URL: percent-encode what is special in the user's name and password (@ is %40, / is %2F)")
	case err != nil:
		return refuse(reason(err).Error())
	case u.Scheme == "wss":
		return refuse("wss:// is not possible: WebSockets are spoken without TLS only. Load the server behind " +
			"its TLS proxy by ws://")
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "ws":
		return refuse("the URL must begin with http://, https:// or ws://")
	case u.Hostname() == "":
		return refuse("the URL names no host")
	}
	if p := u.Port(); p != "" {
		if _, err := strconv.ParseUint(p, 10, 16); err != nil {
			return refuse("port " + p + ": ports end at 65535")
		}
	}
	if err := punycode(u); err != nil {
		return refuse(err.Error())
	}
	if u.User != nil {
		t.Header = t.Header.Clone()
		if t.Header == nil {
			t.Header = make(http.Header)
		}
		if t.Header.Get("Authorization") == "" {
			password, _ := u.User.Password()
			t.Header.Set("Authorization", "Basic "+
				base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
		}
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	t.URL = u.String()
	return t, nil
}

// Masked replaces the password in a text that may be a URL by xxxxx, for printing.
func Masked(raw string) string {
	at := strings.LastIndexByte(raw, '@')
	if u, err := url.Parse(raw); at < 0 || err == nil && u.Host != "" && u.User == nil {
		return raw
	}
	start := 0
	if i := strings.Index(raw[:at], "://"); i >= 0 {
		start = i + len("://")
	}
	user, _, secret := strings.Cut(raw[start:at], ":")
	if !secret {
		return raw
	}
	return raw[:start] + user + ":xxxxx" + raw[at:]
}

// reason returns an error of url.Parse without the URL, which the caller names.
func reason(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		return inner.Err
	}
	return err
}

// encoded percent-encodes what a URL must not contain after its host. url.Parse accepts such
// characters in a query and sends them.
func encoded(raw string) string {
	scheme, rest, _ := strings.Cut(raw, "://")
	i := strings.IndexAny(rest, "/?#")
	if i < 0 {
		return raw
	}
	var b strings.Builder
	b.WriteString(scheme + "://" + rest[:i])
	for _, c := range []byte(rest[i:]) {
		if c >= utf8.RuneSelf || strings.IndexByte(` "<>`, c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// punycode converts an international host name to the form used by DNS and the Host header.
func punycode(u *url.URL) error {
	host := u.Hostname()
	if strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return nil
	}
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return fmt.Errorf("the host name: %w", err)
	}
	if port := u.Port(); port != "" {
		ascii = net.JoinHostPort(ascii, port)
	}
	u.Host = ascii
	return nil
}
