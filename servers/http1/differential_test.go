package http1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nodecompare/servers/http1"
)

// A difference is one that is deliberate between this package and net/http's exported readers,
// which leave some checks to net/http's server. One of ours and theirs is set: a part of the
// refusing side's error, where the other accepts. seen confirms from the bytes that it is this
// case, so that no entry covers a fault of another kind.
type difference struct {
	ours, theirs string
	section      string
	why          string
	seen         func(message string) bool
}

func find(differences []difference, ours, theirs error, message string) bool {
	return slices.ContainsFunc(differences, func(d difference) bool {
		said := ours != nil && theirs == nil && d.ours != "" && strings.Contains(ours.Error(), d.ours) ||
			ours == nil && theirs != nil && d.theirs != "" && strings.Contains(theirs.Error(), d.theirs)
		return said && d.seen(message)
	})
}

// pattern is a difference.seen that looks for a regular expression; ^ and $ are a line's ends,
// which LF makes, and . is not LF.
func pattern(expression string) func(string) bool {
	return regexp.MustCompile("(?mi)" + expression).MatchString
}

// head is the message without its body.
func head(message string) string {
	head, _, _ := strings.Cut(strings.TrimLeft(message, "\r\n"), "\r\n\r\n")
	return head + "\r\n"
}

func not(seen func(string) bool) func(string) bool {
	return func(message string) bool { return !seen(message) }
}

// headerDifferences are those of the fields and framing, which both kinds of message have.
var headerDifferences = []difference{
	{ours: "LF without CR", section: "RFC 9112, section 2.2",
		why:  "a recipient may take a bare LF for a line's end; smugglers count on one that does",
		seen: pattern(`(^|[^\r])\n`)},
	{ours: "folding is obsolete", section: "RFC 9112, section 5.2",
		why:  "a server must refuse obs-fold or replace it by spaces; nobody folds",
		seen: pattern(`\n[ \t]`)},
	{ours: "name and a colon", section: "RFC 9112, section 5.1",
		why:  "no white space may come before the colon; a server must refuse it",
		seen: pattern(`^[^:\r\n]*[ ][^:\r\n]*:`)},
	{ours: "more than one Content-Length", section: "RFC 9112, section 6.3",
		why:  "repeats that agree may be taken or refused",
		seen: pattern(`^content-length:(.*\n)+content-length:`)},
	{ours: "both Content-Length and Transfer-Encoding", section: "RFC 9112, section 6.1",
		why:  "a server may refuse both together, and ought to take it for an attack; net/http goes by the coding",
		seen: pattern(`^(content-length:(.*\n)+transfer-encoding|transfer-encoding:(.*\n)+content-length):`)},
	{ours: "does not belong in HTTP/1.0", section: "RFC 9112, section 6.1",
		why:  "the framing is to be taken as faulty; net/http ignores the field",
		seen: pattern(`HTTP/1\.0(.*\n)+transfer-encoding:`)},
	{ours: "a chunk extension is malformed", section: "RFC 9112, section 7.1.1",
		why:  "net/http skips to the line's end, whatever is there",
		seen: pattern(`^[0-9a-f]+[ \t;]`)},
	{theirs: "invalid byte in chunk length", section: "RFC 9112, section 7.1.1",
		why:  "white space may come before the semicolon (BWS); net/http allows it only at the line's end",
		seen: pattern(`^[0-9a-f]+[ \t]+;`)},
	{theirs: "bad trailer key", section: "RFC 9110, section 6.6.2",
		why:  "Trailer is a hint; trailers are dropped here, so that no name in it is a danger",
		seen: pattern(`^trailer:`)},
}

var (
	requestTarget = regexp.MustCompile(`\A(?:\r\n)*\S+ (.*) HTTP/`)
	plainHost     = regexp.MustCompile(`(?mi)^host:[ \t]*([a-z0-9.-]+(:[0-9]{0,4})?)?[ \t]*\r?$`)
	httpURL       = regexp.MustCompile(`(?i)\A(\r\n)*\S+ https?:`)
	plainURL      = regexp.MustCompile(`(?i)\A(\r\n)*\S+ https?://[a-z0-9.-]+(:[0-9]{0,4})?[/ ?]`)
)

var requestDifferences = append([]difference{
	{theirs: `malformed HTTP request ""`, section: "RFC 9112, section 2.2",
		why:  "a server should ignore an empty line or more before the request line",
		seen: pattern(`\A\r\n`)},
	{ours: "CONNECT is not served", section: "RFC 9110, section 9.3.6",
		why:  "net/http leaves the answer to the handler",
		seen: pattern(`\A(\r\n)*CONNECT `)},
	{ours: "only HTTP/1.0 and HTTP/1.1", section: "RFC 9110, section 15.6.6",
		why:  "no other version is known to be compatible; net/http leaves the answer to its server",
		seen: not(pattern(`\A(\r\n)*.* HTTP/1\.[01]\r?$`))},
	{ours: "the request target has", section: "RFC 9112, section 3.2",
		why: "RFC 3986 has no such target: section 3.5 for #, section 2.1 for %, section 2 for the rest",
		seen: func(message string) bool {
			target := requestTarget.FindStringSubmatch(message)
			if target == nil {
				return false
			}
			_, err := url.PathUnescape(target[1])
			return err != nil || strings.Contains(target[1], "#") ||
				strings.ContainsFunc(target[1], func(c rune) bool { return c <= ' ' || c > '~' })
		}},
	{ours: "the request target must be", section: "RFC 9112, section 3.2",
		why:  "an origin server meets no other form; net/http takes any URL, and * with any method",
		seen: not(pattern(`\A(\r\n)*\S+ (/|https?://)`))},
	{ours: "needs a Host", section: "RFC 9112, section 3.2",
		why:  "a server must refuse this; net/http leaves it to its server",
		seen: func(message string) bool { return !pattern(`^host:`)(head(message)) }},
	{ours: "the host is not", section: "RFC 9110, section 7.2",
		why: "a server must refuse an invalid Host; net/http looks at an http URL's host only, and allows " +
			"an empty one and users",
		seen: func(message string) bool {
			return !plainHost.MatchString(head(message)) ||
				httpURL.MatchString(message) && !plainURL.MatchString(message)
		}},
	{theirs: "invalid URL escape", section: "RFC 3986, section 3.2.2",
		why:  "a name may be escaped; net/url allows that only where it must be",
		seen: pattern(`\A(\r\n)*\S+ https?://[^/? ]*%`)},
}, headerDifferences...)

// FuzzRequestAgainstNetHTTP reads the first request of a stream here and with net/http. Both must
// read the same or both refuse it, unless requestDifferences says why not. What is not whole for
// one must be refused or not whole for the other.
func FuzzRequestAgainstNetHTTP(f *testing.F) {
	for _, message := range requestSeeds() {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		theirs, theirErr := readRequest(data)
		ours, ourErr := parseRequest(data)
		compare(t, requestDifferences, string(data), ours, theirs, ourErr, theirErr)
	})
}

func requestSeeds() (messages []string) {
	for _, c := range accepted {
		messages = append(messages, c.message)
	}
	for _, c := range refused {
		messages = append(messages, c.message)
	}
	return append(messages, odd...)
}

// TestDifferencesAreReal wants each entry of the tables to show in a seed, so that none stays when
// net/http changes.
func TestDifferencesAreReal(t *testing.T) {
	for _, d := range requestDifferences {
		if !slices.ContainsFunc(requestSeeds(), func(message string) bool {
			_, theirErr := readRequest([]byte(message))
			_, ourErr := parseRequest([]byte(message))
			return find([]difference{d}, ourErr, theirErr, message)
		}) {
			t.Errorf("requests: no seed shows %q%q: %s (%s)", d.ours, d.theirs, d.why, d.section)
		}
	}
	for _, d := range responseDifferences {
		if !slices.ContainsFunc(responseSeeds(), func(message string) bool {
			_, theirErr := readResponse([]byte(message), false)
			_, ourErr := parseResponse([]byte(message), false)
			return find([]difference{d}, ourErr, theirErr, message)
		}) {
			t.Errorf("responses: no seed shows %q%q: %s (%s)", d.ours, d.theirs, d.why, d.section)
		}
	}
}

func compare(t *testing.T, differences []difference, data, ours, theirs string, ourErr, theirErr error) {
	switch {
	case ourErr != nil && theirErr != nil:
	case ourErr != nil || theirErr != nil:
		if !find(differences, ourErr, theirErr, data) {
			t.Errorf("%q:\nours  %s %v\ntheirs %s %v", data, ours, ourErr, theirs, theirErr)
		}
	case ours != theirs:
		t.Errorf("%q:\nours   %s\ntheirs %s", data, ours, theirs)
	}
}

var errNotWhole = errors.New("not whole")

func parseRequest(data []byte) (string, error) {
	var p http1.RequestParser
	n, err := p.Parse(slices.Clone(data))
	if err != nil {
		return "", err
	}
	if n == 0 {
		return "", errNotWhole
	}
	r := &p.Request
	path, err := url.PathUnescape(string(r.Path))
	if err != nil {
		return "", fmt.Errorf("accepted a path that does not unescape: %w", err)
	}
	header := http.Header{}
	for _, f := range r.Fields {
		header.Add(string(f.Name), string(f.Value))
	}
	return describe(n, string(r.Method), string(r.Target), path, string(r.Query), r.Minor, r.Close, header, r.Body), nil
}

func readRequest(data []byte) (string, error) {
	source := bytes.NewReader(data)
	reader := bufio.NewReader(source)
	r, err := http.ReadRequest(reader)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	path := r.URL.Path
	if path == "" {
		path = "/"
	}
	n := len(data) - source.Len() - reader.Buffered()
	return describe(n, r.Method, r.RequestURI, path, r.URL.RawQuery, r.ProtoMinor, r.Close, r.Header, body), nil
}

// describe leaves out the fields that net/http takes out of a header or adds to it.
func describe(n int, method, target, path, query string, minor int, close bool, header http.Header,
	body []byte) string {
	for _, name := range []string{"Host", "Transfer-Encoding", "Trailer", "Content-Length"} {
		header.Del(name)
	}
	if header.Get("Pragma") == "no-cache" {
		header.Del("Cache-Control")
	}
	var names []string
	for name := range header {
		names = append(names, textproto.CanonicalMIMEHeaderKey(name))
	}
	slices.Sort(names)
	var fields strings.Builder
	for _, name := range names {
		fmt.Fprintf(&fields, "  %q: %q\n", name, header[name])
	}
	return fmt.Sprintf("%d bytes: %q %q path %q query %q minor %d close %t body %q\n%s", n, method, target,
		path, query, minor, close, body, fields.String())
}
