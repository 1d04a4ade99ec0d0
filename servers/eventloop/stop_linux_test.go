package eventloop_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// descriptors lists what this process holds, but for Go's own poller, which comes with the first
// socket and stays.
func descriptors(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var open []string
	for _, e := range entries {
		name := filepath.Join("/proc/self/fd", e.Name())
		target, err := os.Readlink(name)
		if err == nil && !strings.HasPrefix(target, "/proc/") { // the directory itself, closed by now
			open = append(open, e.Name()+" "+target)
		}
	}
	return open
}

// Everything that a loop can hold is pending when it is stopped: nothing of it may be left.
func TestStopLeavesNothingBehind(t *testing.T) {
	warm, err := net.Listen("tcp", "127.0.0.1:0") // Go's own poller opens its descriptors here
	if err != nil {
		t.Fatal(err)
	}
	if err := warm.Close(); err != nil {
		t.Fatal(err)
	}
	before := descriptors(t)

	l, err := eventloop.New(3)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	const n = 20
	closed := make(chan error, 10*n)
	watched := func() *handler { return &handler{closed: func(err error) { closed <- err }} }
	conns := make(chan *eventloop.Conn, n)
	_, addr := listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		conns <- c
		return watched()
	})
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var peers []*net.TCPConn
	for range n {
		peers = append(peers, dial(t, addr))
	}
	// they are taken on the loop's thread, which could not accept meanwhile
	until(t, l, func() bool { return len(conns) == n })
	var timers [n]eventloop.Timer
	release := make(chan struct{})
	worked := make(chan struct{}, n)
	ran := 0
	on(t, l, func() {
		for i := range n {
			c := <-conns
			switch i % 4 {
			case 0:
				c.SetIdle(time.Hour)
			case 1:
				c.SetDeadline(time.Hour)
				c.PauseRead()
			case 2:
				c.Write(make([]byte, 1<<20))
			case 3:
				c.Write(make([]byte, 1<<20))
				c.Finish()
			}
			timers[i].Init(l, func() { t.Error("a timer of an hour ran") })
			timers[i].Set(time.Hour)
			l.Work(func() { <-release; worked <- struct{}{} }, func() { ran++ })
			if _, err := l.Dial(parse(silent.Addr().String()), watched()); err != nil {
				t.Error(err)
			}
		}
		for range 10 {
			l.Post(func() {
				ran++
				l.Post(func() { ran++ }) // may be refused, and is run if it is not
			})
		}
		l.Stop()
		close(release)
	})
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
	if len(closed) != 2*n {
		t.Errorf("Closed was called %d times, want %d", len(closed), 2*n)
	}
	for range len(closed) {
		if err := <-closed; err != eventloop.ErrStopped {
			t.Errorf("closed with %v, want ErrStopped", err)
		}
	}
	if ran < 10+len(worked) {
		t.Errorf("%d functions ran, want the 10 that were posted and %d completions at least", ran, len(worked))
	}
	if l.Timers() > 0 || l.Posted() > 0 || l.Queued() > 0 {
		t.Errorf("left: %d timers, %d posted functions, %d jobs", l.Timers(), l.Posted(), l.Queued())
	}
	for i := range timers {
		timers[i].Stop() // late, and harmless
	}
	for _, c := range peers {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := silent.Close(); err != nil {
		t.Error(err)
	}
	if after := descriptors(t); !slices.Equal(before, after) {
		t.Errorf("descriptors before:\n%q\nafter:\n%q", before, after)
	}
}

func TestStopFromEverywhere(t *testing.T) {
	for name, stop := range map[string]func(l *eventloop.Loop, peer net.Conn){
		"another goroutine": func(l *eventloop.Loop, _ net.Conn) { l.Stop() },
		"many goroutines": func(l *eventloop.Loop, _ net.Conn) {
			for range 10 {
				go l.Stop()
			}
		},
		"posted": func(l *eventloop.Loop, _ net.Conn) { l.Post(l.Stop) },
		"timer": func(l *eventloop.Loop, _ net.Conn) {
			l.Post(func() {
				var timer eventloop.Timer
				timer.Init(l, l.Stop)
				timer.Set(time.Millisecond)
			})
		},
		"data": func(_ *eventloop.Loop, peer net.Conn) {
			if _, err := peer.Write([]byte("stop")); err != nil {
				panic(err)
			}
		},
		"close": func(_ *eventloop.Loop, peer net.Conn) {
			if err := peer.Close(); err != nil {
				panic(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := eventloop.New(1)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- l.Run() }()
			closed := 0
			_, peer := accepted(t, l, &handler{
				data: func(c *eventloop.Conn, b []byte) {
					if len(b) == 0 {
						c.Close()
					} else {
						l.Stop()
					}
				},
				closed: func(error) { closed++; l.Stop() },
			})
			stop(l, peer)
			if err := receive(t, ended); err != nil {
				t.Error(err)
			}
			if closed != 1 {
				t.Errorf("Closed was called %d times", closed)
			}
		})
	}
}

// Handlers that are told of the end may try to go on. Nothing that they start may outlive the loop.
func TestHandlersThatGoOnAfterStop(t *testing.T) {
	before := descriptors(t)
	l, err := eventloop.New(1)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	var posted atomic.Bool
	var timer eventloop.Timer
	var addr string
	conns := make(chan struct{}, 1)
	_, addr = listen(t, l, func(c *eventloop.Conn) eventloop.Handler {
		conns <- struct{}{}
		return &handler{closed: func(error) {
			timer.Init(l, func() { t.Error("a timer ran after the end") })
			timer.Set(0)
			l.Work(func() {}, func() {})
			l.Post(func() {
				posted.Store(true)
				timer.Set(0)
				l.Work(func() { t.Error("work was begun after the end") }, func() {})
			})
			if _, err := l.Dial(parse(addr), &handler{}); !errors.Is(err, eventloop.ErrStopped) {
				t.Errorf("Dial after Stop: got %v, want ErrStopped", err)
			}
			c.Write([]byte("x"))
			c.SetIdle(1)
		}}
	})
	peer := dial(t, addr)
	receive(t, conns)
	l.Stop()
	if err := receive(t, ended); err != nil {
		t.Error(err)
	}
	if !posted.Load() {
		t.Error("what a handler posted on being told of the end did not run")
	}
	timer.Stop()
	if err := peer.Close(); err != nil {
		t.Error(err)
	}
	if after := descriptors(t); !slices.Equal(before, after) {
		t.Errorf("descriptors before:\n%q\nafter:\n%q", before, after)
	}
}
