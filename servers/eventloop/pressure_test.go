package eventloop_test

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

func TestAPeerThatDoesNotReadIsFelt(t *testing.T) {
	l := start(t, 1)
	const chunk = 32 << 10
	sent := noise(16 << 20)
	written, drained := 0, 0
	write := func(c *eventloop.Conn) {
		for written < len(sent) {
			b := sent[written : written+chunk]
			written += chunk
			if !c.Write(b) {
				return
			}
		}
	}
	server, peer := accepted(t, l,
		&handler{drained: func(c *eventloop.Conn) { drained++; write(c) }, closed: func(err error) {
			if !errors.Is(err, eventloop.ErrStopped) {
				t.Errorf("closed: %v", err)
			}
		}})
	on(t, l, func() {
		write(server)
		// The kernel's buffers hold well under a megabyte, as listen and dial have set them.
		if written < eventloop.MaxBuffered || written > eventloop.MaxBuffered+2<<20 {
			t.Errorf("Write answered false after %d bytes", written)
		}
	})
	first := 0
	on(t, l, func() { first = written })
	on(t, l, func() {
		if written != first || drained != 0 {
			t.Error("drained although nobody has read")
		}
	})
	if got := mustRead(t, peer, len(sent)); !bytes.Equal(got, sent) {
		t.Error("what came differs from what was written")
	}
	on(t, l, func() {
		if drained == 0 {
			t.Error("Drained was never called")
		}
	})
}

func TestAWriterThatDoesNotWaitIsCutOff(t *testing.T) {
	l := start(t, 1)
	server, _, closed := acceptedUntilClosed(t, l)
	written := 0
	on(t, l, func() {
		b := make([]byte, 16<<10)
		for ; written < 64<<20; written += len(b) {
			server.Write(b)
		}
	})
	if err := receive(t, closed); !errors.Is(err, eventloop.ErrBufferFull) {
		t.Errorf("closed with %v, want ErrBufferFull", err)
	}
}

// A second writer that asks while less than the limit is left must not make the first one's Drained
// forgotten.
func TestDrainedIsOwedUntilItComes(t *testing.T) {
	l := start(t, 1)
	drained := make(chan struct{}, 8)
	server, peer := accepted(t, l, &handler{drained: func(_ *eventloop.Conn) { drained <- struct{}{} }})
	total := 0
	on(t, l, func() {
		b := make([]byte, 8<<10)
		for ok := true; ok; total += len(b) {
			ok = server.Write(b)
		}
	})
	// The peer reads until the connection takes small writes again, which is before it has been
	// drained.
	read := 0
	for taken := false; !taken; {
		read += len(mustRead(t, peer, 4<<10))
		on(t, l, func() { taken = server.Write([]byte{1}) })
		total++
	}
	if len(drained) > 0 {
		t.Fatal("drained while the peer has left the buffer half full")
	}
	mustRead(t, peer, total-read)
	receive(t, drained)
	on(t, l, func() {})
	if len(drained) > 0 {
		t.Error("Drained was called again with nothing owed")
	}
}

// A stream whose buffer never runs empty, since its writer and its reader keep step, must not keep
// what was sent.
func TestAStreamThatIsNeverDrainedDoesNotGrow(t *testing.T) {
	l := start(t, 1)
	server, peer := accepted(t, l,
		&handler{drained: func(_ *eventloop.Conn) { t.Error("the buffer ran empty: the test shows nothing") }})
	const chunk, ahead, total = 16 << 10, 1 << 20, 96 << 20
	before := heap()
	sent := noise(chunk)
	on(t, l, func() {
		for n := 0; n < ahead && server.Write(sent); n += chunk {
		}
	})
	for n := 0; n < total; n += chunk {
		if !bytes.Equal(mustRead(t, peer, chunk), sent) {
			t.Fatalf("after %d bytes: not what was written", n)
		}
		on(t, l, func() { server.Write(sent) })
	}
	if grown := heap() - before; grown > 16<<20 {
		t.Errorf("%d MiB are held after a stream of %d MiB of which less than 1 was unsent at any time",
			grown>>20, total>>20)
	}
	on(t, l, server.Close)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestWritesInsideDrainedAreSentInOrder(t *testing.T) {
	l := start(t, 1)
	sent := noise(3 << 20)
	parts := [][]byte{sent[:1<<20], sent[1<<20 : 2<<20], sent[2<<20:]}
	next := 0
	write := func(c *eventloop.Conn) {
		if next < len(parts) {
			next++
			c.Write(parts[next-1][:100])
			c.Write(parts[next-1][100:])
		}
	}
	server, peer := accepted(t, l, &handler{drained: write})
	on(t, l, func() { write(server) })
	if got := mustRead(t, peer, len(sent)); !bytes.Equal(got, sent) {
		t.Error("what came differs from what was written")
	}
}

// The event that empties the buffer brings bytes as well, as every one does here: a handler that
// closes in Drained gets no Data.
func TestClosingInsideDrainedIsTheEndOfData(t *testing.T) {
	l := start(t, 1)
	over := false
	closed := make(chan error, 1)
	server, peer := accepted(t, l, &handler{
		data: func(_ *eventloop.Conn, _ []byte) {
			if over {
				t.Error("data after Close")
			}
		},
		drained: func(c *eventloop.Conn) { over = true; c.Close() },
		closed:  func(err error) { closed <- err },
	})
	total := 1 << 20
	on(t, l, func() { server.Write(make([]byte, total)) })
	b := make([]byte, 64<<10)
	for total > 0 {
		on(t, l, func() {
			if over {
				total = 0
				return
			}
			mustWrite(t, peer, []byte("x"))
			n, err := peer.Read(b)
			if err != nil {
				t.Error(err)
				total = 0
			}
			total -= n
		})
	}
	if err := receive(t, closed); err != nil {
		t.Errorf("closed with %v, want nil", err)
	}
}

// A buffer that is full asks the kernel once more: the peer may have read since the kernel refused.
func TestFullBufferAsksTheKernelAgain(t *testing.T) {
	l := start(t, 1)
	server, peer := accepted(t, l, &handler{})
	on(t, l, func() {
		for server.Write(make([]byte, 64<<10)) {
		}
		held := make([]byte, 1<<20)
		for {
			if err := peer.SetReadDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Error(err)
			}
			if _, err := peer.Read(held); err != nil { // it has read all that the kernel held
				break
			}
		}
		if !server.Write([]byte("x")) {
			t.Error("it takes no more, while the kernel has room")
		}
	})
}
