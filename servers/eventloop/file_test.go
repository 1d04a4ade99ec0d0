package eventloop_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
	"nodecompare/thorough"
)

// fileOf makes a file of these bytes, and returns its descriptor.
func fileOf(t testing.TB, b []byte) int {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return int(f.Fd())
}

// Several parts of one file come whole and in order, each behind what was written before it, to a
// peer that is slower than the loop.
func TestSendFile(t *testing.T) {
	l := start(t, 1)
	content := noise(3 << 20)
	fd := fileOf(t, content)
	parts := []struct{ from, to int }{{0, 1}, {1, 3 << 20}, {0, 0}, {777, 2 << 20}, {3<<20 - 1, 3 << 20}, {5, 99}}
	var want []byte
	for _, p := range parts {
		want = append(append(want, "head"...), content[p.from:p.to]...)
	}
	waits := 0
	send := func(c *eventloop.Conn) {
		for len(parts) > 0 {
			p := parts[0]
			parts = parts[1:]
			if !c.SendFile([]byte("head"), fd, int64(p.from), int64(p.to-p.from)) {
				return
			}
		}
		c.Finish()
	}
	closed := make(chan error, 1)
	server, peer := accepted(t, l, &handler{drained: func(c *eventloop.Conn) { waits++; send(c) },
		closed: func(err error) { closed <- err }})
	on(t, l, func() { send(server) })
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d came, or others; error %v", len(got), len(want), err)
	}
	peer.Close()
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	if waits < 2 {
		t.Errorf("SendFile was waited for %d times, of two that no buffer holds", waits)
	}
}

// What is buffered goes before the file.
func TestSendFileBehindWhatIsBuffered(t *testing.T) {
	l := start(t, 1)
	before, content := noise(500<<10), noise(200<<10)
	fd := fileOf(t, content)
	server, peer := accepted(t, l, &handler{drained: func(c *eventloop.Conn) { c.Finish() }})
	on(t, l, func() {
		if server.Write(before) {
			t.Error("the buffers hold too much: the test shows nothing")
		}
		if server.SendFile([]byte("head"), fd, 0, int64(len(content))) {
			t.Error("SendFile answered true while nothing can be sent")
		}
	})
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, append(append(before, "head"...), content...)) {
		t.Errorf("%d bytes came, %v", len(got), err)
	}
}

func TestSendFileEndsWith(t *testing.T) {
	content := noise(1 << 20)
	for name, test := range map[string]struct {
		length int64
		do     func(c *eventloop.Conn)
		want   error
		sent   int // of the head and the file; -1 for some of them
	}{
		"a file that is shorter": {1<<20 + 1, func(*eventloop.Conn) {}, io.ErrUnexpectedEOF, 1<<20 + 4},
		"a writer that did not wait": {1 << 20, func(c *eventloop.Conn) { c.Write([]byte("x")) },
			eventloop.ErrBufferFull, -1},
		"a second file at once": {1 << 20, func(c *eventloop.Conn) { c.SendFile([]byte("x"), 0, 0, 1) },
			eventloop.ErrBufferFull, -1},
		"Close": {1 << 20, (*eventloop.Conn).Close, nil, -1},
		// it closes only once it has sent everything
		"Finish": {1 << 20, (*eventloop.Conn).Finish, nil, 1<<20 + 4},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, 1)
			fd := fileOf(t, content)
			server, peer, closed := acceptedUntilClosed(t, l)
			on(t, l, func() {
				if server.SendFile([]byte("head"), fd, 0, test.length) {
					t.Error("the buffers hold all: the test shows nothing")
				}
				test.do(server)
			})
			n, err := io.Copy(io.Discard, peer)
			if test.sent >= 0 && (err != nil || n != int64(test.sent)) || n >= 1<<20+4 && test.sent < 0 {
				t.Errorf("%d bytes came, and %v", n, err)
			}
			peer.Close()
			if err := receive(t, closed); !errors.Is(err, test.want) {
				t.Errorf("closed with %v, want %v", err, test.want)
			}
		})
	}
}

// A peer that goes away in the middle is noticed, and so is one that takes nothing for too long.
func TestSendFileToAPeerThat(t *testing.T) {
	t.Parallel()
	const limit = 300 * time.Millisecond
	content := noise(1 << 20)
	for name, test := range map[string]struct {
		finish bool
		peer   func(peer io.Closer)
		want   error // nil for any
	}{
		"leaves":        {false, func(peer io.Closer) { peer.Close() }, nil},
		"takes nothing": {false, func(io.Closer) {}, eventloop.ErrIdle},
		"takes no more": {true, func(io.Closer) {}, eventloop.ErrIdle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t, 1)
			fd := fileOf(t, content)
			server, peer, closed := acceptedUntilClosed(t, l)
			on(t, l, func() {
				server.SetIdle(limit)
				server.SendFile(nil, fd, 0, 1<<20)
				if test.finish {
					server.Finish()
				}
			})
			test.peer(peer)
			if err := receive(t, closed); err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("closed with %v, want %v", err, test.want)
			}
		})
	}
}

// A peer that takes little at a time is not idle.
func TestSendFileToASlowPeer(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	const limit = 2 * time.Second // which a machine that stands still for a moment must not reach
	l := start(t, 1)
	fd := fileOf(t, noise(4<<20))
	server, peer, closed := acceptedUntilClosed(t, l)
	on(t, l, func() {
		server.SetIdle(limit)
		if server.SendFile(nil, fd, 0, 4<<20) {
			t.Error("the buffers hold all: the test shows nothing")
		}
	})
	for end := time.Now().Add(2 * limit); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		if _, err := io.CopyN(io.Discard, peer, 16<<10); err != nil {
			t.Fatal(err)
		}
	}
	on(t, l, func() {})
	if len(closed) > 0 {
		t.Errorf("closed with %v", receive(t, closed))
	}
}
