// Package child runs a server as a child process: it starts the server, waits until it is ready,
// supervises its descendants, and stops it.
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
	// killTimeout is how long a process may take to end after SIGKILL. A process that takes longer
	// is stuck in a system call.
	killTimeout = 10 * time.Second
	// guardTimeout is how long a guard has to kill its descendants before it is killed itself.
	guardTimeout = time.Second
	// outputTimeout is how long the end of the output is awaited, since a descendant outside of the
	// process group may hold its pipes open.
	outputTimeout = 200 * time.Millisecond
)

// Command says which server to start as a child process. The server must print a line with "port N"
// on standard output once it listens on the loopback interface, and answer GET / with 200. A Shell
// line has weaker duties: see Shell.
type Command struct {
	Name string // its name in messages, e.g. the mode
	// Helper marks a server beside the measured ones. Messages call it by its name alone.
	Helper bool
	Path   string   // the program; "" is this executable
	Args   []string // arguments, without the program's name
	Env    []string // KEY=VALUE, added to this process's environment
	// Shell is a line for sh -c, in place of Path and Args: a user's own server, which need not
	// know of this program.
	Shell string
	// Probe is the path requested from a Shell line's server until it answers with any status; ""
	// is /.
	Probe        string
	ReadyTimeout time.Duration // from the start to the first answer; 0 is 15 s
	StopTimeout  time.Duration // from SIGTERM to SIGKILL; 0 is 5 s

	port int // assigned to a Shell line; 0 for a server that prints its own
}

// guarded reports whether the server runs under a guard, because it need not know of this program.
func (c Command) guarded() bool { return c.port > 0 }

// line returns the command as a person would type it.
func (c Command) line() string {
	if c.guarded() {
		return fmt.Sprintf("PORT=%d sh -c '%s'", c.port, strings.ReplaceAll(c.Shell, "'", `'\''`))
	}
	return strings.Join(append([]string{c.Path}, c.Args...), " ")
}

// Process is a running child in its own process group, so that its descendants end with it. A
// terminal's Ctrl-C reaches only the parent, which then stops the child in order.
type Process struct {
	// PID is the child's, or that of a Shell line's guard, whose descendants are the server.
	PID  int
	Port int
	// URL is http://127.0.0.1:PORT, or [::1] if the server listens only there, without a slash at
	// the end.
	URL string

	command Command
	mark    string // of its descendants
	stderr  *tail
	done    chan struct{}

	exit Exit // written before done is closed, read after
	left int  // processes that a killed guard had left and that were ended; like exit

	mu      sync.Mutex
	stopped bool // it was asked to end while it ran
}

// Exit is how a process ended.
type Exit struct {
	Code   int            // exit status; -1 after a signal
	Signal syscall.Signal // 0 if it exited by itself
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
	Stderr  []string // the last lines, oldest first
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

// Start starts the server. It returns once the child itself owns the listening socket (on Linux)
// and has answered GET / with 200. If that does not happen within ReadyTimeout, or ctx ends, Start
// kills the child and returns a *Failure.
//
// A Shell line gets a free port in the environment variable PORT. It is ready when one of its
// processes listens there (on Linux) and has answered GET Probe with any status. It runs under a
// guard, which takes all its descendants along when it ends.
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
		ports = given // its output is not ours to interpret
	}
	if err := p.awaitReady(ready, ports); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if killErr := p.kill(); killErr != nil {
			err = errors.Join(err, killErr)
		}
		return nil, p.failure(err) // after the kill, to include its last lines
	}
	return p, nil
}

// launch starts the child and its goroutines, which all end with it.
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
	started := c.guarded() && apart(cmd.SysProcAttr) && Fork(cmd) == nil
	if !started { // a container, for example, may refuse a namespace
		cmd = command()
		if err := Fork(cmd); err != nil {
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

// wait reaps the child, ends the rest of its group, and closes what was held open for it.
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

// Exit returns how the process ended. ok is false while it runs.
func (p *Process) Exit() (e Exit, ok bool) {
	select {
	case <-p.done:
		return p.exit, true
	default:
		return Exit{}, false
	}
}

// Err returns nil while the process runs and after an end that Stop caused, and a *Failure after
// any other end.
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

// ended says who ended and how. A signal that ended a Shell line ended its guard, because a guard
// returns its program's end as a status.
func (p *Process) ended(e Exit) string {
	if p.command.guarded() && e.Signal != 0 {
		return fmt.Sprintf("its guard, pid %d, %v", p.PID, e)
	}
	return fmt.Sprintf("pid %d %v", p.PID, e)
}

// leftover says what a killed guard had left.
func (p *Process) leftover() string {
	if p.left == 0 {
		return ""
	}
	return fmt.Sprintf(" (processes that it had looked after, ended now: %d)", p.left)
}

// Stop ends the process and its group: by SIGTERM, then by SIGKILL after StopTimeout or when ctx
// ends. Stop may be called repeatedly. It returns a *Failure if the process had ended before, or
// had to be killed while ctx lived, which a Shell line's server may need.
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
	if p.command.guarded() { // which may be stopped by SIGSTOP
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
		case <-own.C: // its descendants end with it, or are found by their mark
			last = []syscall.Signal{syscall.SIGKILL}
		case <-again.C: // a new guard may have missed the first
			pause = longer(pause)
			again.Reset(pause)
		}
	}
}

func (p *Process) failure(reason error) *Failure {
	return &Failure{Server: p.command.Name, Helper: p.command.Helper, Command: p.command.line(),
		Reason: reason, Stderr: p.stderr.lines()}
}

// signalGroup signals every process of the child's group. A group that is gone is no error.
func signalGroup(pid int, s syscall.Signal) error {
	if err := syscall.Kill(-pid, s); err != nil && !errors.Is(err, syscall.ESRCH) && !groupIsZombie(err) {
		return err
	}
	return nil
}
