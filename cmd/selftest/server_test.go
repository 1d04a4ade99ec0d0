package selftest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd/selftest"
)

// serve runs the server in this process until the test ends, and gives its address.
func serve(t *testing.T) string {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	served := make(chan error, 1)
	go func() { served <- selftest.Serve(ctx, in) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "Selftest server on port %d\n", &port); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
		goleak.VerifyNone(t, leaks)
	})
	return fmt.Sprintf("127.0.0.1:%d", port)
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// The server waits at least as long as it is asked to, and its figures lie between that and what a
// client measures.
func TestServe(t *testing.T) {
	url := "http://" + serve(t)
	var slowest time.Duration
	for range 5 {
		began := time.Now()
		if status, body := get(t, url+"/wait?us=2000"); status != 200 || body != "ok\n" {
			t.Errorf("%d %q", status, body)
		}
		slowest = max(slowest, time.Since(began))
	}
	for _, path := range []string{"/", "/probe"} { // which do not count
		if status, _ := get(t, url+path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for path, want := range map[string]int{"/wait": 400, "/wait?us=-1": 400, "/wait?us=1000001": 400,
		"/wait?us=x": 400, "/nothing": 404} {
		if status, _ := get(t, url+path); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	take := func() (truth selftest.Truth) {
		_, body := get(t, url+"/take")
		if err := json.Unmarshal([]byte(body), &truth); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		return truth
	}
	const precision = 1.001 // of the histogram
	truth := take()
	if truth.Requests != 5 || truth.Failure != "" || float64(truth.MinNS)*precision < 2e6 ||
		truth.P50NS < truth.MinNS || truth.P99NS < truth.P50NS ||
		float64(truth.MaxNS) > float64(slowest.Nanoseconds())*precision {
		t.Errorf("%+v, of which the slowest took the client %v", truth, slowest)
	}
	if truth := take(); truth.Requests != 0 {
		t.Errorf("taken twice: %+v", truth)
	}
}

// Clients that leave, in the midst of a request or a wait, and nonsense: the server goes on, and
// ends when it should.
func TestServeRude(t *testing.T) {
	addr := serve(t)
	for _, text := range []string{"", "GET /wa", "GET /wait?us=100000 HTTP/1.1\r\nHost: a\r\n\r\n",
		"nonsense\r\n\r\n"} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	idle, err := net.Dial("tcp", addr) // is still open when the server ends
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := idle.Close(); err != nil {
			t.Error(err)
		}
	})
	if status, _ := get(t, "http://"+addr+"/"); status != 200 {
		t.Errorf("status %d", status)
	}
}
