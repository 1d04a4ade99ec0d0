package loadgen

import (
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	latencyRequest = "/dev/cpu_dma_latency"
	idleDriver     = "/sys/devices/system/cpu/cpuidle/current_driver"
)

// awake holds the kernel's idle CPUs in states that they leave at once, from stayAwake to end: a
// request to its power management (Documentation/power/pm_qos_interface.rst), as cyclictest makes
// it. In an open load CPUs fall asleep between any two requests, and what it takes to wake them is
// no property of the server: on a virtual machine, where sleep is an exit to the hypervisor, 30 to
// 60 µs for a thread, and 10 µs of the CPU time of whoever wakes it.
type awake struct {
	file *os.File // nil when the system, or the lack of a permission (the file is root's), does not let us
}

func stayAwake() awake {
	f, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return awake{}
	}
	// A signed 32-bit number of microseconds, in the byte order of the machine; it holds until the
	// file is closed.
	if _, err := f.Write(binary.NativeEndian.AppendUint32(nil, uint32(longestWaking().Microseconds()))); err != nil {
		f.Close() // nothing was asked for
		return awake{}
	}
	return awake{f}
}

// longestWaking is how long a CPU may take to wake up. On real ones the first sleep state stays
// allowed: it takes a microsecond or two to leave, and a CPU that polled instead would take from
// its sibling threads and from the others' clock. A guest's haltpoll driver says as much of its one
// state, which is untrue: the hypervisor's part is not counted. There, only polling is awake.
func longestWaking() time.Duration {
	if driver, err := os.ReadFile(idleDriver); err == nil && strings.TrimSpace(string(driver)) == "haltpoll" {
		return 0
	}
	return 2 * time.Microsecond
}

func (a awake) held() bool { return a.file != nil }

func (a awake) end() {
	if a.file != nil {
		a.file.Close() // takes the request back
	}
}

// sharpenTimers makes the calling thread's waits end when they should: its timer slack is 50 µs
// otherwise (prctl(2)).
func sharpenTimers() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0))
}

// waiter waits on a timerfd in Go's own poller: as exact as the kernel's timers, while a
// goroutine's sleep is rounded up to a whole millisecond whenever the process has nothing else to
// do, and with no thread blocked in nanosleep, whose return would have to take Go's processor back
// from another (55 µs with one processor). Its system calls are raw for the reason given at recv.
type waiter struct {
	file  *os.File
	raw   syscall.RawConn
	step  func(fd uintptr) bool // made once: a method value allocates
	timer unix.ItimerSpec
	armed bool
	err   syscall.Errno // of arming it
}

func newWaiter() (*waiter, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	w := &waiter{file: os.NewFile(uintptr(fd), "timerfd")}
	if w.raw, err = w.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	w.step = w.armThenRead
	return w, nil
}

// wait returns true after d, false when interrupted.
func (w *waiter) wait(d time.Duration) bool {
	w.timer.Value = unix.NsecToTimespec(d.Nanoseconds())
	w.armed, w.err = false, 0
	return w.raw.Read(w.step) == nil && w.err == 0
}

// armThenRead returns false to wait until the timer has gone off and be called again. An edge
// between arming it and waiting is kept by the poller.
func (w *waiter) armThenRead(fd uintptr) (done bool) {
	if !w.armed {
		w.armed = true
		_, _, w.err = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&w.timer)), 0, 0, 0)
		return w.err != 0
	}
	var expirations uint64
	_, _, errno := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&expirations)), 8)
	return errno != unix.EAGAIN
}

// interrupt ends the present and every later wait.
func (w *waiter) interrupt() {
	w.file.SetReadDeadline(time.Unix(1, 0)) // an error means that it is closed: then nothing waits
}

func (w *waiter) close() { w.file.Close() }

// recv and send go to the kernel by RawSyscall: neither can block. Go's scheduler, if told of the
// call, wakes the runtime's monitor thread whenever that sleeps, to see whether the call blocks: a
// tenth of the CPU of an open load at 20,000/s. They skip the file layer that read and write pass
// through, too.
func recv(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func send(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))),
		uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
