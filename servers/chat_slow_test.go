package servers_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"nodecompare/servers"
	"nodecompare/thorough"
)

// TestChatKeepsLittleForALaggard has one member read nothing for a while, which holds nobody up:
// who begins to read in time has everything, in order, and who never does is cut off and counted.
func TestChatKeepsLittleForALaggard(t *testing.T) {
	thorough.Only(t)
	long := strings.Repeat("0123456789abcdef", 255)
	eachChat(t, servers.Config{PoolSize: 6, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		late, never := s.raw(t, "lobby", "", whole), s.raw(t, "other", "", whole)
		talker, listener := s.join(t, "lobby"), s.join(t, "other")
		say := func(c *chatter, i int) {
			text := fmt.Sprintf("%15d %s", i, long)
			c.say(text)
			if got := c.hear(); got != text {
				t.Fatalf("message %d: %s", i, difference(got, text))
			}
		}
		const held = 60 // messages, of 4 KiB: less than is kept
		for i := range held {
			say(talker, i)
		}
		for i := range held {
			if got, want := late.next(), fmt.Sprintf("text %15d %s", i, long); got != want {
				t.Fatalf("the late reader's message %d: %s", i, difference(got, want))
			}
		}
		say(talker, held)
		if got := late.next(); !strings.HasPrefix(got, fmt.Sprintf("text %15d ", held)) {
			t.Errorf("it goes on with %.40q", got)
		}
		// With what the kernel keeps besides, some megabytes are more than enough.
		n := 0
		for ; s.figures(t).SlowClosed == 0; n++ {
			if n > 4000 {
				t.Fatalf("for a member who never reads %d messages of 4 KiB are kept", n)
			}
			say(listener, n)
		}
		if n < 60 {
			t.Errorf("a member is cut off after %d messages of 4 KiB, and 256 KiB are to be kept", n)
		}
		if _, err := io.Copy(io.Discard, never); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the connection of a member who was cut off goes on")
		}
		eventually(t, "the other members are there", func() bool { return s.figures(t).Members == 3 })
		say(listener, n)
		if f := s.figures(t); f.SlowClosed != 1 || f.Rooms != 2 {
			t.Errorf("figures %+v", f)
		}
	})
}

// TestChatAmongTheHostile has members who never read, and others who owe the rest of a frame and do
// not read either. All of them are cut off, and those who behave hear everything.
func TestChatAmongTheHostile(t *testing.T) {
	thorough.Only(t)
	const each = 100
	long := strings.Repeat("0123456789abcdef", 255)
	eachChat(t, servers.Config{PoolSize: 2*each + 8, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		talker, listener := s.join(t, "lobby"), s.join(t, "lobby")
		for range each {
			s.raw(t, "lobby", "", whole)
			s.raw(t, "lobby", frame(fin|textFrame, long)[:2000], whole)
		}
		n := 0
		for ; s.figures(t).SlowClosed < 2*each; n++ {
			if n > 4000 {
				t.Fatalf("%d messages of 4 KiB are kept: %+v", n, s.figures(t))
			}
			text := fmt.Sprintf("%15d %s", n, long)
			talker.say(text)
			for _, c := range []*chatter{talker, listener} {
				if got := c.hear(); got != text {
					t.Fatalf("message %d: %s", n, difference(got, text))
				}
			}
		}
		eventually(t, "only two members are left", func() bool { return s.figures(t).Members == 2 })
		if f := s.figures(t); f.SlowClosed != 2*each || f.Messages != n {
			t.Errorf("after %d messages: %+v", n, f)
		}
	})
}
