package eventloop_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestEchoOfMuchMoreThanTheBuffersHold(t *testing.T) {
	l := start(t, 1)
	open := 0
	_, addr := listen(t, l, counting(&open, echo))
	sent := noise(2 << 20)
	var group sync.WaitGroup
	for range 4 {
		peer := dial(t, addr)
		group.Go(func() {
			if _, err := peer.Write(sent); err != nil {
				t.Error(err)
			}
			if err := peer.CloseWrite(); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			got, err := io.ReadAll(peer)
			if err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes of %d came back, or others; error %v", len(got), len(sent), err)
			}
		})
	}
	group.Wait()
	until(t, l, func() bool { return open == 0 })
}

func TestEchoOfBytesThatComeOneByOne(t *testing.T) {
	l := start(t, 1)
	_, addr := listen(t, l, echo)
	peer := dial(t, addr)
	for _, b := range noise(300) {
		mustWrite(t, peer, []byte{b})
		if got := mustRead(t, peer, 1); got[0] != b {
			t.Fatalf("got %x, want %x", got[0], b)
		}
	}
}

func TestThousandsOfConnections(t *testing.T) {
	n := 4000
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	n = min(n, int(limit.Cur)/2-100) // both ends are ours
	if testing.Short() {
		n = min(n, 500)
	}
	l := start(t, 1)
	open := 0
	_, addr := listen(t, l, counting(&open, echo))
	peers := make([]net.Conn, n)
	for i := range peers {
		peers[i] = dial(t, addr)
	}
	// All are open at once, and none gets another's bytes.
	for round := range 3 {
		for i, peer := range peers {
			mustWrite(t, peer, []byte{byte(i), byte(i >> 8), byte(round)})
		}
		for i, peer := range peers {
			if got := mustRead(t, peer, 3); !bytes.Equal(got, []byte{byte(i), byte(i >> 8), byte(round)}) {
				t.Fatalf("round %d, connection %d: got %v", round, i, got)
			}
		}
	}
	on(t, l, func() {
		if open != n {
			t.Errorf("%d connections are open, want %d", open, n)
		}
	})
	for _, peer := range peers {
		if err := peer.Close(); err != nil {
			t.Error(err)
		}
	}
	until(t, l, func() bool { return open == 0 })
}

// The end of the peer's stream is told once, and this side can still write.
func TestHalfClose(t *testing.T) {
	l := start(t, 1)
	ends := 0
	closed := make(chan error, 1)
	server, peer := accepted(t, l, &handler{
		data: func(_ *eventloop.Conn, b []byte) {
			if len(b) == 0 {
				ends++
			}
		},
		closed: func(err error) { closed <- err },
	})
	mustWrite(t, peer, []byte("the request"))
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	until(t, l, func() bool { return ends > 0 })
	sleeps(t, l, "its peer has ended", func() { timerPause(t, l, 100*time.Millisecond) })
	sent := noise(1 << 20)
	on(t, l, func() { server.Write(sent) })
	if got := mustRead(t, peer, len(sent)); !bytes.Equal(got, sent) {
		t.Error("the answer differs")
	}
	on(t, l, server.Finish)
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
	on(t, l, func() {
		if ends != 1 {
			t.Errorf("the end was told %d times", ends)
		}
	})
}

func TestResetByPeer(t *testing.T) {
	for _, paused := range []bool{false, true} {
		l := start(t, 1)
		server, peer, closed := acceptedUntilClosed(t, l)
		if paused {
			on(t, l, server.PauseRead)
		}
		reset(t, peer)
		if err := receive(t, closed); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("paused %v: closed with %v, want a reset", paused, err)
		}
	}
}

func TestResetByPeerWithUnsentBytes(t *testing.T) {
	l := start(t, 1)
	closed := make(chan error, 1)
	server, peer := accepted(t, l, &handler{
		drained: func(_ *eventloop.Conn) { t.Error("drained although the peer never read") },
		closed:  func(err error) { closed <- err },
	})
	on(t, l, func() { server.Write(make([]byte, 4<<20)) })
	reset(t, peer)
	if err := receive(t, closed); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("closed with %v, want a reset or a broken pipe", err)
	}
}

// timerPause lets the loop run for d, measured by itself: an interval to observe it in, not a wait
// for something.
func timerPause(t *testing.T, l *eventloop.Loop, d time.Duration) {
	t.Helper()
	over := make(chan struct{})
	on(t, l, func() {
		var timer eventloop.Timer
		timer.Init(l, func() { close(over) })
		timer.Set(d)
	})
	receive(t, over)
}
