package selftest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"nodecompare/servers/http1"
)

const (
	longestWait = time.Second
	// spin is how long before its end a wait stops sleeping and polls the clock: longer than a
	// wake-up takes.
	spin = 100 * time.Microsecond
	// readBuffer is more than a request of a selftest takes.
	readBuffer = 8 << 10
)

// Serve is the server of a selftest, whose own figures are the truth. It listens on a free port of
// the loopback interface, prints "port N" to out, and serves until ctx ends. Its routes:
//
//	GET /                  200, to show that the server is there
//	GET /wait?us=N         200 after N µs, at most 1 s
//	GET /queue?us=N&law=D  200 after the requests before it and a service time of N µs, or for
//	                       law=M of N µs in the mean
//	GET /events?us=N&every_us=M&each=E&left_out=L
//	                       E server-sent events, one each M µs, each N µs after it is due; each
//	                       L-th is left out
//	GET /probe             200 at once; the body is how long that took, in ns; in no Truth
//	GET /take              the Truth of waits, queue and events since the last /take, as JSON; then the
//	                       next queue begins
//
// Each connection has a locked thread with blocking calls. The time of a request runs from the
// return of the read that completed it to just before the write of its answer. Any client's own
// time includes that, so a client's smaller figure is wrong, however noisy the machine.
func Serve(ctx context.Context, out io.Writer) error {
	ln, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("selftest server: %w", err)
	}
	s := &server{tally: newTally(), open: map[*socket]struct{}{}}
	served := make(chan error, 1)
	go func() { served <- s.accept(ln) }()
	if _, err = fmt.Fprintf(out, "Selftest server on port %d\n", ln.Addr().(*net.TCPAddr).Port); err == nil {
		select {
		case err := <-served:
			return errors.Join(err, ln.Close(), s.stop())
		case <-ctx.Done():
		}
	}
	err = errors.Join(err, ln.Close())
	return errors.Join(err, <-served, s.stop())
}

type server struct {
	tally   *tally
	threads sync.WaitGroup

	mu       sync.Mutex
	open     map[*socket]struct{}
	stopping bool
}

// accept returns nil once the listener is closed.
func (s *server) accept(ln *net.TCPListener) error {
	for {
		c, err := ln.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("selftest server: %w", err)
		}
		conn, err := takeSocket(c)
		if err != nil {
			return fmt.Errorf("selftest server: %w", err)
		}
		s.mu.Lock()
		s.open[conn] = struct{}{}
		s.threads.Go(func() { s.converse(conn) })
		s.mu.Unlock()
	}
}

// stop ends every conversation, and waits for the threads.
func (s *server) stop() error {
	var err error
	s.mu.Lock()
	s.stopping = true
	for conn := range s.open {
		err = errors.Join(err, conn.interrupt())
	}
	s.mu.Unlock()
	s.threads.Wait()
	return err
}

// converse answers the requests of one connection. It returns no connection error, because the
// client reports its loss.
func (s *server) converse(conn *socket) {
	// never unlocked: the thread with its sharp timers ends with the goroutine
	runtime.LockOSThread()
	err := sharpenTimers()
	if err == nil {
		err = s.requests(conn)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
	if err = errors.Join(err, conn.close()); err != nil && !s.stopping {
		s.tally.fail(err)
	}
}

func (s *server) requests(conn *socket) error {
	var parser http1.RequestParser
	buf := make([]byte, readBuffer)
	answer := make([]byte, 0, 512)
	held := 0
	for {
		n, err := conn.read(buf[held:])
		arrived := time.Now()
		if n == 0 || err != nil {
			return nil // the client has closed or reset, or sent more than the buffer holds
		}
		held += n
		for held > 0 {
			used, err := parser.Parse(buf[:held])
			if err != nil {
				return err
			}
			if used == 0 {
				break
			}
			if string(parser.Request.Path) == eventsPath {
				return s.stream(conn, &parser.Request)
			}
			last := parser.Request.Close
			answer = s.answer(answer[:0], &parser.Request, arrived)
			held = copy(buf, buf[used:held])
			if err := conn.write(answer); err != nil || last {
				return nil // a client that left before its answer reports an error itself
			}
		}
	}
}

// answer appends the response to a request, once it is due.
func (s *server) answer(dst []byte, r *http1.Request, arrived time.Time) []byte {
	answer := http1.Response{Status: http.StatusOK, ContentType: "text/plain", Body: []byte("ok\n")}
	var due time.Time // of a request that is counted
	switch path := string(r.Path); path {
	case "/":
	case waitPath, queuePath:
		us, err := strconv.ParseUint(queryValue(r, "us"), 10, 32)
		d := time.Duration(us) * time.Microsecond
		ok := err == nil && d <= longestWait
		if ok && path == waitPath {
			due = arrived.Add(d)
		} else if law := queryValue(r, "law"); ok && slices.Contains(Laws, law) {
			due, ok = s.tally.join(law, d, arrived)
		} else {
			ok = false
		}
		if !ok {
			answer.Status = http.StatusBadRequest
		}
	case probePath:
		answer.Body = strconv.AppendInt(nil, int64(time.Since(arrived)), 10)
	case takePath:
		var err error
		if answer.Body, err = json.Marshal(s.tally.take()); err != nil {
			answer.Status, answer.Body = http.StatusInternalServerError, []byte(err.Error())
		}
	default:
		answer.Status = http.StatusNotFound
	}
	dst = http1.AppendResponse(dst, &answer, arrived.Unix(), r.Head, r.Close, r.Minor)
	if !due.IsZero() {
		waitUntil(due)
		// The count comes before the write, because the client may ask for the truth as soon as it
		// has the answer.
		s.tally.add(time.Since(arrived))
	}
	return dst
}

func queryValue(r *http1.Request, name string) string {
	v, _ := r.QueryValue(name)
	return string(v)
}

// waitUntil blocks the thread until t, to within a microsecond if a core is free: it sleeps first,
// and then spins.
func waitUntil(t time.Time) {
	if d := time.Until(t) - spin; d > 0 {
		sleep(d)
	}
	for time.Now().Before(t) {
	}
}
