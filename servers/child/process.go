// Package child runs a server as a child process: it starts it, waits until it is ready, watches
// over what it starts, and stops it.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	defaultReadyTimeout = 15 * time.Second
	defaultStopTimeout  = 5 * time.Second
	// After SIGKILL only the kernel stands between a process and its end. One that stays longer is
	// stuck in a system call.
	killTimeout = 10 * time.Second
	// guardTimeout is how long a guard has to kill what it looks after, before it is killed itself.
	guardTimeout = time.Second
	// A descendant that left the process group may hold the output pipes open; nobody waits longer
	// than this for it.
	outputTimeout = 200 * time.Millisecond
)

// Command says which server to start as a child process. It must print a line with "port N" on
// standard output once it listens on the loopback interface, and answer GET / with 200. A Shell
// line is held to less: see there.
type Command struct {
	Name   string   // what messages call it, e.g. the mode
	Helper bool     // it stands beside the servers that are meant: messages call it by its name alone
	Path   string   // the program; "" is this very executable
	Args   []string // its arguments, without the program's name
	Env    []string // KEY=VALUE, added to this process's environment
	// a line for sh -c, in place of Path and Args: somebody's own server, which need not know of
	// this program
	Shell string
	// the path that a Shell line's server is asked for until it answers, with whatever status; ""
	// is /
	Probe        string
	ReadyTimeout time.Duration // from the start to the first answer; 0 is 15 s
	StopTimeout  time.Duration // from SIGTERM to SIGKILL; 0 is 5 s

	port int // that a Shell line is given; 0 for a server that prints its own
}

// guarded reports whether the server runs under a guard, since it need not know of this program.
func (c Command) guarded() bool { return c.port > 0 }

// line is the command as a person would type it.
func (c Command) line() string {
	if c.guarded() {
		return fmt.Sprintf("PORT=%d sh -c '%s'", c.port, strings.ReplaceAll(c.Shell, "'", `'\''`))
	}
	return strings.Join(append([]string{c.Path}, c.Args...), " ")
}

// Process is a running child in a process group of its own, so that what it starts ends with it,
// and a terminal's Ctrl-C reaches only the parent, which then stops it in order.
type Process struct {
	PID  int // of a Shell line's guard: what it runs are the processes below that one
	Port int
	URL  string // http://127.0.0.1:PORT, or [::1] where it listens there alone; no slash at the end

	command Command
	mark    string // of what it starts
	stderr  *tail
	done    chan struct{}

	exit Exit // written before done is closed, read after
	left int  // processes of a guard that was killed, which were ended then; as exit

	mu      sync.Mutex
	stopped bool // it was asked to end while it ran
}

// Exit is how a process ended.
type Exit struct {
	Code   int            // exit status; -1 when a signal ended it
	Signal syscall.Signal // 0 when it exited by itself
}

func (e Exit) String() string {
	if e.Signal != 0 {
		return fmt.Sprintf("was ended by signal %d (%v)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("exited with status %d", e.Code)
}

// Failure says which server failed, how, and what it last printed on standard error.
type Failure struct {
	Server  string
	Helper  bool   // as in Command
	Command string // as a person would type it
	Reason  error
	Stderr  []string // its last lines, oldest first
}

func (f *Failure) Error() string {
	words := "it printed nothing on standard error"
	if len(f.Stderr) > 0 {
		words = "its last lines on standard error: " + strings.Join(f.Stderr, " | ")
	}
	who := "server " + f.Server
	if f.Helper {
		who = "the " + f.Server
	}
	return fmt.Sprintf("%s: %v; %s; to see it by hand, run: %s", who, f.Reason, words, f.Command)
}

func (f *Failure) Unwrap() error { return f.Reason }

// Start starts the server and returns once the child itself owns the listening socket (on Linux)
// and has answered GET / with 200. When that does not happen within ReadyTimeout, or ctx ends, the
// child is killed; the error is a *Failure.
//
// A Shell line finds a free port in PORT in its environment, and is ready when any process of its
// own (on Linux) listens there and it has answered GET Probe with any status. It runs under a
// guard, which ends with it and takes along all that it started.
func Start(ctx context.Context, c Command) (*Process, error) {
	if c.Shell != "" {
		var err error
		if c.port, err = freePort(); err != nil {
			return nil, fmt.Errorf("server %s: find a free port for it: %w", c.Name, err)
		}
		c.Path, c.Args = "", []string{GuardCommand, "sh", "-c", c.Shell}
		c.Env = append(c.Env[:len(c.Env):len(c.Env)], "PORT="+strconv.Itoa(c.port))
	}
	if c.Path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("server %s: find this program's own path to start it again: %w", c.Name, err)
		}
		c.Path = self
	}
	if c.ReadyTimeout == 0 {
		c.ReadyTimeout = defaultReadyTimeout
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = defaultStopTimeout
	}
	p, ports, err := launch(c)
	if err != nil {
		return nil,
			&Failure{Server: c.Name, Helper: c.Helper, Command: c.line(),
				Reason: fmt.Errorf("cannot be started: %w", err)}
	}
	ready, cancel := context.WithTimeout(ctx, c.ReadyTimeout)
	defer cancel()
	if c.guarded() {
		given := make(chan int, 1)
		given <- c.port
		ports = given // what it prints is its own affair
	}
	if err := p.awaitReady(ready, ports); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if killErr := p.kill(); killErr != nil {
			err = errors.Join(err, killErr)
		}
		return nil, p.failure(err) // after the kill, so that its very last words are in it
	}
	return p, nil
}

// launch starts the child and the goroutines that belong to it; all of them end when it does.
func launch(c Command) (*Process, <-chan int, error) {
	var opened []*os.File
	pipe := func() (r, w *os.File, err error) {
		if r, w, err = os.Pipe(); err == nil {
			opened = append(opened, r, w)
		}
		return r, w, err
	}
	fail := func(err error) (*Process, <-chan int, error) {
		for _, f := range opened {
			err = errors.Join(err, f.Close())
		}
		return nil, nil, err
	}
	outR, outW, err := pipe()
	if err != nil {
		return fail(err)
	}
	errR, errW, err := pipe()
	if err != nil {
		return fail(err)
	}
	lifeR, lifeW, err := pipe()
	if err != nil {
		return fail(err)
	}
	mark := newMark()
	command := func() *exec.Cmd {
		cmd := exec.Command(c.Path, c.Args...)
		cmd.Env = append(append(os.Environ(), c.Env...), parentEnv, markVariable+"="+mark)
		cmd.Stdout, cmd.Stderr = outW, errW // files, so that Wait waits for the process alone
		cmd.ExtraFiles = []*os.File{lifeR}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		return cmd
	}
	cmd := command()
	started := c.guarded() && apart(cmd.SysProcAttr) && cmd.Start() == nil
	if !started { // a container, say, may refuse a namespace
		cmd = command()
		if err := cmd.Start(); err != nil {
			return fail(err)
		}
	}
	p := &Process{PID: cmd.Process.Pid, command: c, mark: mark, stderr: &tail{}, done: make(chan struct{})}
	if err := errors.Join(outW.Close(), errW.Close(), lifeR.Close()); err != nil {
		p.stderr.note(fmt.Sprintf("(nodecompare, closing the child's ends of its pipes: %v)", err))
	}
	ports := make(chan int, 1)
	var readers sync.WaitGroup
	readers.Go(func() { scanPort(outR, ports) })
	readers.Go(func() { p.stderr.readFrom(errR) })
	go p.wait(cmd, &readers, lifeW, outR, errR)
	return p, ports, nil
}

// wait reaps the child, ends what is left of its group, and closes what was held open for it.
func (p *Process) wait(cmd *exec.Cmd, readers *sync.WaitGroup, life *os.File, outputs ...*os.File) {
	waitErr := cmd.Wait()
	leftErr := signalGroup(p.PID, syscall.SIGKILL)
	p.exit = exitOf(cmd.ProcessState)
	if p.command.guarded() && p.exit.Signal != 0 {
		left, err := endMarked(func(mark string) bool { return mark == p.mark })
		p.left, leftErr = left, errors.Join(leftErr, err)
	}
	for _, f := range outputs {
		waitErr = errors.Join(waitErr, f.SetReadDeadline(time.Now().Add(outputTimeout)))
	}
	readers.Wait()
	closeErr := life.Close()
	for _, f := range outputs {
		closeErr = errors.Join(closeErr, f.Close())
	}
	var status *exec.ExitError
	if err := errors.Join(leftErr, closeErr); err != nil {
		p.stderr.note(fmt.Sprintf("(nodecompare, clearing up after it: %v)", err))
	} else if waitErr != nil && !errors.As(waitErr, &status) {
		p.stderr.note(fmt.Sprintf("(nodecompare, waiting for it: %v)", waitErr))
	}
	close(p.done)
}

func exitOf(state *os.ProcessState) Exit {
	e := Exit{Code: state.ExitCode()}
	if s, ok := state.Sys().(syscall.WaitStatus); ok && s.Signaled() {
		e.Signal = s.Signal()
	}
	return e
}

// Done is closed when the process has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is how it ended; ok is false while it runs.
func (p *Process) Exit() (e Exit, ok bool) {
	select {
	case <-p.done:
		return p.exit, true
	default:
		return Exit{}, false
	}
}

// Err is nil while the process runs and when it ended because Stop asked it to; a *Failure when it
// ended by itself.
func (p *Process) Err() error {
	e, ok := p.Exit()
	if !ok {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	return p.failure(fmt.Errorf("%s though nobody asked it to%s", p.ended(e), p.leftover()))
}

// ended says who ended, and how: of a Shell line it is the guard that a signal ended, since that
// gives the line's own end as a status.
func (p *Process) ended(e Exit) string {
	if p.command.guarded() && e.Signal != 0 {
		return fmt.Sprintf("its guard, pid %d, %v", p.PID, e)
	}
	return fmt.Sprintf("pid %d %v", p.PID, e)
}

// leftover says what a guard that was killed had left.
func (p *Process) leftover() string {
	if p.left == 0 {
		return ""
	}
	return fmt.Sprintf(" (processes that it had looked after, ended now: %d)", p.left)
}

// Stop ends the process and its group: SIGTERM, then SIGKILL when StopTimeout has passed or ctx
// ends. It may be called more than once. The error is a *Failure when the process had ended before
// it was asked to, or had to be killed while ctx lived; a Shell line's server may need that.
func (p *Process) Stop(ctx context.Context) error {
	select {
	case <-p.done:
		return p.Err()
	default:
	}
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	if ctx.Err() != nil {
		return p.kill()
	}
	if err := signalGroup(p.PID, syscall.SIGTERM); err != nil {
		return errors.Join(p.failure(fmt.Errorf("send SIGTERM to pid %d: %w", p.PID, err)), p.kill())
	}
	grace := time.NewTimer(p.command.StopTimeout)
	defer grace.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
		return p.kill()
	case <-grace.C:
		if p.command.guarded() {
			return p.kill()
		}
		return errors.Join(p.failure(fmt.Errorf("pid %d did not end within %v of SIGTERM and was killed",
			p.PID, p.command.StopTimeout)), p.kill())
	}
}

// kill ends the group at once and waits until the child is reaped.
func (p *Process) kill() error {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	last := []syscall.Signal{syscall.SIGKILL}
	if p.command.guarded() { // which may be stopped
		last = []syscall.Signal{guardKill, syscall.SIGCONT}
	}
	limit, own := time.NewTimer(killTimeout), time.NewTimer(guardTimeout)
	defer limit.Stop()
	defer own.Stop()
	again := time.NewTimer(killAgain)
	defer again.Stop()
	for pause := killAgain; ; {
		for _, s := range last {
			if err := signalGroup(p.PID, s); err != nil {
				return p.failure(fmt.Errorf("send signal %d (%v) to pid %d: %w", int(s), s, p.PID, err))
			}
		}
		select {
		case <-p.done:
			return nil
		case <-limit.C:
			return p.failure(fmt.Errorf("pid %d is still there %v after it was killed", p.PID, killTimeout))
		case <-own.C: // what it looks after ends with it, or is found by its mark
			last = []syscall.Signal{syscall.SIGKILL}
		case <-again.C: // a guard that had only just begun may not have seen it
			pause = longer(pause)
			again.Reset(pause)
		}
	}
}

func (p *Process) failure(reason error) *Failure {
	return &Failure{Server: p.command.Name, Helper: p.command.Helper, Command: p.command.line(),
		Reason: reason, Stderr: p.stderr.lines()}
}

// signalGroup sends to every process of the child's group. A group that is gone already is no
// error.
func signalGroup(pid int, s syscall.Signal) error {
	if err := syscall.Kill(-pid, s); err != nil && !errors.Is(err, syscall.ESRCH) && !groupIsZombie(err) {
		return err
	}
	return nil
}
