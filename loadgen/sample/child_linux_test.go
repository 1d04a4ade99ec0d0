package sample_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// process is a child made of this test binary: something real to sample.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t testing.TB) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.end() })
	return p
}

// do has the child obey a command and returns the number that it answers.
func (p *process) do(command string, arg int64) int64 {
	p.t.Helper()
	fmt.Fprintln(p.in, command, arg)
	if !p.out.Scan() {
		p.t.Fatalf("the child ended at %s %d: %v", command, arg, p.out.Err())
	}
	var n int64
	if _, err := fmt.Sscan(p.out.Text(), &n); err != nil {
		p.t.Fatal(err)
	}
	return n
}

// end has the child end, and waits for it.
func (p *process) end() {
	p.in.Close()
	if err := p.cmd.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) && p.cmd.ProcessState == nil {
		p.t.Error(err)
	}
}

const childEnv = "SAMPLE_TEST_CHILD"

// child is the other side of do. Its commands: "threads N" starts N OS threads that block in a
// read; "burn D" uses D nanoseconds of CPU on a thread of its own, which ends with it, and answers
// with what getrusage(2) counted for it; "gang N" starts N threads, and "work D" has each of them
// use D nanoseconds of CPU; "switch N" has a thread block N times, and answers with its voluntary
// context switches; "pages N" touches N bytes.
func child(in io.Reader, out io.Writer) (exit int) {
	var held []byte
	var gang crew
	for lines := bufio.NewScanner(in); lines.Scan(); {
		var command string
		var n int64
		if _, err := fmt.Sscan(lines.Text(), &command, &n); err != nil {
			return 3
		}
		answer := n
		switch command {
		case "threads":
			var started sync.WaitGroup
			for range n {
				var p [2]int
				if unix.Pipe(p[:]) != nil {
					return 4
				}
				started.Add(1)
				go func() {
					runtime.LockOSThread()
					started.Done()
					unix.Read(p[0], make([]byte, 1)) // until the process ends
				}()
			}
			started.Wait()
		case "burn":
			answer = onThread(func() int64 {
				for used().cpu < n {
				}
				return used().cpu
			})
		case "gang":
			for range n {
				gang.hire()
			}
		case "work":
			gang.work(n)
		case "switch":
			answer = onThread(func() int64 {
				for used().voluntary < n {
					unix.Nanosleep(&unix.Timespec{Nsec: 1000}, nil)
				}
				return used().voluntary
			})
		case "pages":
			held = make([]byte, n)
			for i := 0; i < len(held); i += 512 {
				held[i] = 1
			}
		}
		fmt.Fprintln(out, answer)
	}
	runtime.KeepAlive(held)
	return 0
}

type usedByThread struct{ cpu, voluntary int64 }

func used() usedByThread {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		panic(err)
	}
	return usedByThread{u.Utime.Nano() + u.Stime.Nano(), u.Nvcsw}
}

// parked holds threads that have done their work, so that their figures stay in /proc.
var parked = make(chan bool)

func onThread(f func() int64) int64 {
	answer := make(chan int64)
	go func() {
		runtime.LockOSThread()
		answer <- f()
		<-parked
	}()
	return <-answer
}

// crew is threads that work together, and are asleep otherwise.
type crew struct {
	tasks []chan int64
	done  sync.WaitGroup
}

func (c *crew) hire() {
	tasks, started := make(chan int64), make(chan bool)
	c.tasks = append(c.tasks, tasks)
	go func() {
		runtime.LockOSThread()
		close(started)
		for n := range tasks {
			for from := used().cpu; used().cpu < from+n; {
			}
			c.done.Done()
		}
	}()
	<-started
}

// work returns when each has used that much CPU, nanoseconds.
func (c *crew) work(n int64) {
	c.done.Add(len(c.tasks))
	for _, t := range c.tasks {
		t <- n
	}
	c.done.Wait()
}
