package servers

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"nodecompare/servers/workload"

	"nodecompare/thorough"
)

// startModel serves routes that need no data, with the model as adjust leaves it, until the test
// ends.
func startModel(t *testing.T, mode string, c Config, adjust func(model)) *Server {
	t.Helper()
	m := modeNamed(t, mode)
	c.Addr, c.PoolSize, c.Loops, c.Workers = "127.0.0.1:0", 4, max(c.Loops, 1), 1
	c.Service = cmp.Or(c.Service, new(workload.Service))
	s, err := Listen(m, c)
	if err != nil {
		t.Fatal(err)
	}
	adjust(s.model)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != ErrStopped {
			t.Error(err)
		}
	})
	return s
}

// connect gives a connection that is closed with the test, and ends what hangs.
func connect(t *testing.T, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

// ask sends a request for hello and reports whether it was answered.
func ask(t *testing.T, c net.Conn) bool {
	t.Helper()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return false
	}
	err := answer(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("no answer")
	}
	return err == nil
}

// answer reads hello's response.
func answer(c net.Conn) error {
	var got []byte
	for b := make([]byte, 1024); !bytes.HasSuffix(got, []byte("Backend!")); {
		n, err := c.Read(b)
		if err != nil {
			return err
		}
		got = append(got, b[:n]...)
	}
	return nil
}

// setTimeouts is for a model that does not serve yet.
func setTimeouts(m model, limits timeouts) {
	switch m := m.(type) {
	case *async:
		for _, l := range m.loops {
			l.limits = limits
		}
	case *threads:
		m.limits = limits
	case *goroutine:
		m.limits = limits
	default:
		panic(fmt.Sprintf("what are the timeouts of a %T?", m))
	}
}

// TestBlockingRefusesBeyondItsThreads has more connections come than there may be threads.
func TestBlockingRefusesBeyondItsThreads(t *testing.T) {
	s := startModel(t, "blocking", Config{}, func(m model) { m.(*threads).most = 3 /* two and the one that accepts */ })
	first, second := connect(t, s), connect(t, s)
	if !ask(t, first) || !ask(t, second) {
		t.Fatal("the connections that are allowed are not served")
	}
	for range 3 {
		if ask(t, connect(t, s)) {
			t.Error("a third connection is served by two threads")
		}
	}
	if !ask(t, first) || !ask(t, second) {
		t.Error("the first two lost their threads")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !ask(t, connect(t, s)); { // its thread ends in its own time
		if time.Now().After(end) {
			t.Fatal("the thread of the connection that was closed is not given to another")
		}
	}
}

// TestEveryLoopServes relies on the kernel to spread 256 connections over three sockets: that one
// gets none has a probability of (2/3)^256.
func TestEveryLoopServes(t *testing.T) {
	var loops []*asyncLoop
	s := startModel(t, "async", Config{Loops: 3}, func(m model) { loops = m.(*async).loops })
	const connections = 256
	for range connections {
		if !ask(t, connect(t, s)) {
			t.Fatal("no answer")
		}
	}
	sum := int64(0)
	for i, l := range loops {
		n := l.open.Load()
		if sum += n; n == 0 {
			t.Errorf("loop %d has no connection", i)
		}
	}
	if len(loops) != 3 || sum != connections {
		t.Errorf("%d loops have %d connections, want 3 with %d", len(loops), sum, connections)
	}
}

// TestTimeouts has every model end the connections that take too long, and no others.
func TestTimeouts(t *testing.T) {
	const limit = 200 * time.Millisecond
	for _, m := range Own() {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			var waiting sync.WaitGroup
			for name, test := range map[string]struct {
				limits timeouts
				sent   []string // at intervals of a fifth of the limit
			}{
				"nothing":        {timeouts{limit, time.Hour}, nil},
				"nothing more":   {timeouts{limit, time.Hour}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n"}},
				"half a request": {timeouts{time.Hour, limit}, []string{"GET / HTT"}},
				"half a body": {timeouts{time.Hour, limit},
					[]string{"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n1", "2", "3"}},
				"a byte now and then": {timeouts{time.Hour, limit},
					[]string{"G", "E", "T", " ", "/", " ", "H", "T", "T", "P", "/", "1", ".", "1"}},
				"half the second": {timeouts{time.Hour, limit}, []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET "}},
			} {
				s := startModel(t, m.Name, Config{}, func(m model) { setTimeouts(m, test.limits) })
				start := time.Now()
				c := connect(t, s)
				waiting.Go(func() {
					for _, piece := range test.sent {
						if _, err := io.WriteString(c, piece); err != nil {
							return // cut off, as it should be
						}
						<-time.After(limit / 5)
					}
				})
				waiting.Go(func() {
					if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
						t.Errorf("%s: it is kept", name)
					}
					// Go's deadlines may be set an eighth late (see refresh), so they may end an
					// eighth early.
					if took := time.Since(start); took < limit*7/8 {
						t.Errorf("%s: it was ended after %v already, want %v", name, took, limit)
					}
				})
			}
			waiting.Wait()
		})
	}
}

// TestTimeoutsAreEachRequestsOwn sends requests for longer than one may take, so that at every
// moment a part of one is owed.
func TestTimeoutsAreEachRequestsOwn(t *testing.T) {
	t.Parallel()
	const (
		limit   = time.Second
		request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	)
	var asking sync.WaitGroup
	for _, m := range Own() { // all at once, for it is all waiting
		c := connect(t, startModel(t, m.Name, Config{}, func(m model) { setTimeouts(m, timeouts{time.Hour, limit}) }))
		asking.Go(func() {
			_, err := io.WriteString(c, request[:7])
			for start := time.Now(); err == nil && time.Since(start) < 2*limit; <-time.After(limit / 20) {
				if _, err = io.WriteString(c, request[7:]+request[:7]); err == nil {
					err = answer(c)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
		})
	}
	asking.Wait()
}

// TestIdleTimeBeginsBehindASlowResponse has a client take longer over a long response than it may
// be idle. It may then be idle for as long as any other.
func TestIdleTimeBeginsBehindASlowResponse(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	const (
		limit   = 2 * time.Second
		request = "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
	)
	var asking sync.WaitGroup
	for _, m := range Own() { // all at once, for it is all waiting
		c := connect(t, startModel(t, m.Name, Config{}, func(m model) { setTimeouts(m, timeouts{limit, time.Hour}) }))
		asking.Go(func() {
			if _, err := io.WriteString(c, request); err != nil {
				t.Error(err)
				return
			}
			in := bufio.NewReader(c)
			r, err := http.ReadResponse(in, nil)
			for start := time.Now(); err == nil && time.Since(start) < limit*5/4; <-time.After(limit / 20) {
				_, err = io.CopyN(io.Discard, r.Body, 1<<20)
			}
			if err == nil {
				_, err = io.Copy(io.Discard, r.Body)
			}
			<-time.After(limit / 4)
			if err != nil || !ask(t, c) {
				t.Errorf("%s: the connection is not kept behind a slow response: %v", m.Name, err)
			}
		})
	}
	asking.Wait()
}

// modeNamed is a line of the table of modes.
func modeNamed(t testing.TB, name string) Mode {
	t.Helper()
	i := slices.IndexFunc(Modes, func(m Mode) bool { return m.Name == name })
	if i < 0 {
		t.Fatalf("no mode %s", name)
	}
	return Modes[i]
}

// TestLastResponseHasTimesOfItsOwn has each model send the response to a last request that came in
// pieces for longer than a request may take to arrive.
func TestLastResponseHasTimesOfItsOwn(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	service, err := workload.Open(workload.Options{Dir: filepath.Join(os.TempDir(), "nodecompare-servers-test")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := service.Close(); err != nil {
			t.Error(err)
		}
	})
	var waiting sync.WaitGroup
	for _, m := range Own() {
		s := startModel(t, m.Name, Config{Service: service},
			func(m model) { setTimeouts(m, timeouts{time.Hour, limit}) })
		opens := connect(t, s) // the video, so that the response that counts is not waited for
		const head = "HEAD /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
		if _, err := io.WriteString(opens, head); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, opens); err != nil {
			t.Fatal(err)
		}
		c := connect(t, s)
		waiting.Go(func() {
			for _, piece := range []string{"GET /stream HTTP/1.1\r\nHost: x\r\n", "Connection: close\r\n\r\n"} {
				if _, err := io.WriteString(c, piece); err != nil {
					t.Errorf("%s: %v", m.Name, err)
				}
				<-time.After(limit / 10)
			}
			<-time.After(3 * limit / 2)
			n, err := io.Copy(io.Discard, c)
			if err != nil || n < workload.VideoSize {
				t.Errorf("%s: %d bytes of a response with a body of %d came, %v", m.Name, n, workload.VideoSize, err)
			}
		})
	}
	waiting.Wait()
}

// TestWhatCameInTimeIsRead gives a goroutine bytes that came before a deadline which has passed, as
// after a stop of the process.
func TestWhatCameInTimeIsRead(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := &netStream{netConn: c.(*net.TCPConn)}
	b, before := make([]byte, 8), time.Now().Add(-time.Hour)
	if n, err := s.read(b, before, time.Second); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("of nothing it read %d bytes, %v", n, err)
	}
	if _, err := io.WriteString(peer, "came"); err != nil {
		t.Fatal(err)
	}
	for held := 0; held < 4; held, _ = s.peek(b) {
		<-time.After(time.Millisecond)
	}
	if n, err := s.read(b, before, time.Second); err != nil || string(b[:n]) != "came" {
		t.Errorf("it read %q, %v", b[:n], err)
	}
}
