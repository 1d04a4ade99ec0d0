package child_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/child"
)

// family starts a server that ignores SIGTERM, with one process beside it in its group, one that
// has left the group, and one that is nobody's child any more. All of them have $MARK in their
// environment.
const large = `trap '' TERM
sleep 1000 &
setsid sleep 1000 &
(setsid sleep 1000 &)
` + childEnv + `=stubborn "$SERVER"; :`

// marked are the processes, zombies excepted, with that in their environment.
func marked(t *testing.T, mark string) (found []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		env, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended since, or is another user's
		}
		if bytes.Contains(env, []byte("\x00MARK="+mark+"\x00")) || bytes.HasPrefix(env, []byte("MARK="+mark+"\x00")) {
			line, err := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
			if err == nil {
				found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
	}
	return found
}

// awaitNone waits until no such process is left.
func awaitNone(t *testing.T, mark string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(time.Minute); len(marked(t, mark)) > 0; {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("left: %q", marked(t, mark))
		}
	}
}

func markOf(t *testing.T) string { return fmt.Sprintf("%s-%d", t.Name(), os.Getpid()) }

func TestStopLeavesNothingOfALine(t *testing.T) {
	t.Parallel()
	c := shellLine(large)
	c.Env = append(c.Env, "MARK="+markOf(t))
	c.StopTimeout = 100 * time.Millisecond
	p := start(t, c)
	if n := len(marked(t, markOf(t))); n < 6 { // the guard, the shell, three that sleep, the server
		t.Fatalf("%d processes: %q", n, marked(t, markOf(t)))
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if left := marked(t, markOf(t)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// A line that fails takes what it had started along, and so does one that is given up.
func TestFailureLeavesNothingOfALine(t *testing.T) {
	t.Parallel()
	for name, cancelled := range map[string]bool{"not ready": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shellLine("setsid sleep 1000 & sleep 1000")
			c.Env = append(c.Env, "MARK="+markOf(t))
			c.ReadyTimeout = time.Second
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if cancelled {
				c.ReadyTimeout = time.Minute
				stop := time.AfterFunc(300*time.Millisecond, cancel)
				defer stop.Stop()
			}
			if p, err := child.Start(ctx, c); err == nil {
				t.Fatalf("started, pid %d", p.PID)
			}
			if left := marked(t, markOf(t)); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
		})
	}
}

// What a parent cannot do when it is killed by SIGKILL, the guard does.
func TestLineEndsWithItsParent(t *testing.T) {
	t.Parallel()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"=shell-parent", "LINE="+large, "MARK="+markOf(t))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.Contains(line, "port") {
		t.Errorf("%q, %v", line, err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Error(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("it ended by itself")
	}
	awaitNone(t, markOf(t))
}

// Who kills this program by its name kills the guard too.
func TestLineEndsWithItsGuard(t *testing.T) {
	t.Parallel()
	c := shellLine(large)
	c.Env = append(c.Env, "MARK="+markOf(t))
	p := start(t, c)
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if left := marked(t, markOf(t)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if err, want := p.Err(),
		fmt.Sprintf("server own: its guard, pid %d, was ended by signal 9", p.PID); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// A guard that is stopped keeps nobody from ending it.
func TestStoppedGuardEnds(t *testing.T) {
	t.Parallel()
	c := shellLine(large)
	c.Env = append(c.Env, "MARK="+markOf(t))
	p := start(t, c)
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); err != nil {
		t.Error(err)
	}
	if left := marked(t, markOf(t)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// What a run that is gone has left is ended by the next one, which says so; what belongs to one
// that lives is not.
func TestSweep(t *testing.T) {
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	orphan := exec.Command("sleep", "1000")
	// of another process with this pid
	orphan.Env = append(os.Environ(), fmt.Sprintf("NODECOMPARE_RUN=%s-%d-1/1", space, os.Getpid()))
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	p := start(t, shellLine(plain))
	var said []string
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	if err := child.Sweep(func(line string) { said = append(said, line) }); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the orphan ended by itself")
	}
	if len(said) != 1 || !strings.Contains(said[0], "left behind") {
		t.Errorf("said %q", said)
	}
	if _, over := p.Exit(); over {
		t.Errorf("a living run's server was ended: %v", p.Err())
	}
}

// A server that has not heard of PORT is told from one that is slow: by where it listens.
func TestLineThatListensElsewhere(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{"itself": "unset PORT; " + plain,
		"a daemon": "unset PORT; " + childEnv + `=plain "$SERVER" & exit 0`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shellLine(line)
			c.ReadyTimeout = 3 * time.Second
			p, err := child.Start(t.Context(), c)
			if err == nil {
				t.Fatalf("started, pid %d", p.PID)
			}
			if !regexp.MustCompile(
				`nothing listens on port \d+, which it was given in PORT; it listens on port \d+ instead;`).
				MatchString(err.Error()) {
				t.Error(err)
			}
		})
	}
}

// A port that another process listens on is not the line's, whoever answers there.
func TestLineThatIsNotTheListener(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	c := shellLine(fmt.Sprintf("PORT=%d; sleep 1000", other.Addr().(*net.TCPAddr).Port))
	c.ReadyTimeout = time.Second
	if p, err := child.Start(t.Context(), c); err == nil || !strings.Contains(err.Error(), "nothing listens on port") {
		t.Errorf("started %v, %v", p, err)
	}
}
