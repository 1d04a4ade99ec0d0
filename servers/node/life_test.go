package node_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
	"nodecompare/thorough"
)

// patience ends a test that hangs, and decides nothing.
const patience = 2 * time.Minute

// shared holds the workloads' data and the installed apps from one run to the next.
var shared = filepath.Join(os.TempDir(), "nodecompare-servers-test")

// command is how to start the mode's real server on a free port. Without Node.js the test is
// skipped, which CI does not have.
func command(t *testing.T, s node.Source, loops int) node.Command {
	t.Helper()
	if testing.Short() {
		t.Skip("other processes, which the race detector does not see: -short")
	}
	app, err := node.Prepare(t.Context(), s, shared, func(line string) { t.Log(line) })
	if errors.As(err, new(*node.Unavailable)) {
		thorough.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	service, err := workload.Open(workload.Options{Dir: shared})
	if err != nil {
		t.Fatal(err)
	}
	if err := service.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := app.Command(node.Options{Addr: "127.0.0.1:0", Data: shared, Loops: loops, Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	// SQLite as WebAssembly is not optimised here: that takes as long as all else that starts.
	c.Args = append([]string{"--liftoff-only"}, c.Args...)
	return c
}

// eachServer runs f for both servers, as one process and as a cluster: every day for a cluster of
// one alone, since how they live and end is one file for both.
func eachServer(t *testing.T, f func(t *testing.T, c node.Command)) {
	for _, s := range []node.Source{node.HTTP, node.Express} {
		for _, loops := range []int{1, 2} {
			if !thorough.On() && (loops == 1 || s.Name == node.Express.Name) {
				continue
			}
			t.Run(fmt.Sprintf("%s with %d loops", s.Name, loops), func(t *testing.T) {
				t.Parallel()
				f(t, command(t, s, loops))
			})
		}
	}
}

// family is a server and its workers, all of which hold the writing end of the pipe behind output.
type family struct {
	t      *testing.T
	cmd    *exec.Cmd
	life   *os.File // the parent's end: closing it is the parent's end
	output *os.File
	port   string
	lines  *bufio.Reader
}

func start(t *testing.T, c node.Command) *family {
	t.Helper()
	outR, outW := pipe(t)
	lifeR, lifeW := pipe(t)
	f := &family{t: t, cmd: exec.Command(c.Path, c.Args...), life: lifeW, output: outR, lines: bufio.NewReader(outR)}
	f.cmd.Env = append(append(os.Environ(), c.Env...), "NODECOMPARE_PARENT_FD=3")
	f.cmd.Stdout, f.cmd.Stderr = outW, outW
	f.cmd.ExtraFiles = []*os.File{lifeR}
	f.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Error(err)
		}
	})
	if err := errors.Join(outW.Close(), lifeR.Close(), outR.SetReadDeadline(time.Now().Add(patience))); err != nil {
		t.Fatal(err)
	}
	f.port = f.line(`^Server running on port (\d+)\n$`)
	f.line(`^mode (?:node|express): (Node.js v.*), pid \d+\n$`)
	return f
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() }) // most are closed by then
	return r, w
}

// line reads a line of the output, which must match, and gives its submatch. Node's own warnings,
// about a module that is experimental, are passed over.
func (f *family) line(pattern string) string {
	f.t.Helper()
	for {
		line, err := f.lines.ReadString('\n')
		if err != nil {
			f.t.Fatalf("reading %q and then %v, want %s", line, err, pattern)
		}
		if strings.Contains(line, "ExperimentalWarning") || strings.Contains(line, "--trace-warnings") {
			continue
		}
		m := regexp.MustCompile(pattern).FindStringSubmatch(line)
		if m == nil {
			f.t.Fatalf("got %q, want %s", line, pattern)
		}
		return m[1]
	}
}

// gone waits until no process of the family is left, reaps the first, and gives what they printed
// last.
func (f *family) gone() (rest string, ended error) {
	f.t.Helper()
	b, err := io.ReadAll(f.lines)
	if err != nil {
		f.t.Fatalf("after %q: %v: somebody still holds the output", b, err)
	}
	return string(b), f.cmd.Wait()
}

// upload begins a request and returns when its handler is waiting for the body, 5 bytes.
func (f *family) upload() net.Conn {
	f.t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", f.port))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		f.t.Fatal(err)
	}
	const interim = "HTTP/1.1 100 Continue\r\n\r\n"
	if _, err := io.WriteString(c,
		"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"); err != nil {
		f.t.Fatal(err)
	}
	b := make([]byte, len(interim))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != interim {
		f.t.Fatalf("got %q and %v, want 100", b, err)
	}
	return c
}

// TestStopsInOrder: a request that is in flight when SIGTERM comes, to the process or to its group,
// is answered whole.
func TestStopsInOrder(t *testing.T) {
	eachServer(t, func(t *testing.T, c node.Command) {
		for _, to := range []string{"process", "group"} {
			f := start(t, c)
			idle, inFlight := f.upload(), f.upload()
			if _, err := io.WriteString(idle, "12345"); err != nil {
				t.Fatal(err)
			}
			if b := make([]byte, 1); readFull(t, idle, b) != "H" {
				t.Fatalf("got %q, want the response", b)
			}
			pid := f.cmd.Process.Pid
			if to == "group" {
				pid = -pid
			}
			if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			// until the server closes it, which it does not for 60 s without being asked
			if _, err := io.Copy(io.Discard, idle); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(inFlight, "67890"); err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(inFlight); err != nil ||
				!strings.HasPrefix(string(b), "HTTP/1.1 200 OK\r\n") || !strings.HasSuffix(string(b), "\r\n\r\n67890") {
				t.Errorf("%s: the request in flight got %q and %v", to, b, err)
			}
			if rest, err := f.gone(); err != nil || rest != "" {
				t.Errorf("%s: it ended with %v and said %q, want neither", to, err, rest)
			}
		}
	})
}

func readFull(t *testing.T, r io.Reader, b []byte) string {
	t.Helper()
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestEndsWithItsParent: nobody is left when the parent has gone without a word, nor when the
// cluster's first process has.
func TestEndsWithItsParent(t *testing.T) {
	eachServer(t, func(t *testing.T, c node.Command) {
		f := start(t, c)
		if err := f.life.Close(); err != nil {
			t.Fatal(err)
		}
		if rest, err := f.gone(); err != nil || rest != "" {
			t.Errorf("it ended with %v and said %q, want neither", err, rest)
		}

		f = start(t, c)
		if err := f.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if _, err := f.gone(); err == nil {
			t.Error("it ended well though it was killed")
		}
	})
}

// TestPortInUse: the failure is a line of words, and a status.
func TestPortInUse(t *testing.T) {
	eachServer(t, func(t *testing.T, c node.Command) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		args := append([]string{}, c.Args...)
		for i, a := range args {
			if a == "--port=0" {
				args[i] = "--port=" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
			}
		}
		cmd := exec.CommandContext(t.Context(), c.Path, args...)
		cmd.Env = append(os.Environ(), c.Env...)
		said, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(said), "EADDRINUSE") || strings.Contains(string(said), "    at ") {
			t.Errorf("it ended with %v and said %q, want EADDRINUSE in a line", err, said)
		}
	})
}

// TestStartStop goes the way of bench: servers.Start finds them ready, and Stop leaves nobody
// behind.
func TestStartStop(t *testing.T) {
	thorough.Only(t)
	eachServer(t, func(t *testing.T, c node.Command) {
		p, err := child.Start(t.Context(),
			child.Command{Name: "node", Path: c.Path, Args: c.Args, Env: c.Env, ReadyTimeout: patience,
				StopTimeout: patience})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if e, _ := p.Exit(); e.Code != 0 || e.Signal != 0 {
			t.Errorf("it %v, want status 0", e)
		}
		if err := syscall.Kill(-p.PID, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("its group is still there: %v", err)
		}
	})
}
