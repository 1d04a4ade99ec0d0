package child_test

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"nodecompare/servers/child"
)

// A server left over from an earlier run answers on the port that the child names: it must not be
// measured in its place.
func TestStartRefusesAnotherProcessesSocket(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		close bool
		want  string
	}{
		"listened on by another": {false, "is listened on by another process"},
		"not listened on":        {true, "nothing listens on port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			heard := make(chan int)
			go func() { heard <- hear(other) }()
			if test.close {
				other.Close()
			}
			c := playing("names-other-port")
			c.Env = append(c.Env, "OTHER_PORT="+strconv.Itoa(other.Addr().(*net.TCPAddr).Port))
			c.ReadyTimeout = 2 * time.Second
			p, err := child.Start(t.Context(), c)
			if err == nil {
				t.Fatalf("started, pid %d", p.PID)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			other.Close()
			if n := <-heard; n != 0 {
				t.Errorf("the other process was sent %d bytes", n)
			}
		})
	}
}

// hear counts the bytes that clients send until the listener is closed.
func hear(l net.Listener) (n int) {
	for {
		c, err := l.Accept()
		if err != nil {
			return n
		}
		sent, err := io.ReadAll(c)
		n += len(sent)
		if errors.Join(err, c.Close()) != nil {
			return n + 1
		}
	}
}
