package servers

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/servers/websocket"
)

// TestFloodBetweenLoops has a member say more than another loop spreads, which stands still. The
// member's loop takes no more than its share, and goes on when the other does.
func TestFloodBetweenLoops(t *testing.T) {
	for name, places := range map[string]struct{ talks, listens, owns, held int }{
		"into the room of another loop": {talks: 0, listens: 1, owns: 1, held: 1},
		"to members on another loop":    {talks: 0, listens: 1, owns: 0, held: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var loops []*asyncLoop
			s := startModel(t, "async", Config{Loops: 2}, func(m model) { loops = m.(*async).loops })
			hold := func() (release func()) {
				gate, held := make(chan struct{}), make(chan struct{})
				loops[places.held].Post(func() { close(held); <-gate })
				<-held
				return func() { close(gate) }
			}
			var talker, listener net.Conn
			var heard, echo *bufio.Reader
			enterTalker := func() {
				talker = connectTo(t, s, loops[places.talks])
				echo = enter(t, talker, "")
			}
			if places.owns == places.talks { // who comes first has the room
				enterTalker()
			}
			listener = connectTo(t, s, loops[places.listens])
			heard = enter(t, listener, "")
			if talker == nil {
				enterTalker()
			}

			const burst = 2000
			var said, want []byte
			for i := range burst {
				text := fmt.Sprintf("%04d", i)
				said = append(said, masked(text)...)
				want = websocket.AppendFrame(want, websocket.Text, []byte(text))
			}
			release := hold()
			if _, err := talker.Write(said); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond) // for what was said to lie before the loop that is held
			release()
			for who, r := range map[string]*bufio.Reader{"who listens": heard, "who talks": echo} {
				got := make([]byte, len(want))
				if n, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s heard %d bytes of %d, %v", who, n, len(want), err)
				}
			}

			defer hold()()
			go io.Copy(io.Discard, echo)
			const flood = 10_000 // 40 MB, several times what the kernel keeps
			message := masked(strings.Repeat("x", websocket.MaxMessage))
			var sent atomic.Int64
			go func() {
				for range flood {
					if _, err := talker.Write(message); err != nil {
						return // it ends with the test
					}
					sent.Add(1)
				}
			}()
			for last := int64(-1); sent.Load() != last; time.Sleep(500 * time.Millisecond) {
				last = sent.Load()
			}
			if sent.Load() == flood {
				t.Error("it took all that was said while the other loop stood still")
			}
		})
	}
}

// connectTo gives a connection that a loop serves.
func connectTo(t *testing.T, s *Server, l *asyncLoop) net.Conn {
	t.Helper()
	for {
		before := l.open.Load()
		c := connect(t, s)
		if !ask(t, c) {
			t.Fatal("no answer")
		}
		if l.open.Load() > before {
			return c
		}
	}
}

// masked is a client's frame.
func masked(text string) []byte {
	b := []byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}
	if len(text) > 125 {
		b = []byte{0x81, 0x80 | 126, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	}
	return append(b, text...)
}
