package servers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"nodecompare/servers"
	"nodecompare/servers/workload"
)

const (
	videoTag  = `ETag: "video-1"`
	ranged    = "Accept-Ranges: bytes"
	videoSize = workload.VideoSize
)

// videoPart is the video's bytes from first to last, as a string.
func videoPart(first, last int64) string {
	b := make([]byte, last-first+1)
	workload.VideoBytes(b, first)
	return string(b)
}

// partial is the whole answer to a request for a range.
func partial(first, last int64, extra ...string) string {
	extra = append([]string{videoTag, ranged, fmt.Sprintf("Content-Range: bytes %d-%d/%d", first, last, videoSize)},
		extra...)
	return reply("206 Partial Content", data, videoPart(first, last), extra...)
}

// videos are conversations about the video, which all modes have alike.
func videos() []conversation {
	const (
		outside = `{"error":"Range must be bytes of a video that has 67108864, such as bytes=0-1023"}`
		other   = `{"error":"the video's entity tag is \"video-1\", which If-Match does not name"}`
		empty   = "HTTP/1.1 304 Not Modified\r\nDate: D\r\nETag: \"video-1\"\r\n"
		head    = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: " + data + "\r\n" + videoTag + "\r\n" + ranged + "\r\n" +
			"Content-Length: 67108864\r\n"
		beyond = "Content-Range: bytes */67108864"
	)
	part := func(r string, more ...string) string { return get("/stream", append(more, "Range: bytes="+r)...) }
	return []conversation{
		{"first byte", part("0-0", closes), []string{partial(0, 0, closes)}},
		{"last byte", part("-1", closes), []string{partial(videoSize-1, videoSize-1, closes)}},
		{"from in a word", part("12345677-12345690", closes), []string{partial(12345677, 12345690, closes)}},
		{"to the end", part("67000001-", closes), []string{partial(67000001, videoSize-1, closes)}},
		{"more than there is", part("67000001-99999999999", closes), []string{partial(67000001, videoSize-1, closes)}},
		{"a segment", part("1000000-4000000", closes), []string{partial(1000000, 4000000, closes)}},
		{"kept", part("0-99") + part("100-2000000") + get("/") + part("7-7") + get("/", closes),
			[]string{partial(0, 99), partial(100, 2000000), reply("200 OK", html, hello), partial(7, 7),
				reply("200 OK", html, hello, closes)}},
		{"behind what waits", get("/wait?ms=3") + part("5-1000004") + get("/wait?ms=2", closes),
			[]string{reply("200 OK", json, `{"waited_ms":3}`), partial(5, 1000004),
				reply("200 OK", json, `{"waited_ms":2}`, closes)}},
		{"HTTP/1.0", "GET /stream HTTP/1.0\r\nRange: bytes=3-300000\r\n\r\n" + get("/"), []string{partial(3, 300000)}},
		{"HTTP/1.0 kept", "GET /stream HTTP/1.0\r\nRange: bytes=3-300000\r\n" + keeps + "\r\n\r\n" + get("/", closes),
			[]string{partial(3, 300000, keeps), reply("200 OK", html, hello, closes)}},
		{"HEAD", request("HEAD", "/stream", "", "Range: bytes=0-1") + get("/", closes),
			[]string{head + "\r\n", reply("200 OK", html, hello, closes)}},
		{"beyond the end", part("67108864-") + get("/", closes), []string{
			reply("416 Range Not Satisfiable", json, outside, beyond), reply("200 OK", html, hello, closes)}},
		{"malformed", part("x", closes), []string{reply("416 Range Not Satisfiable", json, outside, beyond, closes)}},
		{"the same", part("0-9", `If-None-Match: "a", W/"video-1"`) + get("/", closes),
			[]string{empty + "\r\n", reply("200 OK", html, hello, closes)}},
		{"another is wanted", part("0-9", `If-Match: "video-2"`, closes),
			[]string{reply("412 Precondition Failed", json, other, closes)}},
		{"this is wanted", part("0-9", `If-Match: "video-1"`, closes), []string{partial(0, 9, closes)}},
		{"if it is this", part("0-9", `If-Range: "video-1"`, closes), []string{partial(0, 9, closes)}},
	}
}

func TestVideo(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 2})
		for _, c := range videos() {
			want := strings.Join(c.want, "")
			for name, send := range map[string]func(io.Writer, string) error{"whole": whole, "in pieces": inPieces} {
				if got := converse(v.dial(t), send, c.send); got != want {
					t.Errorf("%s, sent %s:\n%s", c.name, name, difference(got, want))
				}
			}
		}
		wholeVideo(t, v.dial(t), "Range: bytes=0-1,5-6")
		wholeVideo(t, v.dial(t), `If-Range: "video-0"`, "Range: bytes=0-1")
		for range 20 { // any range at all
			first := rand.Int64N(videoSize)
			last := min(first+rand.Int64N(3<<20), videoSize-1)
			v.dial(t).ask(get("/stream", fmt.Sprintf("Range: bytes=%d-%d", first, last), closes),
				partial(first, last, closes))
		}
	})
}

// wholeVideo asks for what is answered with all of the video, and compares each byte.
func wholeVideo(t *testing.T, c io.ReadWriter, fields ...string) {
	t.Helper()
	if err := whole(c, get("/stream", append(fields, closes)...)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 200 || r.ContentLength != videoSize || r.Header.Get("ETag") == "" {
		t.Errorf("%s, %d bytes, %v", r.Status, r.ContentLength, r.Header)
	}
	got, want := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); at < videoSize; at += int64(len(got)) {
		if _, err := io.ReadFull(r.Body, got); err != nil {
			t.Fatalf("at byte %d: %v", at, err)
		}
		if workload.VideoBytes(want, at); !bytes.Equal(got, want) {
			t.Fatalf("the MiB from byte %d on differs", at)
		}
	}
}
