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
	// everybody is the group of all processes that one may signal, but itself (kill(2), pid -1).
	everybody = 1

	// GuardCommand is the hidden command that is to call Guard with its arguments.
	GuardCommand = "guard"

	// guardKill tells a guard to end everything at once; SIGTERM, to pass that on.
	guardKill = syscall.SIGINT
	// killAgain is how long after a SIGKILL to look for what was started meanwhile; then twice as
	// long, up to killRarely. Who walks /proc every 10 ms keeps the kernel from clearing away the
	// entries there of a dead process with 500 threads, and with that from telling of its end, for
	// ten seconds and more.
	killAgain, killRarely = 10 * time.Millisecond, time.Second

	// What a shell answers for a command that cannot be run, and, with the signal's number added,
	// for one that a signal ended.
	cannotRun, bySignal = 127, 128
)

// Guard runs a program, and returns its exit status when neither it nor anything that it started is
// left. It is a process of its own between this program and one that knows nothing of it, or may be
// too busy to listen: it sees its parent end by the pipe that the parent holds open, and kills all
// that is below it. On Linux orphans become its children, so that what forks into the background,
// or leaves the process group (setsid(2)), is neither lost nor left behind, and the program ends
// with its guard, should that be killed too; elsewhere only the process group is known. As root it
// is the first process of a pid namespace of its own (see apart), so that the kernel kills all of
// them in the moment in which it dies.
//
// SIGTERM is passed on. SIGINT kills.
func Guard(program string, args ...string) (status int, err error) {
	parent, err := parentPipe()
	if err != nil {
		return cannotRun, err
	}
	if err := becomeParent(); err != nil {
		return cannotRun, err
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, guardKill) // not ignored: that would be handed on to the server
	defer signal.Stop(signals)
	c := exec.Command(program, args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, parentVariable+"=") })
	runtime.LockOSThread() // whose end would be the program's: Pdeathsig
	c.SysProcAttr = guarded()
	if err := c.Start(); err != nil {
		return cannotRun, fmt.Errorf("start %s: %w", program, err)
	}
	ended := make(chan int, 1)
	go func() { ended <- reap(c.Process.Pid) }()
	orphaned := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, parent)
		orphaned <- err // an error is an end as well
	}()
	var termErr, killErr error // of the last time
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
				continue // it kills already
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

// longer is the pause after one between two attempts to kill.
func longer(pause time.Duration) time.Duration { return min(max(killAgain, 2*pause), killRarely) }

// StartGuarded starts a command under a guard. It ends, with all that it started, when life is
// closed or this process ends.
func StartGuarded(c *exec.Cmd) (life io.Closer, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own path to guard %s: %w", c.Path, err)
	}
	parent, life, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c.Env = append(c.Environ(), parentEnv)
	c.Path, c.Args = self, append([]string{self, GuardCommand, c.Path}, c.Args[1:]...)
	c.ExtraFiles = []*os.File{parent}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches this process alone, which passes it on
	if err := errors.Join(c.Start(), parent.Close()); err != nil {
		return nil, errors.Join(err, life.Close())
	}
	return life, nil
}

// reap waits for children until there are none, and gives the exit status of the first one, as a
// shell has it. Orphans that were adopted are among them, so that os/exec, which waits for its own
// alone, is of no use.
func reap(first int) (status int) {
	for {
		var w syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &w, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil: // ECHILD
			return status
		case pid == first && w.Signaled():
			status = bySignal + int(w.Signal())
		case pid == first:
			status = w.ExitStatus()
		}
	}
}

// tell sends a signal to the line's process group, and to what has left it.
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

// freePort is one of the loopback interface that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
