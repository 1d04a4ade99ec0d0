package child

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// everybody addresses all processes that may be signalled, except the sender (kill(2), pid -1).
	everybody = 1

	// GuardCommand is the hidden command that must call Guard with its arguments.
	GuardCommand = "guard"

	// guardKill tells a guard to kill everything at once. SIGTERM tells it to pass that on.
	guardKill = syscall.SIGINT
	// killAgain is the time after a SIGKILL at which to look for processes started meanwhile. It
	// doubles up to killRarely: walking /proc every 10 ms delays the kernel's removal of a dead
	// process with 500 threads, and with it the report of its end, by ten seconds and more.
	killAgain, killRarely = 10 * time.Millisecond, time.Second

	// cannotRun and bySignal are a shell's exit statuses for a command that cannot run and, plus
	// the signal's number, for one ended by a signal.
	cannotRun, bySignal = 127, 128
)

// Guard runs a program, and returns its exit status when neither the program nor any of its
// descendants is left. A guard is a process between this program and a server that knows nothing of
// it. It notices the end of its parent by a pipe that the parent holds open, and then kills all its
// descendants. On Linux orphans become its children, so that background processes and those that
// leave the process group (setsid(2)) are neither lost nor left behind, and the program ends with
// its guard. Elsewhere only the process group is known. As root the guard is the first process of
// its own pid namespace (see apart), so that the kernel kills its descendants when it dies.
//
// The guard passes SIGTERM on. SIGINT makes it kill.
func Guard(program string, args ...string) (status int, err error) {
	parent, err := parentPipe()
	if err != nil {
		return cannotRun, err
	}
	if err := becomeParent(); err != nil {
		return cannotRun, err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, guardKill) // not ignored: the server would inherit that
	defer signal.Stop(signals)
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, parentVariable+"=") })
	runtime.LockOSThread() // the thread's end would end the program (Pdeathsig)
	c.SysProcAttr = guarded()
	if err := c.Start(); err != nil {
		return cannotRun, fmt.Errorf("start %s: %w", program, err)
	}
	ended := make(chan int, 1)
	go func() { ended <- reap(c.Process.Pid) }()
	orphaned := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, parent)
		orphaned <- err // an error is an end too
	}()
	var termErr, killErr error // the last errors of passing on and of killing
	var again <-chan time.Time
	for pause := time.Duration(0); ; {
		select {
		case status := <-ended:
			return status, errors.Join(termErr, killErr, signalGroup(c.Process.Pid, syscall.SIGKILL))
		case s := <-signals:
			if s != guardKill {
				termErr = tell(c.Process.Pid, syscall.SIGTERM)
				continue
			}
			if pause > 0 {
				continue // already killing
			}
		case <-orphaned:
			orphaned = nil
		case <-again:
		}
		killErr = tell(c.Process.Pid, syscall.SIGKILL)
		pause = longer(pause)
		again = time.After(pause)
	}
}

// longer returns the pause before the next attempt to kill.
func longer(pause time.Duration) time.Duration { return min(max(killAgain, 2*pause), killRarely) }

// StartGuarded starts a command under a guard. The command and its descendants end when life is
// closed or this process ends.
func StartGuarded(c *exec.Cmd) (life io.Closer, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own path to guard %s: %w", c.Path, err)
	}
	c.Path, c.Args = self, append([]string{self, GuardCommand, c.Path}, c.Args[1:]...)
	return StartOwned(c)
}

// StartOwned starts a command of this program that calls UntilParentEnds, and so knows when life is
// closed or this process ends.
func StartOwned(c *exec.Cmd) (life io.Closer, err error) {
	parent, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Env = append(c.Environ(), parentEnv)
	c.ExtraFiles = []*os.File{parent}
	// Ctrl-C reaches this process alone, which passes it on
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := errors.Join(Fork(c), parent.Close()); err != nil {
		return nil, errors.Join(err, life.Close())
	}
	return life, nil
}

// reap waits for all children, and returns the first one's exit status as a shell does. The
// children include adopted orphans, for which os/exec does not wait.
func reap(first int) (status int) {
	for {
		var w syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &w, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // ECHILD: none is left
			return status
		case pid == first && w.Signaled():
			status = bySignal + int(w.Signal())
		case pid == first:
			status = w.ExitStatus()
		}
	}
}

// tell sends a signal to the program's process group and to its descendants outside of the group.
func tell(group int, s syscall.Signal) error {
	if alone() {
		return signalGroup(everybody, s)
	}
	err := signalGroup(group, s)
	strays, lookErr := strays(group)
	err = errors.Join(err, lookErr)
	for _, pid := range strays {
		if e := syscall.Kill(pid, s); e != nil && !errors.Is(e, syscall.ESRCH) {
			err = errors.Join(err, fmt.Errorf("send signal %d to pid %d: %w", int(s), pid, e))
		}
	}
	return err
}

// freePort returns a port of the loopback interface that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
