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
	noDriver       = "none" // the kernel then halts idle CPUs, whatever was asked
)

// awake keeps the kernel's idle CPUs in states that they leave at once, from stayAwake to end, by a
// request to power management (Documentation/power/pm_qos_interface.rst), as cyclictest does. In an
// open load CPUs fall asleep between requests, and the time to wake them is no property of the
// server: on a virtual machine, where sleep is an exit to the hypervisor, 30 to 60 µs for a thread,
// and 10 µs of CPU time of the waking thread (docs/calibration.md).
type awake struct {
	file *os.File // nil if a missing permission (the file is root's) forbids it, or nobody would heed it
}

func stayAwake() awake {
	driver, err := os.ReadFile(idleDriver)
	name := strings.TrimSpace(string(driver))
	if err == nil && name == noDriver {
		return awake{}
	}
	f, err := os.OpenFile(latencyRequest, os.O_WRONLY, 0)
	if err != nil {
		return awake{}
	}
	// The value is a signed 32-bit number of microseconds in native byte order. The request holds
	// until the file is closed.
	longest := uint32(longestWaking(name).Microseconds())
	if _, err := f.Write(binary.NativeEndian.AppendUint32(nil, longest)); err != nil {
		f.Close() // the request was not made
		return awake{}
	}
	return awake{f}
}

// longestWaking returns how long a CPU may take to wake up. Real CPUs keep their first sleep state,
// which takes a microsecond or two to leave: polling instead would slow sibling threads and other
// cores. A guest's haltpoll driver claims the same for its one state, but does not count the
// hypervisor's part, so a guest must poll.
func longestWaking(driver string) time.Duration {
	if driver == "haltpoll" {
		return 0
	}
	return 2 * time.Microsecond
}

func (a awake) held() bool { return a.file != nil }

func (a awake) end() {
	if a.file != nil {
		a.file.Close() // withdraws the request
	}
}

// sharpenTimers makes the calling thread's waits end on time. Their timer slack is 50 µs otherwise
// (prctl(2)).
func sharpenTimers() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0))
}

// waiter waits on a timerfd in Go's poller, as exact as the kernel's timers. A goroutine's sleep is
// rounded up to a millisecond whenever the process has nothing else to do. A thread blocked in
// nanosleep would have to take Go's processor back from another when it returns, which takes 55 µs
// with one processor. The waiter's system calls are raw, for the reason given at recv.
type waiter struct {
	file  *os.File
	raw   syscall.RawConn
	step  func(fd uintptr) bool // made once: a method value allocates
	timer unix.ItimerSpec
	armed bool
	err   syscall.Errno // of arming the timer
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

// wait returns true after d, and false if interrupted.
func (w *waiter) wait(d time.Duration) bool {
	w.timer.Value = unix.NsecToTimespec(d.Nanoseconds())
	w.armed, w.err = false, 0
	return w.raw.Read(w.step) == nil && w.err == 0
}

// armThenRead returns false to wait until the timer fires and be called again. The poller keeps an
// edge that comes between arming and waiting.
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
	// an error means that the file is closed, and nothing waits
	w.file.SetReadDeadline(time.Unix(1, 0))
}

func (w *waiter) close() { w.file.Close() }

// recv and send enter the kernel by RawSyscall, because neither can block. Go's scheduler, if told
// of the call, wakes the runtime's sleeping monitor thread to check whether the call blocks, which
// takes a tenth of the CPU of an open load at 20,000/s. Both also skip the file layer of read and
// write.
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
