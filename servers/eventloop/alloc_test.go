package eventloop_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"nodecompare/servers/eventloop"
)

// serveEchoCountingAllocations is an echo server that does what an HTTP server does for each
// keep-alive request. It answers each line with the number of allocations so far.
func serveEchoCountingAllocations() error {
	l, err := eventloop.New(1)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	accept := func(c *eventloop.Conn) eventloop.Handler {
		h := &waitingEcho{Conn: c}
		h.timer.Init(l, h.answer)
		return h
	}
	if _, err := l.Listen(ln.(*net.TCPListener), accept); err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if err := json.NewEncoder(os.Stdout).Encode(m.Mallocs); err != nil {
			return err
		}
	}
	l.Stop()
	return <-ended
}

// waitingEcho answers each message from a timer, with reading paused meanwhile and its limits set
// anew.
type waitingEcho struct {
	*eventloop.Conn
	timer eventloop.Timer
	kept  [64]byte
	n     int
}

func (e *waitingEcho) Data(b []byte) {
	if len(b) == 0 {
		e.Close()
		return
	}
	e.n = copy(e.kept[:], b)
	e.PauseRead()
	e.SetIdle(0)
	e.SetDeadline(time.Minute)
	e.timer.Set(0)
}

func (e *waitingEcho) answer() {
	e.Write(e.kept[:e.n])
	e.SetDeadline(0)
	e.SetIdle(time.Minute)
	e.ResumeRead()
}

func (e *waitingEcho) Drained()     {}
func (e *waitingEcho) Closed(error) {}

// The server is a process of its own, which does nothing else that could allocate.
func TestAKeepAliveRequestAllocatesNothing(t *testing.T) {
	server := converse(t, "echo")
	addr := server.line()
	const connections, rounds = 20, 500
	peers := make([]net.Conn, connections)
	for i := range peers {
		peers[i] = dial(t, addr)
	}
	exchange := func() {
		for _, c := range peers {
			mustWrite(t, c, []byte("a request"))
		}
		for _, c := range peers {
			mustRead(t, c, len("a request"))
		}
	}
	exchange()
	var before, after, again uint64
	server.ask("", &before)
	server.ask("", &again) // what asking itself costs
	for range rounds {
		exchange()
	}
	server.ask("", &after)
	// The runtime itself allocates now and then; one in a hundred requests would be five times as
	// much.
	if n := int64(after-again) - int64(again-before); n > connections*rounds/100 {
		t.Errorf("%d allocations in %d requests", n, connections*rounds)
	}
}
