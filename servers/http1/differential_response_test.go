package http1_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"nodecompare/servers/http1"
)

var responseDifferences = append([]difference{
	{ours: "does not start with HTTP/1.0 or HTTP/1.1", section: "RFC 9112, section 4",
		why: "net/http takes other versions, more than three digits, and control bytes in the reason",
		seen: not(
			pattern(`\A(HTTP/1\.[01] 1[0-9]{2}.*\n([^\r\n].*\n)*\r?\n)*HTTP/1\.[01] [2-9][0-9]{2}( ` +
				`[^\x00-\x08\x0a-\x1f\x7f]*)?\r?$`))},
	{ours: "switches protocols", section: "RFC 9110, section 15.2.2",
		why:  "we never send Upgrade; net/http hands the connection over",
		seen: pattern(`^HTTP/1\.[01] 101`)},
	{ours: "too many 1xx responses", section: "RFC 9110, section 15.2",
		why:  "net/http's transport bounds their bytes instead",
		seen: pattern(`(^HTTP/1\.[01] 1[0-9]{2}(.*\n)+){9}`)},
}, headerDifferences...)

// FuzzResponseAgainstNetHTTP reads the first final response of a stream that then ends, here and
// with net/http: the answer to a HEAD or to a GET. Both must read the same or both refuse it,
// unless responseDifferences says why not.
func FuzzResponseAgainstNetHTTP(f *testing.F) {
	for _, message := range responseSeeds() {
		f.Add([]byte(message), false)
		f.Add([]byte(message), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, head bool) {
		theirs, theirErr := readResponse(data, head)
		ours, ourErr := parseResponse(data, head)
		compare(t, responseDifferences, string(data), ours, theirs, ourErr, theirErr)
	})
}

func responseSeeds() (messages []string) {
	for _, c := range responses {
		messages = append(messages, c.message)
	}
	for _, message := range odd {
		line, rest, _ := strings.Cut(message, "\r\n")
		messages = append(messages, line[max(0, len(line)-len("HTTP/1.1")):]+" 200 OK\r\n"+rest)
	}
	// found: an unknown coding where HEAD leaves no body
	return append(messages, "HTTP/1.1 200 \r\nTrAnsfer-EnCoding:0\r\n\r\n")
}

func parseResponse(data []byte, head bool) (string, error) {
	p := http1.ResponseParser{Head: head}
	n, err := p.Parse(slices.Clone(data), true)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d bytes: %d type %q close %t body %q", n, p.Status, p.ContentType, p.Close, p.Body), nil
}

func readResponse(data []byte, head bool) (string, error) {
	source := bytes.NewReader(data)
	reader := bufio.NewReader(source)
	request := &http.Request{Method: http.MethodGet}
	if head {
		request.Method = http.MethodHead
	}
	var r *http.Response
	for r == nil || r.StatusCode < 200 && r.StatusCode != http.StatusSwitchingProtocols { // as net/http's client does
		var err error
		if r, err = http.ReadResponse(reader, request); err != nil {
			return "", err
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	n := len(data) - source.Len() - reader.Buffered()
	return fmt.Sprintf("%d bytes: %d type %q close %t body %q", n, r.StatusCode,
		r.Header.Get("Content-Type"), r.Close, body), nil
}
