package eventloop_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// The peer has sent bytes that nobody reads. A close would answer them with a reset, which could
// overtake the response.
func TestFinishDeliversTheWholeResponse(t *testing.T) {
	l := start(t, 1)
	closed := make(chan error, 1)
	response := noise(600 << 10)
	calls := 0
	_, peer := accepted(t, l, &handler{
		data: func(c *eventloop.Conn, _ []byte) {
			calls++
			c.PauseRead()
			c.Write(response)
			c.Finish()
			c.Finish()
			c.PauseRead() // what a caller does out of habit must not stop the close
			c.SetDeadline(0)
			c.SetIdle(0)
			c.Write([]byte("after the end"))
		},
		drained: func(_ *eventloop.Conn) { t.Error("Drained after Finish") },
		closed:  func(err error) { closed <- err },
	})
	mustWrite(t, peer, noise(48<<10))
	mustWrite(t, peer, []byte("and more that nobody asked for"))
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, response) {
		t.Errorf("%d bytes of %d came, or others; error %v", len(got), len(response), err)
	}
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	on(t, l, func() {
		if calls != 1 {
			t.Errorf("Data was called %d times", calls)
		}
	})
}

func TestFinishCutsOffAPeerThatNeverCloses(t *testing.T) {
	t.Parallel()
	l := start(t, 1)
	server, peer, closed := acceptedUntilClosed(t, l)
	begin := time.Now()
	on(t, l, func() {
		server.Write([]byte("bye"))
		server.Finish()
		server.SetDeadline(0)
		server.SetIdle(time.Hour)
	})
	if got, err := io.ReadAll(peer); err != nil || string(got) != "bye" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	if took := time.Since(begin); took < 500*time.Millisecond {
		t.Errorf("closed after %v: a slow network's peer had no time to close", took)
	}
}

// A peer that goes on sending must neither be read for ever nor keep the connection alive by it.
func TestFinishIsBounded(t *testing.T) {
	l := start(t, 1)
	server, peer, closed := acceptedUntilClosed(t, l)
	on(t, l, func() {
		server.Write([]byte("bye"))
		server.Finish()
	})
	n, err := io.Copy(peer, endless{})
	if err == nil {
		t.Error("no error from writing without end")
	}
	if n > 16<<20 {
		t.Errorf("%d bytes were taken", n)
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
}

// What a peer sends before it reads does not cut off what it is still to be sent.
func TestFinishSendsAllToAPeerThatTalks(t *testing.T) {
	t.Parallel()
	l := start(t, 1)
	response := noise(24 << 20) // more than the buffers hold
	server, peer := accepted(t, l, &handler{})
	on(t, l, func() {
		server.Write(response)
		server.Finish()
	})
	if _, err := peer.Write(make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(peer)
	if err != nil || !bytes.Equal(got, response) {
		t.Errorf("%d bytes of %d came: %v", len(got), len(response), err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// A peer that reads slowly, but reads, gets all of a response that takes longer than the second of
// lingering.
func TestFinishWaitsForASlowReader(t *testing.T) {
	t.Parallel()
	l := start(t, 1)
	response := noise(1 << 20)
	server, peer := accepted(t, l, &handler{})
	on(t, l, func() {
		server.Write(response)
		server.Finish()
	})
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	var got []byte
	for b := make([]byte, len(response)/40); ; <-pace.C {
		n, err := io.ReadFull(peer, b)
		got = append(got, b[:n]...)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			t.Fatalf("after %d bytes of %d: %v", len(got), len(response), err)
		}
	}
	if !bytes.Equal(got, response) {
		t.Errorf("%d bytes of %d came, or others", len(got), len(response))
	}
}

func TestFinishAfterThePeersEndClosesAtOnce(t *testing.T) {
	l := start(t, 1)
	closed := make(chan error, 1)
	response := noise(400 << 10)
	_, peer := accepted(t, l, &handler{
		data: func(c *eventloop.Conn, b []byte) {
			if len(b) == 0 {
				c.Write(response)
				c.Finish()
			}
		},
		closed: func(err error) { closed <- err },
	})
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(peer); err != nil || !bytes.Equal(got, response) {
		t.Errorf("%d bytes of %d came, or others; error %v", len(got), len(response), err)
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
}

// While it waits for its peer, a finished connection costs nothing.
func TestFinishDoesNotSpin(t *testing.T) {
	l := start(t, 1)
	server, peer := accepted(t, l, &handler{})
	on(t, l, func() {
		server.Write([]byte("bye"))
		server.Finish()
	})
	if _, err := io.ReadAll(peer); err != nil {
		t.Error(err)
	}
	sleeps(t, l, "it waits for its peer", func() { timerPause(t, l, 100*time.Millisecond) })
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseCutsAFinishShort(t *testing.T) {
	l := start(t, 1)
	server, peer, closed := acceptedUntilClosed(t, l)
	on(t, l, func() {
		server.Write(make([]byte, 4*eventloop.MaxBuffered))
		server.Finish()
		server.Close()
	})
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	if n, err := io.Copy(io.Discard, peer); err != nil || n >= 4*eventloop.MaxBuffered {
		t.Errorf("%d bytes came, %v: unsent bytes are dropped by Close", n, err)
	}
}

// A peer that takes nothing of the last response is cut off by the limits that were set before,
// whatever it sends.
func TestFinishKeepsTheLimitsWhileItSends(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(*eventloop.Conn)
		want error
	}{
		"idle":  {func(c *eventloop.Conn) { c.SetIdle(50 * time.Millisecond) }, eventloop.ErrIdle},
		"total": {func(c *eventloop.Conn) { c.SetDeadline(50 * time.Millisecond) }, eventloop.ErrDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, 1)
			server, peer, closed := acceptedUntilClosed(t, l)
			var chatter eventloop.Timer
			chatter.Init(l, func() {
				if _, err := peer.Write([]byte("x")); err == nil { // until the connection has been cut off
					chatter.Set(time.Millisecond)
				}
			})
			on(t, l, func() {
				test.set(server)
				server.Write(make([]byte, 1<<20))
				server.Finish()
				chatter.Set(0)
			})
			if err := receive(t, closed); err != test.want {
				t.Errorf("closed with %v, want %v", err, test.want)
			}
		})
	}
}
