package servers_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// patience bounds what a test waits for something that comes at once on a machine that works: it
// ends a test that hangs, and decides nothing.
const patience = 2 * time.Minute

// dataDir holds the workloads' data from one run to the next: building it takes seconds under the
// race detector.
var dataDir = filepath.Join(os.TempDir(), "nodecompare-servers-test")

// serving is a server in this process.
type serving struct {
	*servers.Server
	t       testing.TB
	url     string
	service *workload.Service
	served  chan error
}

// serve runs a server of the mode until the test ends, and has the test fail when it does not stop
// as it should. What c leaves open is small. TestMain looks for goroutines that are left behind.
func serve(t testing.TB, mode string, c servers.Config) *serving {
	t.Helper()
	m := modeNamed(t, mode)
	service, err := workload.Open(workload.Options{Dir: dataDir, Upstream: c.Upstream, Database: c.Database})
	if err != nil {
		t.Fatal(err)
	}
	c.Service = service
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	c.PoolSize, c.Loops, c.Workers = max(c.PoolSize, 1), max(c.Loops, 1), max(c.Workers, 1)
	s, err := servers.Listen(m, c)
	if err != nil {
		t.Fatal(errors.Join(err, service.Close()))
	}
	v := &serving{Server: s, t: t, url: "http://" + s.Addr.String(), service: service, served: make(chan error, 1)}
	go func() { v.served <- s.Serve() }()
	t.Cleanup(v.stop)
	v.dial(t).ask(get("/", closes), reply("200 OK", html, hello, closes))
	return v
}

// stop shuts the server down, once; nothing may be in flight for longer than patience.
func (v *serving) stop() {
	v.t.Helper()
	if v.served == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := v.Shutdown(ctx); err != nil {
		v.t.Errorf("shutting down the %s server: %v", v.Mode.Name, err)
	}
	v.ended()
}

// ended takes what Serve returns after a Shutdown, and closes the service.
func (v *serving) ended() {
	v.t.Helper()
	select {
	case err := <-v.served:
		if err != servers.ErrStopped {
			v.t.Errorf("Serve of the %s server returned %v, want ErrStopped", v.Mode.Name, err)
		}
	case <-time.After(patience):
		v.t.Fatalf("Serve of the %s server does not return after Shutdown", v.Mode.Name)
	}
	v.served = nil
	if err := v.service.Close(); err != nil {
		v.t.Error(err)
	}
}

// eachMode runs f as a subtest for every mode of this program's own. They run beside each other and
// beside other tests, for most of them wait.
func eachMode(t *testing.T, f func(t *testing.T, mode string)) {
	t.Parallel()
	eachModeAlone(t, func(t *testing.T, mode string) {
		t.Parallel()
		f(t, mode)
	})
}

// eachModeAlone runs them one after the other. It is for tests that compare them, and of what all
// share: the process's descriptors, threads, memory and CPU time, and a PostgreSQL.
func eachModeAlone(t *testing.T, f func(t *testing.T, mode string)) {
	for _, m := range servers.Own() {
		t.Run(m.Name, func(t *testing.T) { f(t, m.Name) })
	}
}

// upstream serves /upstream from an event loop and returns its URL, as `serve` does.
func upstream(t testing.TB) string {
	t.Helper()
	return serve(t, "async", servers.Config{}).url + workload.UpstreamPath
}

// client is a raw connection to a server.
type client struct {
	*net.TCPConn
	t testing.TB
}

func (v *serving) dial(t testing.TB) *client {
	t.Helper()
	return dialTo(t, v.Addr.String())
}

func dialTo(t testing.TB, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &client{c.(*net.TCPConn), t}
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatalf("sending %.80q: %v", text, err)
	}
}

// rest reads until the server closes.
func (c *client) rest() string {
	c.t.Helper()
	b, err := io.ReadAll(c)
	if err != nil {
		c.t.Fatalf("reading to the end: %v, after %.200q", err, b)
	}
	return undated(string(b))
}

// expect reads exactly the response that want gives.
func (c *client) expect(want string) {
	c.t.Helper()
	b := make([]byte, len(want)+len(someDate)-len("D"))
	if n, err := io.ReadFull(c, b); err != nil {
		c.t.Fatalf("got %.300q and then %v, want %.300q", b[:n], err, want)
	}
	if got := undated(string(b)); got != want {
		c.t.Fatalf("got  %.300q\nwant %.300q", got, want)
	}
}

// ask sends a request that is the connection's last, and closes when it has its answer.
func (c *client) ask(request, want string) {
	c.t.Helper()
	c.send(request)
	c.expect(want)
	c.expectEnd()
	if err := c.Close(); err != nil {
		c.t.Error(err)
	}
}

// expectEnd reads the server's end of the stream and nothing else.
func (c *client) expectEnd() {
	c.t.Helper()
	if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
		c.t.Errorf("got %.200q and %v, want the end of the stream", b, err)
	}
}

// gone waits for the server to end the connection, in whatever way.
func (c *client) gone() {
	c.t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Error("the server keeps the connection")
	}
}

// someDate is as long as any Date.
const someDate = "Sun, 22 Nov 2026 08:45:53 GMT"

var dateField = regexp.MustCompile(`\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d ` +
	`GMT\r\n`)

// undated puts D in the place of each well-formed Date: all else is to be the same from every
// model.
func undated(text string) string { return dateField.ReplaceAllString(text, "\r\nDate: D\r\n") }

// reply is a whole response as it comes over the wire, with D for the date. extra are header lines
// that the response has besides: Allow comes before Content-Length, Connection behind it.
func reply(status, contentType, body string, extra ...string) string {
	var before, behind string
	for _, line := range extra {
		if strings.HasPrefix(line, "Connection:") {
			behind += line + "\r\n"
		} else {
			before += line + "\r\n"
		}
	}
	return "HTTP/1.1 " + status + "\r\nDate: D\r\nContent-Type: " + contentType + "\r\n" + before +
		"Content-Length: " + itoa(len(body)) + "\r\n" + behind + "\r\n" + body
}

const (
	html = "text/html; charset=utf-8"
	text = "text/plain; charset=utf-8"
	json = "application/json"
	data = "application/octet-stream"

	closes = "Connection: close"
	keeps  = "Connection: keep-alive"
	hello  = "Hello from Mango Engineers Backend!"
)

func get(target string, fields ...string) string { return request("GET", target, "", fields...) }

// request is a request with its Host and, where there is a body, its length.
func request(method, target, body string, fields ...string) string {
	fields = append([]string{method + " " + target + " HTTP/1.1", "Host: x"}, fields...)
	if body != "" {
		fields = append(fields, "Content-Length: "+itoa(len(body)))
	}
	return strings.Join(fields, "\r\n") + "\r\n\r\n" + body
}

// modeNamed is a line of the table of modes.
func modeNamed(t testing.TB, name string) servers.Mode {
	t.Helper()
	i := slices.IndexFunc(servers.Modes, func(m servers.Mode) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no mode %s", name)
	}
	return servers.Modes[i]
}
