package servers

import (
	"bufio"
	"bytes"
	"errors"
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

			release = hold()
			flooded := make(chan struct{})
			go func() { defer close(flooded); io.Copy(io.Discard, echo) }()
			const flood = 10_000 // 40 MB, several times what the kernel keeps
			message := masked(strings.Repeat("x", websocket.MaxMessage))
			var sent atomic.Int64
			go func() {
				defer talker.(*net.TCPConn).CloseWrite()
				for range flood {
					if _, err := talker.Write(message); err != nil {
						return // it ends with the test
					}
					sent.Add(1)
				}
			}()
			for last := int64(-1); sent.Load() == 0 || sent.Load() != last; time.Sleep(500 * time.Millisecond) {
				last = sent.Load()
			}
			if sent.Load() == flood {
				t.Error("it took all that was said while the other loop stood still")
			}
			release()
			<-flooded // with the end of the talker, behind all that it said
			if n := sent.Load(); n != flood {
				t.Errorf("then it took %d messages of %d", n, flood)
			}
		})
	}
}

// TestLastWordsBetweenLoops has a member say more than another loop spreads, which stands still:
// then it goes, in order behind a ping, or with a reset. What the server has read is heard.
func TestLastWordsBetweenLoops(t *testing.T) {
	for name, reset := range map[string]bool{"closes": false, "resets": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var loops []*asyncLoop
			s := startModel(t, "async", Config{Loops: 2}, func(m model) { loops = m.(*async).loops })
			listener := connectTo(t, s, loops[1])
			heard := enter(t, listener, "")
			talker := connectTo(t, s, loops[0])
			echo := enter(t, talker, "")
			gate, held := make(chan struct{}), make(chan struct{})
			loops[1].Post(func() { close(held); <-gate })
			<-held
			var said, want []byte
			for i := range 200 {
				text := fmt.Sprintf("%04d", i)
				said = append(said, masked(text)...)
				want = websocket.AppendFrame(want, websocket.Text, []byte(text))
			}
			said = append(said, 0x89, 0x80, 0, 0, 0, 0, 0x88, 0x80, 0, 0, 0, 0) // ping, close
			if _, err := talker.Write(said); err != nil {
				t.Fatal(err)
			}
			for crowded := false; !crowded; {
				done := make(chan struct{})
				loops[0].Post(func() {
					for _, c := range loops[0].conns {
						crowded = crowded || c.crowded.Load()
					}
					close(done)
				})
				<-done
			}
			if before := loops[0].open.Load(); reset {
				if err := errors.Join(talker.(*net.TCPConn).SetLinger(0), talker.Close()); err != nil {
					t.Fatal(err)
				}
				for loops[0].open.Load() == before {
					time.Sleep(time.Millisecond)
				}
			}
			close(gate)
			got := make([]byte, len(want))
			if n, err := io.ReadFull(heard, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("who listens heard %d bytes of %d, %v", n, len(want), err)
			}
			if reset {
				return
			}
			all, err := io.ReadAll(echo)
			if end := []byte{0x8a, 0, 0x88, 0}; err != nil || !bytes.Contains(all, []byte{0x8a, 0}) ||
				!bytes.HasSuffix(all, end[2:]) {
				t.Errorf("who talks heard %d bytes, which end with % x, %v", len(all), all[max(0, len(all)-4):], err)
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
