package servers_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
	"nodecompare/thorough"
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
		{"HTTP/1.0", "GET /stream HTTP/1.0\r\nRange: bytes=3-300000\r\n\r\n", []string{partial(3, 300000)}},
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
	ranges := 5
	if thorough.On() {
		ranges = 20
	}
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
		asksForAll(t, v.dial(t), `If-Range: "video-0"`, "Range: bytes=0-1")
		for range ranges { // any range at all
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
	body := asksForAll(t, c, fields...)
	got, want := make([]byte, 1<<20), make([]byte, 1<<20)
	for at := int64(0); at < videoSize; at += int64(len(got)) {
		if _, err := io.ReadFull(body, got); err != nil {
			t.Fatalf("at byte %d: %v", at, err)
		}
		if workload.VideoBytes(want, at); !bytes.Equal(got, want) {
			t.Fatalf("the MiB from byte %d on differs", at)
		}
	}
}

// asksForAll asks for what is answered with all of the video, and returns that.
func asksForAll(t *testing.T, c io.ReadWriter, fields ...string) (body io.Reader) {
	t.Helper()
	if err := whole(c, get("/stream", append(fields, closes)...)); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 200 || r.ContentLength != videoSize || r.Header.Get("ETag") != `"video-1"` {
		t.Errorf("%s, %d bytes, %v", r.Status, r.ContentLength, r.Header)
	}
	return r.Body
}

// nodeStreams has Node.js and Express answer as our modes do. Express takes a malformed range for
// none, and has an ETag in what is not the video too.
func nodeStreams(t *testing.T, mode string, p *child.Process) {
	own := map[string][]string{"node": {"Keep-Alive"}, "express": {"Keep-Alive", "X-Powered-By"}}[mode]
	for _, c := range videos() {
		if mode == "express" && c.name == "malformed" {
			continue
		}
		want := parse(t, c.send, strings.Join(c.want, ""), nil)
		got := parse(t, c.send, converse(connect(t, p), whole, c.send), own)
		for i := range min(len(got), len(want)) {
			if mode == "express" && got[i].Type != data {
				got[i].More = want[i].More
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%.2000s", c.name, d)
		}
	}
	wholeVideo(t, connect(t, p), "Range: bytes=0-1,5-6")
	asksForAll(t, connect(t, p), `If-Range: "video-0"`, "Range: bytes=0-1")
	curl(t, p.URL)
	viewers(t, fmt.Sprintf("127.0.0.1:%d", p.Port), func() int {
		if runtime.GOOS != "linux" {
			return 0 // what another process has open, /proc alone says
		}
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID))
		if err != nil {
			t.Fatal(err)
		}
		return len(open)
	})
}

// viewers has a few clients ask for all of the video and not read it. The server answers others
// meanwhile; what the viewers then read is the video, and when they leave it holds no descriptor
// for them.
func viewers(t *testing.T, addr string, descriptors func() int) {
	dial := func() *client {
		c, err := narrow.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		return &client{c.(*net.TCPConn), t}
	}
	quick := dial()
	hear := bufio.NewReader(quick)
	ask := func(request string, n int) {
		quick.send(request)
		r, err := http.ReadResponse(hear, nil)
		if err == nil {
			var body []byte
			if body, err = io.ReadAll(r.Body); err == nil && len(body) != n {
				err = fmt.Errorf("%d bytes, want %d", len(body), n)
			}
		}
		if err != nil {
			t.Fatalf("%.40q: %v", request, err)
		}
	}
	ask(get("/stream", "Range: bytes=0-9"), 10) // opens the video
	before := descriptors()
	var all []*client
	var heard []*bufio.Reader
	for range 20 {
		c := dial()
		c.send(get("/stream"))
		all, heard = append(all, c), append(heard, bufio.NewReader(c))
	}
	responses := make([]*http.Response, len(all))
	for i := range all { // the server is at all of them now
		r, err := http.ReadResponse(heard[i], nil)
		if err != nil {
			t.Fatal(err)
		}
		responses[i] = r
	}
	for range 30 {
		ask(get("/"), len(hello))
		ask(get("/stream", "Range: bytes=5000000-5099999"), 100_000)
	}
	want := videoPart(0, 999_999)
	for i, c := range all {
		got := make([]byte, len(want))
		if _, err := io.ReadFull(responses[i].Body, got); err != nil || string(got) != want {
			t.Errorf("viewer %d reads something else, and %v", i, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	ask(get("/"), len(hello))
	eventually(t, "the viewers' descriptors are closed", func() bool { return descriptors() <= before })
}

// TestViewers runs alone, because it counts descriptors.
func TestViewers(t *testing.T) {
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 32})
		viewers(t, v.Addr.String(), func() int { return openDescriptors(t) })
	})
}

// What the server keeps for a viewer who is to be served is cut off with the server.
func TestStopWithViewers(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 4})
		var all []*client
		for _, fields := range [][]string{nil, {closes}, {"Range: bytes=9-60000000"}} {
			c := v.dial(t)
			c.send(get("/stream", fields...))
			if _, err := io.ReadFull(c, make([]byte, 9)); err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := v.Shutdown(ctx)
		if err == nil || !strings.Contains(err.Error(), "3 connections were still in use") {
			t.Errorf("Shutdown returned %v", err)
		}
		v.ended()
		for _, c := range all {
			c.gone()
		}
	})
}
