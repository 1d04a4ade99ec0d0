package eventloop_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestAPausedConnectionStopsItsPeerAndLosesNothing(t *testing.T) {
	l := start(t, 1)
	sent := noise(16 << 20)
	var got bytes.Buffer
	got.Grow(len(sent))
	paused := make(chan struct{}, 1)
	server, peer := accepted(t, l, &handler{data: func(c *eventloop.Conn, b []byte) {
		if got.Len() == 0 {
			c.PauseRead()
			paused <- struct{}{}
		}
		got.Write(b)
	}})
	mustWrite(t, peer, sent[:1])
	receive(t, paused)

	n := 0
	sleeps(t, l, "paused", func() {
		err := peer.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		if n, err = peer.Write(sent[1:]); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("wrote %d bytes to a connection that does not read (error %v): its window did not fill", n, err)
		}
	})
	on(t, l, func() {
		if got.Len() != 1 {
			t.Errorf("%d bytes came while paused", got.Len()-1)
		}
	})

	on(t, l, server.ResumeRead)
	if err := peer.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, peer, sent[1+n:])
	until(t, l, func() bool { return got.Len() == len(sent) })
	on(t, l, func() {
		if !bytes.Equal(got.Bytes(), sent) {
			t.Error("what came differs from what was sent")
		}
	})
}

// Pausing and resuming within a turn, as a server does for each request, must not lose what arrives
// in between.
func TestPauseAndResumeInEveryTurn(t *testing.T) {
	l := start(t, 1)
	var later eventloop.Timer
	server, peer := accepted(t, l, &handler{data: func(c *eventloop.Conn, b []byte) {
		c.PauseRead()
		if !c.Write(b) {
			t.Error("a few bytes fill the buffer")
		}
		if len(b)%2 == 0 {
			later.Set(0)
		} else {
			c.ResumeRead()
		}
	}})
	on(t, l, func() { later.Init(l, server.ResumeRead) })
	sent := noise(500)
	for n := 1; len(sent) >= n; n = n%6 + 1 {
		mustWrite(t, peer, sent[:n])
		if got := mustRead(t, peer, n); !bytes.Equal(got, sent[:n]) {
			t.Fatalf("%d bytes from the end: got %v, want %v", len(sent), got, sent[:n])
		}
		sent = sent[n:]
	}
}

// The end of a stream that comes while paused is told after the bytes before it, and costs no turns
// meanwhile.
func TestTheEndWaitsForResume(t *testing.T) {
	l := start(t, 1)
	var got []string
	server, peer := accepted(t, l, &handler{data: func(_ *eventloop.Conn, b []byte) { got = append(got, string(b)) }})
	on(t, l, server.PauseRead)
	mustWrite(t, peer, []byte("last words"))
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	sleeps(t, l, "paused", func() { timerPause(t, l, 100*time.Millisecond) })
	on(t, l, func() {
		if len(got) != 0 {
			t.Errorf("%q came while paused", got)
		}
		server.ResumeRead()
	})
	until(t, l, func() bool { return len(got) == 2 })
	on(t, l, func() {
		if got[0] != "last words" || got[1] != "" {
			t.Errorf("got %q", got)
		}
	})
}

// A paused reader can still write, and is told of the drain.
func TestWritingWhilePaused(t *testing.T) {
	l := start(t, 1)
	drained := make(chan struct{}, 1)
	server, peer := accepted(t, l, &handler{
		data:    func(_ *eventloop.Conn, _ []byte) { t.Error("data while paused") },
		drained: func(_ *eventloop.Conn) { drained <- struct{}{} },
	})
	sent := noise(2 << 20)
	on(t, l, func() {
		server.PauseRead()
		server.Write(sent)
	})
	mustWrite(t, peer, []byte("this must wait"))
	if got := mustRead(t, peer, len(sent)); !bytes.Equal(got, sent) {
		t.Error("what came differs from what was written")
	}
	receive(t, drained)
	on(t, l, server.Close)
}
