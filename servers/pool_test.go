package servers_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"nodecompare/servers"
)

// keepAlive asks for hello so many times, on as few connections as the server's Connection: close
// makes necessary.
func keepAlive(v *serving, requests int) (connections int, err error) {
	var c net.Conn
	var r *bufio.Reader
	for range requests {
		if c == nil {
			if c, err = net.Dial("tcp", v.Addr.String()); err != nil {
				return connections, err
			}
			if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
				return connections, err
			}
			r = bufio.NewReader(c)
			connections++
		}
		if _, err := io.WriteString(c, get("/")); err != nil {
			return connections, err
		}
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return connections, err
		}
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != hello {
			return connections, errors.Join(err, errors.New("another body: "+string(body)))
		}
		if response.Close {
			if err := c.Close(); err != nil {
				return connections, err
			}
			c = nil
		}
	}
	if c != nil {
		err = c.Close()
	}
	return connections, err
}

// TestPoolServesMoreClientsThanThreads has three clients for each thread, none of which closes by
// itself.
func TestPoolServesMoreClientsThanThreads(t *testing.T) {
	v := serve(t, "pool", servers.Config{PoolSize: 2})
	var clients sync.WaitGroup
	for range 6 {
		clients.Go(func() {
			if _, err := keepAlive(v, 50); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
}

// TestPoolKeepsConnectionsWhileThereIsRoom has as many clients as threads: nobody waits, so nobody
// is sent away.
func TestPoolKeepsConnectionsWhileThereIsRoom(t *testing.T) {
	v := serve(t, "pool", servers.Config{PoolSize: 3}) // of which one may linger with the client that serve has sent
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() {
			if n, err := keepAlive(v, 200); n != 1 || err != nil {
				t.Errorf("%d connections, %v", n, err)
			}
		})
	}
	clients.Wait()
}

func TestPoolTakesAnIdleClientsThread(t *testing.T) {
	t.Parallel()
	v := serve(t, "pool", servers.Config{PoolSize: 1})
	idle, silent := v.dial(t), v.dial(t)
	idle.send(get("/"))
	// The thread may see that the other one waits before it answers or after it.
	if got := idle.rest(); got != reply("200 OK", html, hello) && got != reply("200 OK", html, hello, closes) {
		t.Errorf("got %q", got)
	}
	idle.Close()
	next := v.dial(t)
	silent.expectEnd() // it has said nothing at all
	silent.Close()
	next.ask(get("/", closes), reply("200 OK", html, hello, closes))
}

// TestPoolHasTheOthersWait has one thread and a request in flight on it: whoever else comes waits,
// and is served then.
func TestPoolHasTheOthersWait(t *testing.T) {
	g := newGate(t)
	v := serve(t, "pool", servers.Config{PoolSize: 1, Upstream: g.url})
	busy := v.dial(t)
	busy.send(get("/api"))
	<-g.arrived
	waits := v.dial(t)
	waits.send(get("/", closes))
	if err := waits.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := waits.Read(make([]byte, 1)); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %d bytes and %v though the only thread is taken", n, err)
	}
	if err := waits.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	close(g.open)
	busy.expect(reply("200 OK", "a/b", "ok", closes)) // for somebody waits
	busy.expectEnd()
	busy.Close()
	waits.expect(reply("200 OK", html, hello, closes))
}

// TestPoolLingersNotForLongWhileOthersWait has clients that keep their end open after the last
// response. A thread that waited a second for each, as it may when nobody else comes, would serve
// the last of these after seven.
func TestPoolLingersNotForLongWhileOthersWait(t *testing.T) {
	t.Parallel()
	v := serve(t, "pool", servers.Config{PoolSize: 1})
	start := time.Now()
	var clients [8]*client
	for i := range clients {
		clients[i] = v.dial(t)
		clients[i].send(get("/", closes))
	}
	for _, c := range clients {
		c.expect(reply("200 OK", html, hello, closes))
	}
	if took := time.Since(start); took > 6900*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}
