package eventloop_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// load is what a server with few descriptors reports of itself.
type load struct {
	Open    int // connections
	Resting bool
	CPU     time.Duration
}

// serveWithFewDescriptors is an echo server that may have 64 descriptors. Asked "N" it sets that
// limit to N, and asked "lose" it loses its spare one; it answers each line with its load.
func serveWithFewDescriptors() error {
	if err := limitDescriptors(64); err != nil {
		return err
	}
	l, err := eventloop.New(1)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var now load
	listener, err := l.Listen(ln.(*net.TCPListener), counting(&now.Open, echo))
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var limit uint64
		if _, err := fmt.Sscan(lines.Text(), &limit); err == nil {
			if err := limitDescriptors(limit); err != nil {
				return err
			}
		}
		cpu, err := cpuTime(syscall.RUSAGE_SELF)
		if err != nil {
			return err
		}
		told := make(chan error, 1)
		lose := lines.Text() == "lose"
		l.Post(func() {
			if lose {
				listener.LoseSpare()
			}
			now.CPU, now.Resting = cpu, l.Timers() > 0
			told <- json.NewEncoder(os.Stdout).Encode(now)
		})
		if err := <-told; err != nil {
			return err
		}
	}
	l.Stop()
	return <-ended
}

func limitDescriptors(n uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	limit.Cur = n
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
}

// served says whether a client is served, or turned away.
func served(t *testing.T, c net.Conn) bool {
	t.Helper()
	if _, err := c.Write([]byte("ping")); err != nil {
		return false
	}
	b := make([]byte, 4)
	_, err := c.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("a client was neither served nor turned away")
	}
	return err == nil
}

// clients connects n of them and splits them into those that are served and a count of those that
// are turned away.
func clients(t *testing.T, addr string, n int) (in []net.Conn, out int) {
	t.Helper()
	for range n {
		if c := dial(t, addr); served(t, c) {
			in = append(in, c)
		} else {
			out++
		}
	}
	return in, out
}

// quiet asks for the load twice, some time apart, and fails if the server did much in between.
func (c *conversation) quiet() load {
	c.t.Helper()
	const interval = 500 * time.Millisecond
	var before, after load
	c.ask("", &before)
	<-time.After(interval) // an interval to observe it in, not a wait for something
	c.ask("", &after)
	if cpu := after.CPU - before.CPU; cpu > interval/4 {
		c.t.Errorf("%v of CPU in %v: the loop spins", cpu, interval)
	}
	return after
}

func TestClientsBeyondTheDescriptorLimitAreTurnedAway(t *testing.T) {
	t.Parallel()
	server := converse(t, "few descriptors")
	addr := server.line()
	in, out := clients(t, addr, 100)
	if len(in) < 30 || out < 36 {
		t.Errorf("%d clients of 100 were served and %d turned away by a server of 64 descriptors", len(in), out)
	}
	// Linux's accept answers EMFILE before it looks for a client. A listener that took that for a
	// client it could not turn away would rest, with its timer set, after each one.
	var got load
	if server.ask("", &got); got.Resting {
		t.Error("the listener rests although nobody waits")
	}
	got = server.quiet()
	if got.Open != len(in) {
		t.Errorf("%d connections are open, %d clients were served", got.Open, len(in))
	}
	for _, c := range in {
		if !served(t, c) {
			t.Error("a client that had been served is not any more")
		}
	}

	// As soon as descriptors are free, there is service again. The server sees the ends before the
	// next client.
	for _, c := range in[:10] {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(patience); got.Open > len(in)-10 && time.Now().Before(end); {
		server.ask("", &got)
	}
	again, out := clients(t, addr, 10)
	if len(again) != 10 || out != 0 {
		t.Errorf("%d clients of 10 were served and %d turned away after ten others had gone", len(again), out)
	}
}

// tooMany has more clients come than a server of 64 descriptors can serve: each is served or turned
// away, and the loop is quiet after that.
func tooMany(t *testing.T, server *conversation, addr string) {
	t.Helper()
	if in, out := clients(t, addr, 80); len(in) < 30 || out < 17 {
		t.Errorf("%d clients of 80 were served and %d turned away by a server of 64 descriptors", len(in), out)
	}
	server.quiet()
}

// With the limit lowered below the descriptors in use not even the spare one can be had again. The
// listener rests, takes the waiting clients when it can, and has its spare one back for the next
// shortage.
func TestAListenerThatLostItsSpareDescriptorRecovers(t *testing.T) {
	t.Parallel()
	server := converse(t, "few descriptors")
	addr := server.line()
	var got load
	server.ask("3", &got)
	waiting := dial(t, addr)
	mustWrite(t, waiting, []byte("ping"))
	server.quiet()
	server.ask("64", &got)
	if b := mustRead(t, waiting, 4); string(b) != "ping" {
		t.Errorf("got %q", b)
	}
	tooMany(t, server, addr)
}

// A listener that lost its spare descriptor, and has had one to spare since, has it back before the
// next shortage.
func TestAListenerTakesItsSpareDescriptorBack(t *testing.T) {
	t.Parallel()
	server := converse(t, "few descriptors")
	addr := server.line()
	var got load
	server.ask("lose", &got)
	tooMany(t, server, addr)
}
