package child_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/servers/child"
)

// childEnv names the part that a copy of this test binary plays as the child.
const childEnv = "NODECOMPARE_TEST_CHILD"

// longer is more than any test lets a child live. A child that waits for nothing at all would be a
// deadlock to Go, where no C code is linked in.
const longer = time.Hour

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == child.GuardCommand {
		status, err := child.Guard(os.Args[2], os.Args[3:]...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
	if part := os.Getenv(childEnv); part != "" {
		os.Exit(playChild(part))
	}
	// Most of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// playChild is a small server with one fault, or none. It ends on SIGTERM and when descriptor 3
// reaches end of file.
func playChild(part string) int {
	switch part {
	case "dies-early":
		fmt.Fprintln(os.Stderr, "first line\nlisten: no luck today")
		return 3
	case "never-ready":
		fmt.Fprintln(os.Stderr, "still thinking")
		if port := os.Getenv("OTHER_PORT"); port != "" {
			if _, err := net.Dial("tcp", "127.0.0.1:"+port); err != nil {
				return 1
			}
		}
		time.Sleep(longer)
	case "names-other-port":
		fmt.Println("Server running on port", os.Getenv("OTHER_PORT"))
		time.Sleep(longer)
	case "grandchild":
		signal.Ignore(syscall.SIGTERM)
	case "shell-parent":
		p, err := child.Start(context.Background(), shellLine(os.Getenv("LINE")))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("Server running on port", p.Port)
		time.Sleep(longer)
	case "parent":
		p, err := child.Start(context.Background(), playing("plain"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println("Server running on port", p.Port)
		time.Sleep(longer)
	}
	grandchildsPort := 0
	if part == "has-grandchild" {
		grandchild := exec.Command(os.Args[0]) // in this child's own group, with its standard error
		grandchild.Env = append(os.Environ(), childEnv+"=grandchild")
		grandchild.Stderr = os.Stderr
		out, err := grandchild.StdoutPipe()
		if err == nil {
			err = grandchild.Start()
		}
		if err == nil {
			_, err = fmt.Fscanln(out, &grandchildsPort)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	if part == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
	}
	wanted := "0"
	if given := os.Getenv("PORT"); given != "" { // as a Shell line's server has it
		wanted = given
	}
	l, err := net.Listen("tcp", cmp.Or(os.Getenv("HOST"), "127.0.0.1")+":"+wanted)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		switch part {
		case "answers-500":
			w.WriteHeader(http.StatusInternalServerError)
		case "redirects":
			http.Redirect(w, r, "https://127.0.0.1:1/", http.StatusFound)
		case "hangs-up":
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("GET /die", func(http.ResponseWriter, *http.Request) {
		fmt.Fprintln(os.Stderr, "I was told to die")
		os.Exit(7)
	})
	mux.HandleFunc("GET /grandchild", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, grandchildsPort) })
	port := l.Addr().(*net.TCPAddr).Port
	if part == "grandchild" {
		fmt.Println(port)
	} else {
		go exitWithParent()
		fmt.Println("Server running on port", port)
	}
	if part == "noisy" {
		go func() { // far more than a pipe holds
			for range 100_000 {
				fmt.Println("port 1 is not the port: only the first line counts")
			}
		}()
	}
	fmt.Fprintln(os.Stderr, http.Serve(l, mux))
	return 1
}

func exitWithParent() {
	fd, err := strconv.Atoi(os.Getenv("NODECOMPARE_PARENT_FD"))
	if err != nil {
		return
	}
	if _, err := os.NewFile(uintptr(fd), "parent").Read(make([]byte, 1)); err != nil {
		os.Exit(0)
	}
}

func playing(part string) child.Command {
	return child.Command{Name: part, Args: []string{"serve", "--mode=" + part},
		Env: []string{childEnv + "=" + part}, ReadyTimeout: time.Minute}
}

func start(t *testing.T, c child.Command) *child.Process {
	t.Helper()
	p, err := child.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // kills it at once when the test has not stopped it
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		if err := p.Stop(gone); err != nil && !errors.As(err, new(*child.Failure)) {
			t.Error(err)
		}
	})
	return p
}

// hold connects to a port and returns a function that waits until the other end is gone.
func hold(t *testing.T, port int) (untilGone func()) {
	t.Helper()
	c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return func() {
		t.Helper()
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("the process behind port %d still holds its connection: %v", port, err)
		}
	}
}

func TestStartThenStop(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"plain", "noisy"} {
		p := start(t, playing(part))
		gone := hold(t, p.Port)
		r, err := http.Get(p.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		if _, ended := p.Exit(); ended || p.Err() != nil {
			t.Fatalf("%s: ended before it was stopped: %v", part, p.Err())
		}
		for range 2 { // stopping twice is stopping once
			if err := p.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		gone()
		<-p.Done()
		e, ended := p.Exit()
		if !ended || e.Signal != syscall.SIGTERM {
			t.Errorf("%s: exit state %+v (ended %v): want SIGTERM", part, e, ended)
		}
		if p.Err() != nil {
			t.Errorf("%s: an asked-for end is reported as a failure: %v", part, p.Err())
		}
	}
}

func TestStartFailuresSayWhatHappened(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	stolen := playing("names-other-port")
	stolen.Env = append(stolen.Env, "OTHER_PORT="+strconv.Itoa(other.Addr().(*net.TCPAddr).Port))
	missing := playing("plain")
	missing.Path = "/nonexistent/server"

	for _, test := range []struct {
		command child.Command
		timeout time.Duration // 0 where the child ends by itself
		want    []string
	}{
		{playing("dies-early"), 0,
			[]string{"exited with status 3 before it was ready", "first line | listen: no luck today"}},
		{playing("never-ready"), 2 * time.Second, []string{`no line with "port N"`, "within 2s", "still thinking"}},
		{playing("answers-500"), 2 * time.Second,
			[]string{"not ready within 2s", "500 Internal Server Error instead of 200"}},
		{stolen, 2 * time.Second, []string{"not ready within 2s"}},
		{missing, 0, []string{"cannot be started", "no such file"}},
	} {
		t.Run(test.command.Name, func(t *testing.T) {
			t.Parallel()
			if test.timeout > 0 {
				test.command.ReadyTimeout = test.timeout
			}
			p, err := child.Start(t.Context(), test.command)
			if err == nil {
				t.Fatalf("started, pid %d", p.PID)
			}
			var f *child.Failure
			if !errors.As(err, &f) || f.Server != test.command.Name {
				t.Errorf("the error is no *Failure of %s: %#v", test.command.Name, err)
			}
			for _, want := range append(test.want, "run: ", "serve --mode=") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
		})
	}
}

// needsIPv6 skips where the machine has no [::1].
func needsIPv6(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A server that listens on ::1 alone, as one that takes "localhost" for its address may, is found
// there.
func TestStartFindsIPv6(t *testing.T) {
	t.Parallel()
	needsIPv6(t)
	printed := playing("plain")
	printed.Env = append(printed.Env, "HOST=[::1]")
	given := shellLine("HOST=[::1] " + childEnv + `=plain "$SERVER"`)
	for _, c := range []child.Command{printed, given} {
		p := start(t, c)
		if want := "http://[::1]:" + strconv.Itoa(p.Port); p.URL != want {
			t.Errorf("%s: %s, want %s", c.Name, p.URL, want)
		}
		r, err := http.Get(p.URL + "/")
		if err != nil {
			t.Error(err)
		} else if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusOK {
			t.Error(r.Status, err)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// What is wrong with it is said of the address where it listens.
func TestStartNamesTheAddressThatFailed(t *testing.T) {
	t.Parallel()
	needsIPv6(t)
	for _, host := range []string{"[::1]", "127.0.0.1"} {
		c := playing("hangs-up")
		c.Env = append(c.Env, "HOST="+host)
		c.ReadyTimeout = time.Second
		p, err := child.Start(t.Context(), c)
		if err == nil {
			t.Fatalf("started, pid %d", p.PID)
		}
		if !strings.Contains(err.Error(), "http://"+host) {
			t.Errorf("of %s: %v", host, err)
		}
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := playing("never-ready")
	c.Env = append(c.Env, "OTHER_PORT="+strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	called := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		cancel() // it runs, and will never be ready
		if err == nil {
			err = c.Close()
		}
		called <- err
	}()
	if _, err := child.Start(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if err := <-called; err != nil {
		t.Error(err)
	}
}

func TestAnEndThatNobodyAskedForIsAFailure(t *testing.T) {
	t.Parallel()
	p := start(t, playing("plain"))
	if r, err := http.Get(p.URL + "/die"); err == nil {
		r.Body.Close()
		t.Fatalf("it lives and answered %s", r.Status)
	}
	<-p.Done()
	for _, err := range []error{p.Err(), p.Stop(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "exited with status 7") ||
			!strings.Contains(err.Error(), "I was told to die") {
			t.Errorf("got %v, want the exit status and the last words", err)
		}
	}
}

func TestStopKillsWhatIgnoresSIGTERM(t *testing.T) {
	t.Parallel()
	c := playing("stubborn")
	c.StopTimeout = 100 * time.Millisecond
	p := start(t, c)
	gone := hold(t, p.Port)
	if err := p.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("Stop says %v, want that it had to kill", err)
	}
	gone()
	if e, _ := p.Exit(); e.Signal != syscall.SIGKILL {
		t.Errorf("it %v, want SIGKILL", e)
	}

	// A context that has ended means: no patience.
	c.StopTimeout = time.Hour
	p = start(t, c)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ended); err != nil {
		t.Error(err)
	}
	<-p.Done()
}

func TestStopEndsTheWholeGroup(t *testing.T) {
	t.Parallel()
	p := start(t, playing("has-grandchild"))
	r, err := http.Get(p.URL + "/grandchild")
	if err != nil {
		t.Fatal(err)
	}
	port := 0
	_, err = fmt.Fscanln(r.Body, &port)
	if err := errors.Join(err, r.Body.Close()); err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	gone := hold(t, port)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone()
}

func TestAKilledParentLeavesNoOrphan(t *testing.T) {
	t.Parallel()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), childEnv+"=parent")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Fscanf(out, "Server running on port %d\n", &port); err != nil {
		t.Fatal(err)
	}
	gone := hold(t, port)
	if err := parent.Process.Kill(); err != nil { // no handler runs
		t.Fatal(err)
	}
	gone()
	if err := parent.Wait(); err == nil {
		t.Error("the parent ended well though it was killed")
	}
}
