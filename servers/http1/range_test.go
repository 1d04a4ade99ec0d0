package http1_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/servers/http1"
)

const tag = `"video"`

var video = []byte("0123456789")

// ranged are requests for ten bytes: the lines of their header, and the status, the Content-Range
// and the body of the answer.
var ranged = []struct{ method, fields, want string }{
	{"GET", "", "200  0123456789"},
	{"GET", "Range: bytes=0-0", "206 bytes 0-0/10 0"},
	{"GET", "Range: bytes=2-4", "206 bytes 2-4/10 234"},
	{"GET", "range: BYTES=2-4", "206 bytes 2-4/10 234"},
	{"GET", "Range: bytes=2-", "206 bytes 2-9/10 23456789"},
	{"GET", "Range: bytes=0-", "206 bytes 0-9/10 0123456789"},
	{"GET", "Range: bytes=9-9", "206 bytes 9-9/10 9"},
	{"GET", "Range: bytes=9-10", "206 bytes 9-9/10 9"},
	{"GET", "Range: bytes=0002-0000000000000000000000000000004", "206 bytes 2-4/10 234"},
	{"GET", "Range: bytes=8-18446744073709551617", "206 bytes 8-9/10 89"}, // 1 above 64 bits
	{"GET", "Range: bytes=-1", "206 bytes 9-9/10 9"},
	{"GET", "Range: bytes=-10", "206 bytes 0-9/10 0123456789"},
	{"GET", "Range: bytes=-99999999999999999999", "206 bytes 0-9/10 0123456789"},
	{"GET", "Range: bytes=-0", "416 bytes */10 "},
	{"GET", "Range: bytes=10-", "416 bytes */10 "},
	{"GET", "Range: bytes=10-10", "416 bytes */10 "},
	{"GET", "Range: bytes=18446744073709551616-", "416 bytes */10 "},
	// several
	{"GET", "Range: bytes=0-1,3-4", "200  0123456789"},
	{"GET", "Range: bytes=0-,-1", "200  0123456789"},
	{"GET", "Range: bytes=0-1,1-2,3-3", "200  0123456789"},
	{"GET", "Range: bytes=20-30, 3-4", "206 bytes 3-4/10 34"},
	{"GET", "Range: bytes=3-4 ,20-30", "206 bytes 3-4/10 34"},
	{"GET", "Range: bytes=, ,3-4,", "206 bytes 3-4/10 34"},
	{"GET", "Range: bytes=20-30,10-,-0", "416 bytes */10 "},
	{"GET", "Range: bytes=0-1\r\nRange: bytes=0-1", "200  0123456789"},
	// malformed
	{"GET", "Range: bytes=", "416 bytes */10 "},
	{"GET", "Range: bytes=,", "416 bytes */10 "},
	{"GET", "Range: bytes=-", "416 bytes */10 "},
	{"GET", "Range: bytes=1", "416 bytes */10 "},
	{"GET", "Range: bytes=4-2", "416 bytes */10 "},
	{"GET", "Range: bytes=12-2,0-1", "416 bytes */10 "},
	{"GET", "Range: bytes=--2", "416 bytes */10 "},
	{"GET", "Range: bytes=+1-2", "416 bytes */10 "},
	{"GET", "Range: bytes=1-+2", "416 bytes */10 "},
	{"GET", "Range: bytes=1 - 2", "416 bytes */10 "},
	{"GET", "Range: bytes=0x1-2", "416 bytes */10 "},
	{"GET", "Range: bytes=1-2-3", "416 bytes */10 "},
	{"GET", "Range: bytes=0-1,a-b", "416 bytes */10 "},
	{"GET", "Range: bytes=0-1,3-4,a-b", "416 bytes */10 "},
	// not understood
	{"GET", "Range:", "200  0123456789"},
	{"GET", "Range: bytes", "200  0123456789"},
	{"GET", "Range: bytes:0-1", "200  0123456789"},
	{"GET", "Range: bytes =0-1", "200  0123456789"},
	{"GET", "Range: seconds=0-1", "200  0123456789"},
	{"HEAD", "", "200  "},
	{"HEAD", "Range: bytes=2-4", "200  "},
	{"HEAD", "Range: bytes=20-", "200  "},
	// if it is still the same
	{"GET", "Range: bytes=2-4\r\nIf-Range: " + tag, "206 bytes 2-4/10 234"},
	{"GET", "Range: bytes=2-4\r\nIf-Range: W/" + tag, "200  0123456789"},
	{"GET", "Range: bytes=2-4\r\nIf-Range: \"other\"", "200  0123456789"},
	{"GET", "Range: bytes=2-4\r\nIf-Range: video", "200  0123456789"},
	{"GET", "Range: bytes=2-4\r\nIf-Range:", "200  0123456789"},
	{"GET", "Range: bytes=2-4\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT", "200  0123456789"},
	{"GET", "Range: bytes=2-4\r\nIf-Range: " + tag + "\r\nIf-Range: " + tag, "200  0123456789"},
	{"GET", "Range: bytes=20-\r\nIf-Range: \"other\"", "200  0123456789"},
	{"GET", "Range: bytes=20-\r\nIf-Range: " + tag, "416 bytes */10 "},
	{"GET", "If-Range: " + tag, "200  0123456789"},
	// if it is another
	{"GET", "If-None-Match: " + tag, "304  "},
	{"HEAD", "If-None-Match: " + tag, "304  "},
	{"GET", "If-None-Match: W/" + tag, "304  "},
	{"GET", "If-None-Match: *", "304  "},
	{"GET", `If-None-Match: "a", W/"b,c" , ` + tag, "304  "},
	{"GET", `If-None-Match: , "" "` + "\xff" + `",, ` + tag, "304  "},
	{"GET", "If-None-Match: \"a\"\r\nIf-None-Match: " + tag, "304  "},
	{"GET", "If-None-Match: \"a\", *", "200  0123456789"},
	{"GET", "If-None-Match: *, \"a\"", "200  0123456789"},
	{"GET", "If-None-Match: video", "200  0123456789"},
	{"GET", "If-None-Match: w/" + tag, "200  0123456789"},
	{"GET", "If-None-Match: \"a b\", " + tag, "200  0123456789"},
	{"GET", "If-None-Match: \"video", "200  0123456789"},
	{"GET", "If-None-Match: \"", "200  0123456789"},
	{"GET", "If-None-Match:", "200  0123456789"},
	{"GET", "If-None-Match: \"a\"\r\nRange: bytes=2-4", "206 bytes 2-4/10 234"},
	{"GET", "If-None-Match: " + tag + "\r\nRange: bytes=2-4", "304  "},
	{"GET", "If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT", "200  0123456789"},
	// only if it is the same
	{"GET", "If-Match: " + tag, "200  0123456789"},
	{"GET", "If-Match: *\r\nRange: bytes=2-4", "206 bytes 2-4/10 234"},
	{"GET", "If-Match: \"a\", " + tag + "\r\nRange: bytes=2-4", "206 bytes 2-4/10 234"},
	{"GET", "If-Match: W/" + tag, "412  "},
	{"GET", "If-Match: \"a\"\r\nRange: bytes=2-4", "412  "},
	{"GET", "If-Match:", "412  "},
	{"GET", "If-Match: \"a\"\r\nIf-None-Match: " + tag, "412  "},
	{"GET", "If-Match: " + tag + "\r\nIf-None-Match: " + tag, "304  "},
	{"GET", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", "200  0123456789"},
}

func TestSelect(t *testing.T) {
	for _, c := range ranged {
		if got, err := selected(t, c.method, c.fields); err != nil || got != c.want {
			t.Errorf("%s, %q: %s, %v, want %s", c.method, c.fields, got, err, c.want)
		}
	}
}

// selected has a request answered, and net/http read the answer.
func selected(t *testing.T, method, fields string) (string, error) {
	t.Helper()
	message := rangeRequest(method, fields)
	var p http1.RequestParser
	if n, err := p.Parse([]byte(message)); err != nil {
		return "", err
	} else if n == 0 {
		return "", errNotWhole
	}
	var r http1.Response
	r.Status, r.Part = http1.Select(&p.Request, tag, int64(len(video)))
	b := http1.AppendResponse(nil, &r, unix, p.Request.Head, true, 1)
	if r.Status < 300 && !p.Request.Head {
		b = append(b, video[r.Part.First:r.Part.First+r.Part.Length]...)
	}
	a, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b)), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	if r.Status < 300 && (a.ContentLength != r.Part.Length || a.Header.Get("Accept-Ranges") != "bytes") ||
		r.Status <= 304 && a.Header.Get("ETag") != tag {
		t.Errorf("%d, %d bytes, %v", a.StatusCode, a.ContentLength, a.Header)
	}
	return described(t, a), nil
}

// described is what a client sees of an answer.
func described(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode >= 300 { // it says why, in words
		body = nil
	}
	return fmt.Sprintf("%d %s %s", r.StatusCode, r.Header.Get("Content-Range"), body)
}

func rangeRequest(method, fields string) string {
	if fields != "" {
		fields += "\r\n"
	}
	return method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"
}

// rangeDifferences are those of net/http's ServeContent from Select, which differs on purpose.
var rangeDifferences = []struct {
	section, why string
	seen         func(message string) bool
}{
	{"RFC 9110, section 14.2", "HEAD has no ranges; net/http answers it as GET",
		pattern(`\AHEAD (.*\n)+range:`)},
	{"RFC 9110, section 14.2", "ranges of other units are to be ignored, and units have no case; " +
		"net/http refuses all but bytes", not(pattern(`^range:[ \t]*(?-i:bytes=)`))},
	{"RFC 9110, section 14.2", "all may be sent instead of several parts", pattern(`^range:.*[0-9-].*,.*[0-9-]`)},
	{"RFC 9110, section 14.1.1", "a set of ranges has one, of digits alone, and its end is not before its " +
		"beginning; net/http allows none, spaces, and what begins behind the last byte, whatever its end",
		pattern(`^range:[ \t]*bytes=(.*[^0-9,\r\n-]|[ \t,]*\r?$|(.*,)?[ \t]*[0-9]{2,}-)`)},
	{"RFC 9110, section 14.1.2", "the last 0 bytes are none; net/http sends a part that ends before it begins",
		pattern(`^range:.*-0+\r?$`)},
	{"RFC 9110, section 14.1.1", "a number has any length; net/http refuses those above 63 bits",
		pattern(`^range:.*[0-9]{19}`)},
	{"RFC 9110, section 5.3", "a field that may be there once is ignored where it is there twice; net/http takes " +
		"the first", pattern(`^((if-)?range):(.*\n)+(if-)?range:`)},
	{"RFC 9110, section 13.1", "the tags of all fields count, and of none if there is none; net/http reads the first",
		pattern(`^if-(none-)?match:[ \t,]*\r?$|^if-(none-)?match:(.*\n)+if-(none-)?match:`)},
	{"RFC 9110, section 13.1", "a * stands alone; net/http takes it in a list and before other bytes",
		pattern(`^if-(none-)?match:.*\*[ \t]*[^\s]|^if-(none-)?match:[ \t]*[^\s].*\*`)},
	{"RFC 9110, section 13.1.5", "an If-Range has one tag and nothing else; net/http takes an empty one for " +
		"none, and skips what follows", pattern(`^if-range:[ \t]*(\r?$|(W/)?".*"[ \t]*[^\s])`)},
}

// FuzzSelectAgainstNetHTTP has a request answered here and by net/http's ServeContent. Both must
// say the same, unless rangeDifferences says why not.
func FuzzSelectAgainstNetHTTP(f *testing.F) {
	for _, c := range ranged {
		f.Add(c.fields, c.method == "HEAD")
	}
	f.Fuzz(func(t *testing.T, fields string, head bool) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		message := rangeRequest(method, fields)
		theirs, err := served(t, message)
		if err != nil {
			return
		}
		ours, err := selected(t, method, fields)
		if err != nil || ours == theirs || strings.Contains(fields, "\r\n\r\n") {
			return // what is a request at all is for another test to compare
		}
		for _, d := range rangeDifferences {
			if d.seen(message) {
				return
			}
		}
		t.Errorf("%q:\nours   %s\ntheirs %s", message, ours, theirs)
	})
}

func served(t *testing.T, message string) (string, error) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(message)))
	if err != nil {
		return "", err
	}
	w := httptest.NewRecorder()
	w.Header().Set("ETag", tag)
	http.ServeContent(w, r, "video.bin", time.Time{}, bytes.NewReader(video))
	if r.Method == http.MethodHead {
		w.Body.Reset() // as its server does, which ServeContent relies on
	}
	a := w.Result()
	if a.StatusCode == http.StatusRequestedRangeNotSatisfiable && a.Header.Get("Content-Range") == "" {
		a.Header.Set("Content-Range", "bytes */10") // which it leaves out where a range is malformed
	}
	return described(t, a), nil
}

// TestRangeDifferencesAreReal wants each entry of the table to show in one of the cases.
func TestRangeDifferencesAreReal(t *testing.T) {
	for _, d := range rangeDifferences {
		if !slices.ContainsFunc(ranged, func(c struct{ method, fields, want string }) bool {
			message := rangeRequest(c.method, c.fields)
			theirs, err := served(t, message)
			return err == nil && theirs != c.want && d.seen(message)
		}) {
			t.Errorf("no case shows it: %s (%s)", d.why, d.section)
		}
	}
}

func TestSelectAllocatesNothing(t *testing.T) {
	var p http1.RequestParser
	message := rangeRequest("GET", "If-None-Match: W/\"a\", \"b\"\r\nRange: bytes=2-4\r\nIf-Range: "+tag)
	if _, err := p.Parse([]byte(message)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() {
		var r http1.Response
		r.Status, r.Part = http1.Select(&p.Request, tag, int64(len(video)))
		b = http1.AppendResponse(b[:0], &r, unix, false, false, 1)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
