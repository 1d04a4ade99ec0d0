package cmd_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/thorough"
)

// startServer starts 'nodecompare serve' with the flags and ends it with the test.
func startServer(t testing.TB, flags ...string) *child.Process {
	t.Helper()
	p, err := child.Start(t.Context(), serveCommand(flags...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// The claim behind every table: how many OS threads wait with 200 requests.
func TestThreadsInFlight(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts threads in /proc, which only Linux has")
	}
	t.Parallel()
	const (
		inFlight = 400
		own      = 148 // threads that Go's runtime may have besides: one for each of its 128 processors, and a few
	)
	for _, test := range []struct {
		mode, flag string
		least      int // threads
		most       int
		wait       string // of each request: a pool has several turns
	}{
		{"blocking", "", inFlight, inFlight + own, "3000"},
		{"pool", "--pool-size=100", 100, 100 + own, "1000"},
		{"pool", "--pool-size=200", 200, 200 + own, "2000"},
		{"async", "", 1, 29, "3000"},
		{"goroutine", "", 1, 29, "3000"},
	} {
		t.Run(test.mode+test.flag, func(t *testing.T) {
			if test.mode != "async" && test.mode != "blocking" {
				thorough.Only(t)
			}
			t.Parallel()
			flags := []string{"--mode=" + test.mode}
			if test.flag != "" {
				flags = append(flags, test.flag)
			}
			p := startServer(t, flags...)
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			var sent sync.WaitGroup
			for range inFlight {
				sent.Go(func() {
					r, err := client.Get(p.URL + "/wait?ms=" + test.wait)
					if err != nil {
						t.Error(err)
						return
					}
					defer r.Body.Close()
					if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != 200 {
						t.Errorf("answered %s, %v", r.Status, err)
					}
				})
			}
			answered := make(chan struct{})
			go func() {
				sent.Wait()
				close(answered)
			}()
			peak := 0
			for watching := true; watching; {
				select {
				case <-answered:
					watching = false
				case <-time.After(10 * time.Millisecond):
					peak = max(peak, threads(t, p.PID))
				}
			}
			if peak < test.least || peak > test.most {
				t.Errorf("%d OS threads at the most with %d requests in flight, want %d to %d", peak,
					inFlight, test.least, test.most)
			}
		})
	}
}

func threads(t *testing.T, pid int) int {
	t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}

// Ctrl-C and SIGTERM let the requests in flight end; a second signal does not.
func TestServeSignals(t *testing.T) {
	t.Parallel()
	for _, m := range servers.Modes {
		if m.Compiles > 0 { // Node.js
			continue
		}
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(m.Name+" "+s.String(), func(t *testing.T) {
				t.Parallel()
				c, url := serveByHand(t, m.Name)
				answer := inFlight(t, url+"/wait?ms=500")
				if err := c.Process.Signal(s); err != nil {
					t.Fatal(err)
				}
				if got := <-answer; got != `200 {"waited_ms":500}` {
					t.Errorf("the request in flight was answered %s", got)
				}
				if err := c.Wait(); err != nil {
					t.Errorf("the server ended with %v, want exit code 0", err)
				}
			})
		}
	}
	t.Run("second", func(t *testing.T) {
		t.Parallel()
		c, url := serveByHand(t, "blocking")
		answer := inFlight(t, url+"/wait?ms=60000")
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		for strings.HasPrefix(ask(url+"/", nil), "200") {
			// the first signal was taken once new connections are refused; two at once would be one
		}
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if got := <-answer; strings.HasPrefix(got, "200") {
			t.Errorf("the request in flight was answered %s, want a connection cut off", got)
		}
		if err := c.Wait(); c.ProcessState.ExitCode() != 130 {
			t.Errorf("the server ended with %v, want exit code 130", err)
		}
	})
}

// serveByHand starts a server as a shell would, in no process group of its own.
func serveByHand(t *testing.T, mode string) (*exec.Cmd, string) {
	t.Helper()
	c := exec.Command(os.Args[0], "serve", "--mode="+mode, "--addr=127.0.0.1:0", "--upstream=none")
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			c.Process.Kill()
			c.Wait()
		}
	})
	lines := bufio.NewScanner(out)
	var port, pid int
	if !lines.Scan() {
		t.Fatal("the server printed nothing")
	}
	if _, err := fmt.Sscanf(lines.Text(), "Server running on port %d", &port); err != nil {
		t.Fatalf("the first line is %q: %v", lines.Text(), err)
	}
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "mode "+mode+": ") ||
		!strings.Contains(lines.Text(), "thread") && mode != "goroutine" {
		t.Errorf("the second line is %q, want the mode and its threads", lines.Text())
	}
	if _, err := fmt.Sscanf(lines.Text()[strings.LastIndex(lines.Text(), "pid"):], "pid %d",
		&pid); err != nil || pid != c.Process.Pid {
		t.Errorf("the second line is %q, want pid %d in it", lines.Text(), c.Process.Pid)
	}
	return c, fmt.Sprintf("http://127.0.0.1:%d", port)
}

// inFlight sends a request and returns once the server has taken it up: its connection is
// established and a later request on another connection has been answered.
func inFlight(t *testing.T, url string) <-chan string {
	t.Helper()
	answer := make(chan string, 1)
	written := make(chan struct{})
	go func() {
		answer <- ask(url, written)
	}()
	<-written
	base, _, _ := strings.Cut(url, "/wait")
	if got := ask(base+"/wait?ms=50", nil); !strings.HasPrefix(got, "200") {
		t.Fatalf("a second request was answered %s", got)
	}
	return answer
}
