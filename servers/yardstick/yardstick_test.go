package yardstick_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/servers/yardstick"
)

// start serves until the test ends, and returns the address.
func start(t *testing.T) string {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- yardstick.Serve(ctx, w) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "Yardstick on port %d", &port); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Connections come, ask again and again, and go in any order; each answer is whole, and none goes
// astray.
func TestConnectionsComeAndGo(t *testing.T) {
	addr := start(t)
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	var open []net.Conn
	for i := range 200 {
		open = append(open, dial(t, addr))
		if i%3 == 2 { // the oldest leaves, so that its place is taken by another
			if err := open[0].Close(); err != nil {
				t.Fatal(err)
			}
			open = open[1:]
		}
		c := open[i%len(open)]
		for range 2 {
			if _, err := io.WriteString(c, request); err != nil {
				t.Fatal(err)
			}
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(r.Body)
			if err != nil || r.StatusCode != 200 || string(body) != "ok\n" {
				t.Fatalf("%s, %q, %v", r.Status, body, err)
			}
		}
	}
}

// What never ends is not kept.
func TestEndlessRequestIsClosed(t *testing.T) {
	c := dial(t, start(t))
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nX: "+strings.Repeat("x", 16<<10)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes were answered, want the end of the connection", n)
	}
}

// It ends at once, with connections open.
func TestEndsWithItsContext(t *testing.T) {
	dial(t, start(t)) // the cleanup waits for the end
}
