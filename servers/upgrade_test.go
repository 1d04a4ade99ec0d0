package servers

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// enter has a connection become a WebSocket, and sends what is behind the handshake.
func enter(t *testing.T, c net.Conn, behind string) *bufio.Reader {
	t.Helper()
	const handshake = "GET /chat?room=a HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	if _, err := io.WriteString(c, handshake+behind); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	if response, err := http.ReadResponse(r, nil); err != nil || response.StatusCode != 101 {
		t.Fatal(response, err)
	}
	return r
}

// TestMembersThatVanish has every model ping the members of whom it hears nothing, and end those
// who do not answer, or owe the rest of a frame for too long.
func TestMembersThatVanish(t *testing.T) {
	t.Parallel()
	const limit = time.Second // who is to be a member has sent the request within it
	var waiting sync.WaitGroup
	for _, m := range Own() {
		start := func(limits timeouts) net.Conn {
			return connect(t, startModel(t, m.Name, Config{}, func(m model) { setTimeouts(m, limits) }))
		}
		silent := start(timeouts{limit, time.Hour})
		pinged := enter(t, silent, "")
		waiting.Go(func() {
			const ping, pong = "\x89\x00", "\x8a\x80abcd"
			for range 4 { // for longer than one lives who does not answer
				b := make([]byte, len(ping))
				if _, err := io.ReadFull(pinged, b); err != nil || string(b) != ping {
					t.Errorf("%s: %q, %v, want a ping", m.Name, b, err)
					return
				}
				if _, err := io.WriteString(silent, pong); err != nil {
					t.Errorf("%s: it was ended: %v", m.Name, err)
				}
			}
			rest, err := io.ReadAll(pinged)
			if errors.Is(err, os.ErrDeadlineExceeded) || string(rest) != ping {
				t.Errorf("%s: without an answer it goes on with %q, %v", m.Name, rest, err)
			}
		})
		half := start(timeouts{time.Hour, limit})
		begun := time.Now()
		r := enter(t, half, "\x81\x85abc")
		waiting.Go(func() {
			rest, err := io.ReadAll(r)
			if errors.Is(err, os.ErrDeadlineExceeded) || len(rest) > 0 || time.Since(begun) < limit*7/8 {
				t.Errorf("%s: half a frame: %q, %v after %v", m.Name, rest, err, time.Since(begun))
			}
		})
	}
	waiting.Wait()
}
