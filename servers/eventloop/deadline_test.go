package eventloop_test

import (
	"errors"
	"math"
	"net"
	"os"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// limits are short where a connection must be closed by them, and an hour where it must not.
func TestDeadlinesCloseAConnection(t *testing.T) {
	const short, long = 20 * time.Millisecond, time.Hour
	for name, test := range map[string]struct {
		set  func(*eventloop.Conn)
		want error
	}{
		"idle":  {func(c *eventloop.Conn) { c.SetIdle(short) }, eventloop.ErrIdle},
		"total": {func(c *eventloop.Conn) { c.SetDeadline(short) }, eventloop.ErrDeadline},
		"both, idle first": {func(c *eventloop.Conn) { c.SetDeadline(long); c.SetIdle(short) },
			eventloop.ErrIdle},
		"both, total first": {func(c *eventloop.Conn) { c.SetIdle(long); c.SetDeadline(short) },
			eventloop.ErrDeadline},
		"moved to earlier": {func(c *eventloop.Conn) { c.SetIdle(long); c.SetIdle(short) }, eventloop.ErrIdle},
		"total moved to earlier": {func(c *eventloop.Conn) { c.SetDeadline(long); c.SetDeadline(short) },
			eventloop.ErrDeadline},
		"total taken away": {func(c *eventloop.Conn) {
			c.SetDeadline(short)
			c.SetDeadline(0)
			c.SetIdle(2 * short)
		}, eventloop.ErrIdle},
		"idle taken away": {func(c *eventloop.Conn) {
			c.SetIdle(short)
			c.SetIdle(0)
			c.SetDeadline(2 * short)
		}, eventloop.ErrDeadline},
		"idle longer than time": {func(c *eventloop.Conn) {
			c.SetIdle(math.MaxInt64)
			c.SetDeadline(short)
		}, eventloop.ErrDeadline},
		"total longer than time": {func(c *eventloop.Conn) {
			c.SetDeadline(math.MaxInt64)
			c.SetIdle(short)
		}, eventloop.ErrIdle},
		"taken away and set anew": {func(c *eventloop.Conn) {
			c.SetIdle(long)
			c.SetIdle(0)
			c.SetIdle(short)
		}, eventloop.ErrIdle},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t, 1)
			server, _, closed := acceptedUntilClosed(t, l)
			begin := time.Now()
			on(t, l, func() { test.set(server) })
			err := receive(t, closed)
			if err != test.want || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("closed with %v, want %v", err, test.want)
			}
			if took := time.Since(begin); took < short {
				t.Errorf("closed after %v, the limit is %v", took, short)
			}
		})
	}
}

func TestLimitsThatAreTakenAwayDoNotClose(t *testing.T) {
	l := start(t, 1)
	const short = 5 * time.Millisecond
	server, peer := accepted(t, l, &handler{closed: func(err error) {
		if !errors.Is(err, eventloop.ErrStopped) {
			t.Errorf("closed: %v", err)
		}
	}})
	on(t, l, func() {
		server.SetIdle(short)
		server.SetDeadline(short)
		server.SetIdle(0)
		server.SetDeadline(0)
	})
	timerPause(t, l, 10*short)
	on(t, l, func() {
		server.SetIdle(math.MaxInt64)
		server.SetDeadline(math.MaxInt64)
	})
	timerPause(t, l, 10*short)
	on(t, l, func() { server.Write([]byte("alive")) })
	mustRead(t, peer, 5)
}

// A connection on which something moves outlives its idle time many times over. The bytes come from
// timers of the same loop, set for a quarter of it, so that a slow machine delays both alike.
func TestMovementKeepsAConnectionAlive(t *testing.T) {
	t.Parallel()
	const idle, beats = 400 * time.Millisecond, 12
	for _, direction := range []string{"in", "out"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			l := start(t, 1)
			server, peer, closed := acceptedUntilClosed(t, l)
			n := 0
			beaten := make(chan struct{})
			var beat eventloop.Timer
			beat.Init(l, func() {
				if direction == "in" {
					mustWrite(t, peer, []byte("x"))
				} else {
					server.Write([]byte("x"))
				}
				if n++; n == beats {
					close(beaten)
					return
				}
				beat.Set(idle / 4)
			})
			begin := time.Now()
			on(t, l, func() {
				server.SetIdle(idle)
				beat.Set(0)
			})
			select {
			case <-beaten:
			case err := <-closed:
				t.Fatalf("closed with %v after %v and %d beats", err, time.Since(begin), n)
			}
			if err := receive(t, closed); err != eventloop.ErrIdle {
				t.Errorf("closed with %v, want ErrIdle", err)
			}
			if took := time.Since(begin); took < beats/4*idle {
				t.Errorf("closed after %v", took)
			}
		})
	}
}

// A loop that a handler holds for longer than the idle time reads what came meanwhile before it
// closes, and runs the timers that were due: to write, too.
func TestHeldLoopReadsBeforeItCloses(t *testing.T) {
	const idle = 300 * time.Millisecond
	for _, direction := range []string{"in", "out"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			l := start(t, 1)
			server, peer, closed := acceptedUntilClosed(t, l)
			var begin time.Time
			var hold, later eventloop.Timer
			later.Init(l, func() { server.Write([]byte("x")) })
			held := func() {
				begin = time.Now()
				server.Write([]byte("x")) // moves the limit, and leaves its timer where it is
				if direction == "out" {
					later.Set(idle * 3 / 4)
				}
				time.Sleep(idle * 3 / 2)
				if direction == "in" {
					mustWrite(t, peer, []byte("x"))
				}
			}
			hold.Init(l, func() { l.Post(held) }) // what is posted runs after the sockets, before the timers
			on(t, l, func() {
				server.SetIdle(idle)
				hold.Set(idle / 2)
			})
			if err := receive(t, closed); err != eventloop.ErrIdle {
				t.Errorf("closed with %v, want ErrIdle", err)
			}
			if took := time.Since(begin); took < idle*5/2 {
				t.Errorf("closed after %v: as if nothing had come", took)
			}
		})
	}
}

// A peer that takes nothing is idle, however often the other side tries to write.
func TestWritesThatTheKernelRefusesAreNoMovement(t *testing.T) {
	l := start(t, 1)
	server, _, closed := acceptedUntilClosed(t, l)
	var beat eventloop.Timer
	beat.Init(l, func() {
		server.Write([]byte("x"))
		beat.Set(time.Millisecond)
	})
	on(t, l, func() {
		for server.Write(make([]byte, 1024)) {
		}
		server.SetIdle(50 * time.Millisecond)
		beat.Set(0)
	})
	if err := receive(t, closed); err != eventloop.ErrIdle {
		t.Errorf("closed with %v, want ErrIdle", err)
	}
	on(t, l, beat.Stop)
}

// A deadline too leaves what had come in time to be read, as when the answer to a call lies in the
// kernel; and so does a limit of one of more connections than a poll returns.
func TestHeldLoopReadsWhatCameInTime(t *testing.T) {
	t.Parallel()
	const limit, connections = 300 * time.Millisecond, 600
	for name, set := range map[string]func(*eventloop.Conn, time.Duration){
		"total": (*eventloop.Conn).SetDeadline, "idle": (*eventloop.Conn).SetIdle,
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, 1)
			heard := make(chan struct{}, connections)
			closed := make(chan error, connections)
			var servers []*eventloop.Conn
			var peers []*net.TCPConn
			_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
				servers = append(servers, c)
				return &handler{
					conn: c,
					data: func(c *eventloop.Conn, _ []byte) {
						set(c, 0)
						heard <- struct{}{}
					},
					closed: func(err error) { closed <- err },
				}
			})
			for range connections {
				peers = append(peers, dial(t, addr))
			}
			for all := 0; all < connections; {
				on(t, l, func() { all = len(servers) })
			}
			on(t, l, func() {
				for i, c := range servers {
					set(c, limit)
					mustWrite(t, peers[i], []byte("x"))
				}
				time.Sleep(2 * limit)
			})
			for range connections {
				select {
				case <-heard:
				case err := <-closed:
					t.Fatalf("closed with %v, and a byte in the kernel", err)
				}
			}
		})
	}
}
