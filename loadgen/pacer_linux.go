package loadgen

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// waiter waits on a timerfd in Go's own poller: as exact as the kernel's timers, while a goroutine's sleep is rounded up
// to a whole millisecond whenever the process has nothing else to do, and with no thread blocked in nanosleep, whose
// return would have to take Go's processor back from another (55 µs with one processor).
type waiter struct {
	fd   int // of file: Fd() would put it into blocking mode
	file *os.File
}

func newWaiter() (*waiter, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return &waiter{fd: fd, file: os.NewFile(uintptr(fd), "timerfd")}, nil
}

// wait returns true after d, false when interrupted.
func (w *waiter) wait(d time.Duration) bool {
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(d.Nanoseconds())}
	if err := unix.TimerfdSettime(w.fd, 0, &spec, nil); err != nil {
		return false
	}
	var expirations [8]byte
	_, err := w.file.Read(expirations[:])
	return err == nil
}

// interrupt ends the present and every later wait.
func (w *waiter) interrupt() {
	w.file.SetReadDeadline(time.Unix(1, 0)) // an error means that it is closed: then nothing waits
}

func (w *waiter) close() { w.file.Close() }
