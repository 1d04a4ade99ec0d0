package eventloop_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"nodecompare/servers/eventloop"
	"nodecompare/thorough"
)

// In a turn no more than 1 MiB of a file is sent, although the kernel would take all of it at once:
// the others of the loop have their turn in between.
func TestSendFileSharesTheLoop(t *testing.T) {
	const size = 8 << 20
	l := start(t, 1)
	fd := fileOf(t, make([]byte, size))
	drained := make(chan struct{}, 1)
	server, _ := accepted(t, l, &handler{drained: func(*eventloop.Conn) { drained <- struct{}{} }})
	turns, done := 0, false
	var count func()
	count = func() {
		if turns++; !done {
			l.Post(count)
		}
	}
	var err error
	atOnce := false
	on(t, l, func() {
		if err = unix.SetsockoptInt(server.Descriptor(), unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4*size); err != nil {
			return
		}
		atOnce = server.SendFile(nil, fd, 0, size)
		count()
	})
	if err != nil {
		thorough.Lacks(t, "no permission to give a socket a large buffer: "+err.Error())
	}
	if atOnce {
		t.Fatal("all of it was sent at once")
	}
	receive(t, drained)
	on(t, l, func() {
		if done = true; turns < 7 {
			t.Errorf("8 MiB were sent in %d turns", turns)
		}
	})
	on(t, l, func() {})
}
