package loadgen_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nodecompare/loadgen"
)

func TestLoopSpeaksNoTLS(t *testing.T) {
	_, err := open(loadgen.Attack{Engine: loadgen.Loop,
		Target: loadgen.Target{URL: "https://127.0.0.1:1"}, Connections: 1})
	if err == nil || !strings.Contains(err.Error(), loadgen.Vegeta) {
		t.Errorf("got %v; want an error that names the engine to choose", err)
	}
}

func TestLoopWithoutAddress(t *testing.T) {
	res, err := drive(t.Context(), loadgen.Attack{
		Engine: loadgen.Loop, Target: loadgen.Target{URL: "http://nowhere.invalid"}, Connections: 1,
		Duration: time.Second,
	})
	if err == nil || res != nil {
		t.Errorf("got %v, %v; want no result and an error", res, err)
	}
}

func TestLoopRunAfterClose(t *testing.T) {
	g, err := open(loadgen.Attack{Engine: loadgen.Loop,
		Target: loadgen.Target{URL: "http://127.0.0.1:1"}, Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	g.Close()
	g.Close()
	if res, err := g.Run(t.Context(), time.Second); err == nil {
		t.Errorf("got %+v; want an error", res)
	}
}

// fixed answers each request, which must come in one piece, from a buffer of its own, and allocates
// nothing.
func fixed(t *testing.T, seen *atomic.Uint64) string {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
	return misbehave(t, func(c *net.TCPConn) {
		for in := make([]byte, 4096); ; {
			if _, err := c.Read(in); err != nil {
				return
			}
			seen.Add(1)
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
}

func TestLoopAllocatesNothingForARequest(t *testing.T) {
	for name, rate := range map[string]float64{"closed": 0, "open": 5000} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Uint64
			g, err := open(loadgen.Attack{
				Engine: loadgen.Loop, Target: loadgen.Target{URL: fixed(t, &seen)},
				WantBody: []byte("hello"), Connections: 8, Rate: rate,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			measure := func(d time.Duration) (allocations, requests uint64) {
				var before, after runtime.MemStats
				seen.Store(0)
				runtime.ReadMemStats(&before)
				res, err := g.Run(t.Context(), d)
				runtime.ReadMemStats(&after)
				if err != nil || res.Errors != 0 || res.Requests != seen.Load() {
					t.Fatalf("%+v, %v; the server saw %d", res, err, seen.Load())
				}
				return after.Mallocs - before.Mallocs, res.Requests
			}
			measure(50 * time.Millisecond) // opens the connections
			fewAllocations, few := measure(time.Millisecond)
			manyAllocations, many := measure(250 * time.Millisecond)
			// those of waiting, on a busy machine
			if requests := int64(many - few); int64(manyAllocations-fewAllocations) > requests/5 {
				t.Errorf("%d allocations for %d requests, %d for %d", fewAllocations, few, manyAllocations, many)
			}
		})
	}
}

// A server that is not there is tried again, but not without pause; and once it is there, it is
// used.
func TestLoopRetriesARefusal(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	const connections, duration = 10, 600 * time.Millisecond
	attack := loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: "http://" + addr},
		Connections: connections, Duration: duration}
	res := run(t, attack)
	// One attempt each at the beginning, and after each pause of 50 ms.
	if most := uint64(connections * (1 + duration/(50*time.Millisecond))); res.Requests < connections ||
		res.Requests > most || res.ErrorKinds[loadgen.Refused] != res.Requests {
		t.Errorf("%d attempts, errors %v; want %d to %d, all refused", res.Requests, res.ErrorKinds, connections, most)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	back, over := make(chan error, 1), make(chan bool)
	go func() {
		<-time.After(100 * time.Millisecond) // while the load is running: the server's absence itself
		l, err := net.Listen("tcp", addr)
		back <- err
		if err != nil {
			cancel()
			return
		}
		defer l.Close()
		for n := range connections {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if n == connections-1 {
				cancel() // all of them are there
			}
		}
		<-over
	}()
	attack.Duration = time.Hour
	res, err = drive(ctx, attack)
	close(over)
	if err := <-back; err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	if !errors.Is(err, context.Canceled) || res.ErrorKinds[loadgen.Refused] != res.Errors || res.Errors == 0 {
		t.Errorf("errors %v, %v", res.ErrorKinds, err)
	}
}

// bound gives a socket with a port of its own, on which nothing listens, and its address.
func bound(t *testing.T) (fd int, addr string) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
}

// unreachable gives the URL of a server that takes no connections: its backlog is full, and further
// SYNs are dropped.
func unreachable(t *testing.T) string {
	t.Helper()
	fd, addr := bound(t)
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for { // fill it
		c, err := net.DialTimeout("tcp", addr, 200*time.Millisecond)
		if err != nil {
			return "http://" + addr
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestLoopTimesOutWhileConnecting(t *testing.T) {
	t.Parallel()
	url := unreachable(t)
	for name, rate := range map[string]float64{"closed": 0, "open": 30} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res := whole(t, loadgen.Attack{
				Engine: loadgen.Loop, Target: loadgen.Target{URL: url}, Connections: 3, Rate: rate,
				Duration: 100 * time.Millisecond, Timeout: 300 * time.Millisecond,
			})
			if res.Requests != 3 || res.ErrorKinds[loadgen.Timeout] != 3 ||
				!strings.Contains(res.ErrorExamples[loadgen.Timeout], "connecting") {
				t.Errorf("%d requests, errors %v %v; want three that time out", res.Requests,
					res.ErrorKinds, res.ErrorExamples)
			}
		})
	}
}

// A connection that could not be had in a closed load failed after the time that was waited for it.
func TestLoopTimesAFailedConnect(t *testing.T) {
	t.Parallel()
	const timeout = 300 * time.Millisecond
	for _, fresh := range []bool{false, true} {
		res := run(t, loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: unreachable(t)},
			Connections: 2, Connect: loadgen.Connect{New: fresh}, Requests: 4, Timeout: timeout})
		// the first two may have begun before the clock did, which a failed connect starts
		if res.ErrorKinds[loadgen.Timeout] != 4 ||
			time.Duration(res.Failed.ValueAtQuantile(75)) < timeout*99/100 {
			t.Errorf("new connections %v: errors %v, which took %v", fresh, res.ErrorKinds,
				time.Duration(res.Failed.ValueAtQuantile(75)))
		}
	}
}

func TestLoopCancelledWhileConnecting(t *testing.T) {
	t.Parallel()
	url := unreachable(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	res, err := drive(ctx,
		loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: url}, Connections: 500,
			Duration: time.Hour, Timeout: time.Hour})
	if !errors.Is(err, context.DeadlineExceeded) || res == nil || res.Requests != 0 || res.Aborted != 0 {
		t.Errorf("got %+v, %v; want an empty result: nothing was sent", res, err)
	}
}

// A closed load's clock starts when all connections stand: the first request comes after the last
// connection.
func TestLoopConnectsBeforeTheClockStarts(t *testing.T) {
	const connections = 200 // several batches of them
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over, seen := make(chan bool), make(chan error, 1)
	go func() {
		var conns []net.Conn
		first := func() error {
			for range connections {
				c, err := l.Accept()
				if err != nil {
					return err
				}
				if conns = append(conns, c); len(conns) > 1 {
					continue
				}
				// By then the first would have had its request, if it were not waiting for the
				// others.
				if err := c.SetReadDeadline(time.Now().Add(5 * time.Millisecond)); err != nil {
					return err
				}
				if _, err := c.Read(make([]byte, 1)); err == nil {
					return errors.New("a request came before the last connection")
				}
			}
			if err := conns[0].SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				return err
			}
			_, err := conns[0].Read(make([]byte, 1))
			return err
		}
		seen <- first()
		cancel()
		<-over
		for _, c := range conns {
			c.Close()
		}
	}()
	res, err := drive(ctx,
		loadgen.Attack{Engine: loadgen.Loop, Target: loadgen.Target{URL: "http://" + l.Addr().String()},
			Connections: connections, Duration: time.Hour, Timeout: time.Hour})
	close(over)
	if !errors.Is(err, context.Canceled) || res.Errors != 0 {
		t.Errorf("errors %v %v, %v", res.ErrorKinds, res.ErrorExamples, err)
	}
	if err := <-seen; err != nil {
		t.Error(err)
	}
}
