package cmd_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A server that sends a response in two pieces, each at once, by a socket with Nagle's algorithm:
// its kernel keeps the second until the client's has acknowledged the first, which takes that 40
// ms.
func TestLoadNamesDelayedACK(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerInPieces(c)
		}
	}()
	url := "http://" + l.Addr().String()
	c, out, errs := command(t, "load", url, "--connections=1", "--duration=700ms")
	if code := codeOf(t, c.Run()); code != 0 && code != 5 { // VOID, where the machine is busy
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	latency := regexp.MustCompile(`(?m)^│ latency │ ([0-9.]+ \S+) +│ ([0-9.]+ \S+) `).FindStringSubmatch(out.String())
	if latency == nil {
		t.Skipf("a slow machine: too few requests for p90:\n%s", out)
	}
	var percentiles [2]time.Duration
	for i, text := range latency[1:] {
		if percentiles[i], err = time.ParseDuration(strings.ReplaceAll(text, " ", "")); err != nil {
			t.Fatal(err)
		}
	}
	p50, p90 := percentiles[0], percentiles[1]
	named := strings.Contains(out.String(),
		"\np50 is near 40 ms, on this machine's own network. That is probably delayed ACK")
	switch {
	case p50 < 40*time.Millisecond || p50 > 50*time.Millisecond || p90 > 55*time.Millisecond:
		t.Skipf("a system with other delays, or a slow machine: p50 is %v, p90 %v", p50, p90)
	case !named:
		t.Errorf("not named:\n%s", out)
	}
}

func answerInPieces(c net.Conn) {
	defer c.Close()
	if err := c.(*net.TCPConn).SetNoDelay(false); err != nil {
		return
	}
	for in := bufio.NewReader(c); ; {
		if _, err := http.ReadRequest(in); err != nil {
			return
		}
		for _, piece := range strings.SplitAfter("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\n") {
			if _, err := io.WriteString(c, piece); err != nil {
				return
			}
		}
	}
}
