package servers_test

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	"nodecompare/servers"
)

// gate is an upstream that answers nothing until it is opened: a request that asks it is in flight
// for as long as a test likes.
type gate struct {
	*fakeUpstream
	arrived chan struct{} // one value for each request
	open    chan struct{} // closed by the test
}

func newGate(t *testing.T) *gate {
	g := &gate{arrived: make(chan struct{}, 64), open: make(chan struct{})}
	ended := make(chan struct{})
	g.fakeUpstream = newFakeUpstream(t, func(c *upstreamConn) {
		for c.request() {
			g.arrived <- struct{}{}
			select {
			case <-g.open:
			case <-ended:
				return
			}
			if !c.answer(relayed) {
				return
			}
		}
	})
	t.Cleanup(func() { close(ended) })
	return g
}

// refusing waits until the server accepts no more connections.
func (v *serving) refusing(t *testing.T) {
	t.Helper()
	for {
		c, err := net.DialTimeout("tcp", v.Addr.String(), patience)
		if err != nil {
			return
		}
		c.Close()
	}
}

// shutdown starts a Shutdown and gives its result later.
func (v *serving) shutdown(ctx context.Context) <-chan error {
	result := make(chan error, 1)
	go func() { result <- v.Shutdown(ctx) }()
	return result
}

func TestShutdownServesWhatIsInFlight(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		g := newGate(t)
		v := serve(t, mode, servers.Config{Upstream: g.url, PoolSize: 4})
		idle, used, busy := v.dial(t), v.dial(t), v.dial(t)
		used.send(get("/"))
		used.expect(reply("200 OK", html, hello))
		busy.send(get("/") + get("/api") + get("/nope")) // the last is not in flight yet, and is told so
		busy.expect(reply("200 OK", html, hello))
		<-g.arrived

		result := v.shutdown(t.Context())
		idle.expectEnd()
		used.expectEnd()
		v.refusing(t)
		select {
		case err := <-result:
			t.Fatalf("Shutdown returned %v before the request in flight had its answer", err)
		default:
		}
		close(g.open)
		busy.expect(reply("200 OK", "a/b", "ok", closes))
		busy.gone()
		busy.Close()
		if err := <-result; err != nil {
			t.Error(err)
		}
		v.ended()
	})
}

// cutOff allows for the client that serve sent, whose end the server may not have seen yet.
var cutOff = regexp.MustCompile("^[34] connections were still in use and were cut off")

func TestShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		g := newGate(t)
		v := serve(t, mode, servers.Config{Upstream: g.url, PoolSize: 4})
		var busy [3]*client
		for i := range busy {
			busy[i] = v.dial(t)
			busy[i].send(get("/api"))
			<-g.arrived
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := v.Shutdown(ctx)
		if !errors.Is(err, context.Canceled) || !cutOff.MatchString(err.Error()) {
			t.Errorf("Shutdown returned %v, want that 3 were cut off", err)
		}
		for _, c := range busy {
			c.gone()
		}
		close(g.open) // frees the threads that still wait for it
		v.ended()
	})
}

// TestShutdownServesWhatHasArrived sends requests on connections that are idle and shuts down at
// once: they have all arrived, though the server may not have read one.
func TestShutdownServesWhatHasArrived(t *testing.T) {
	const connections = 600 // more than a poll brings at once, and as many threads
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: connections + 8}) // nobody in the backlog
		clients := make([]*client, connections)
		for i := range clients {
			clients[i] = v.dial(t)
			clients[i].send(get("/"))
			clients[i].expect(reply("200 OK", html, hello))
		}
		slow := v.dial(t)
		slow.send(get("/cpu?ms=100")) // keeps an event loop from reading what follows
		for _, c := range clients {
			c.send(get("/nope"))
		}
		result := v.shutdown(t.Context())
		unanswered := 0
		for _, c := range clients {
			// Those that were served before Shutdown began lack the word.
			if got := c.rest(); strings.ReplaceAll(got, closes+"\r\n", "") != reply("404 Not Found", text,
				"Not Found\n") {
				unanswered++
			}
			c.Close()
		}
		slow.gone()
		slow.Close()
		if unanswered > 0 {
			t.Errorf("%d of %d requests were dropped", unanswered, connections)
		}
		if err := <-result; err != nil {
			t.Error(err)
		}
		v.ended()
	})
}

func TestShutdownTwice(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		g := newGate(t)
		v := serve(t, mode, servers.Config{Upstream: g.url})
		c := v.dial(t)
		c.send(get("/api"))
		<-g.arrived
		first, second := v.shutdown(t.Context()), v.shutdown(t.Context())
		v.refusing(t)
		close(g.open)
		c.expect(reply("200 OK", "a/b", "ok", closes))
		c.gone()
		c.Close()
		for _, result := range []<-chan error{first, second, v.shutdown(t.Context())} {
			if err := <-result; err != nil {
				t.Error(err)
			}
		}
		v.ended()
	})
}

// TestShutdownWhileClientsCome has connections arrive at every moment of a Shutdown.
func TestShutdownWhileClientsCome(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		for range 20 {
			v := serve(t, mode, servers.Config{PoolSize: 2})
			var coming sync.WaitGroup
			for range 2 {
				coming.Go(func() { v.refusing(t) })
			}
			v.stop()
			coming.Wait()
		}
	})
}

func TestListenRefusesWhatCannotServe(t *testing.T) {
	for _, test := range []struct {
		mode string
		c    servers.Config
		want string
	}{
		{"async", servers.Config{Loops: 0, Workers: 1}, "0 loops"},
		{"async", servers.Config{Loops: -1, Workers: 1}, "-1 loops"},
		{"async", servers.Config{Loops: 2, Workers: 0}, "0 workers"},
		{"pool", servers.Config{PoolSize: 0}, "a pool of 0 threads"},
		{"pool", servers.Config{PoolSize: 1 << 30}, "a pool of 1073741824 threads"},
		{"goroutine", servers.Config{Upstream: "http://nowhere.invalid"}, `upstream "http://nowhere.invalid"`},
	} {
		m := modeNamed(t, test.mode)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		test.c.Addr = l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := servers.Listen(m, test.c); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.mode, err, test.want)
		}
		if l, err = net.Listen("tcp", test.c.Addr); err != nil {
			t.Fatalf("%s holds its address though it failed: %v", test.mode, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
