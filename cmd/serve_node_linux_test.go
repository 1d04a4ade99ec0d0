package cmd_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/node"
	"nodecompare/servers/trace"
	"nodecompare/thorough"
)

// needNode prepares a mode of Node.js. Without Node.js the test is skipped, which CI does not have.
func needNode(t *testing.T, mode string) {
	t.Helper()
	source := map[string]node.Source{"node": node.HTTP, "express": node.Express}[mode]
	_, err := node.Prepare(t.Context(), source, "", func(line string) { t.Log(line) })
	if errors.As(err, new(*node.Unavailable)) {
		thorough.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// nodeServer starts 'nodecompare serve' as a shell would, in no process group of its own. mark is
// in the environment of all of it.
func nodeServer(t *testing.T, mode string, loops int, more ...string) (c *exec.Cmd, url, mark string) {
	t.Helper()
	needNode(t, mode)
	mark = fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())
	c = exec.Command(os.Args[0], append([]string{"serve", "--mode=" + mode, fmt.Sprintf("--loops=%d", loops),
		"--addr=127.0.0.1:0", "--upstream=none"}, more...)...)
	c.Env = append(os.Environ(), mark)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Process.Kill(); err == nil {
			c.Wait()
		}
	})
	var port int
	if _, err := fmt.Fscanf(out, "Server running on port %d\n", &port); err != nil {
		t.Fatal(err)
	}
	return c, fmt.Sprintf("http://127.0.0.1:%d", port), mark
}

// busy gives each loop more to compute than a test will wait for: requests that come in one piece
// are computed one after the other, with no look at signals in between.
func busy(t *testing.T, url string, loops int) {
	t.Helper()
	address := strings.TrimPrefix(url, "http://")
	for range 4 * loops {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn,
			strings.Repeat("GET /cpu?ms=10000 HTTP/1.1\r\nHost: "+address+"\r\n\r\n", 4)); err != nil {
			t.Fatal(err)
		}
	}
	impatient := http.Client{Timeout: 500 * time.Millisecond, Transport: &http.Transport{DisableKeepAlives: true}}
	for limit := time.Now().Add(time.Minute); ; {
		var asking sync.WaitGroup
		var answers atomic.Int64
		for range 4 * loops { // some for each loop
			asking.Go(func() {
				if answer, err := impatient.Get(url); err == nil {
					answer.Body.Close()
					answers.Add(1)
				}
			})
		}
		if asking.Wait(); answers.Load() == 0 {
			return // all compute
		}
		if time.Now().After(limit) {
			t.Fatal("it goes on answering, though it was given 40 s of work")
		}
	}
}

// eachNodeServer runs a test of each mode with one loop and with two, by one signal and the other:
// all pairs of these are among half of the cases. One loop and Express are for the long tests.
func eachNodeServer(t *testing.T, signals []syscall.Signal,
	test func(t *testing.T, mode string, loops int, how syscall.Signal)) {
	t.Parallel()
	for i, mode := range []string{"node", "express"} {
		for j, loops := range []int{1, 2} {
			for k, how := range signals {
				if (i+j+k)%2 != 0 || !thorough.On() && (loops == 1 || mode == "express") {
					continue
				}
				t.Run(fmt.Sprintf("%s with %d loops, %v", mode, loops, how), func(t *testing.T) {
					t.Parallel()
					test(t, mode, loops, how)
				})
			}
		}
	}
}

// Ctrl-C and SIGTERM let requests in flight end, and then nobody is left: neither Node.js nor a
// worker of its cluster.
func TestServeNodeSignals(t *testing.T) {
	eachNodeServer(t, []syscall.Signal{syscall.SIGINT, syscall.SIGTERM},
		func(t *testing.T, mode string, loops int, how syscall.Signal) {
			c, url, mark := nodeServer(t, mode, loops)
			answer := inFlight(t, url+"/wait?ms=500")
			if err := c.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			if got := <-answer; got != `200 {"waited_ms":500}` {
				t.Errorf("the request in flight was answered %s", got)
			}
			if err := c.Wait(); err != nil {
				t.Errorf("it ended with %v, want exit code 0", err)
			}
			if still := left(t, mark); len(still) > 0 {
				t.Errorf("left: %q", still)
			}
		})
}

// A trace is written at the end by Node.js too.
func TestServeNodeTraces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "trace")
	c, url, _ := nodeServer(t, "node", 1, "--trace="+file)
	q, err := http.NewRequestWithContext(t.Context(), "GET", url+"/wait?ms=5", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set(trace.Header, "7")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	if events, err := os.ReadFile(file); err != nil || !strings.Contains(string(events), `"request":7`) {
		t.Errorf("%v, %q", err, events)
	}
}

// A loop that computes hears nobody: it is ended all the same when this program is killed, or told
// again and again to stop.
func TestServeNodeLeavesNothing(t *testing.T) {
	eachNodeServer(t, []syscall.Signal{syscall.SIGKILL, syscall.SIGINT},
		func(t *testing.T, mode string, loops int, how syscall.Signal) {
			c, url, mark := nodeServer(t, mode, loops)
			busy(t, url, loops)
			ended := make(chan error, 1)
			go func() { ended <- c.Wait() }()
			again := time.NewTicker(100 * time.Millisecond)
			defer again.Stop()
			for running := true; running; {
				if err := c.Process.Signal(how); err != nil && !errors.Is(err, os.ErrProcessDone) {
					t.Fatal(err)
				}
				select {
				case <-again.C:
				case err := <-ended:
					if running = false; err == nil {
						t.Error("it ended as if nothing had been")
					}
				}
			}
			awaitNone(t, mark)
		})
}

// What is still computed when requests in flight have had their time is cut off.
func TestServeNodeIsNotWaitedForWithoutEnd(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	c, url, mark := nodeServer(t, "node", 1)
	busy(t, url, 1)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit code 1", err)
	}
	if still := left(t, mark); len(still) > 0 {
		t.Errorf("left: %q", still)
	}
}
