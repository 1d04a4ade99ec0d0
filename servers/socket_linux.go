package servers

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// recvWait and sendWait skip the file layer of read and write, and allocate no Go error.

func recvWait(fd int, b []byte) (int, syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_RECVFROM, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sendNow never waits, which needs no word to Go's scheduler.
func sendNow(fd int, b []byte) (int, syscall.Errno) { return trySend(fd, b, unix.MSG_NOSIGNAL) }

func trySend(fd int, b []byte, flags uintptr) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags|unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// sendWait first tries without waiting, which nearly always suffices. Then it waits. With more to
// come, the kernel waits for that before it sends.
func sendWait(fd int, b []byte, more bool) (int, syscall.Errno) {
	flags := uintptr(unix.MSG_NOSIGNAL)
	if more {
		flags |= unix.MSG_MORE
	}
	sent, errno := trySend(fd, b, flags)
	if errno != syscall.EAGAIN {
		return sent, errno
	}
	n, _, errno := syscall.Syscall6(unix.SYS_SENDTO, uintptr(fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// accept waits for a connection.
func (l *socketListener) accept() (fd int, errno syscall.Errno) {
	n, _, errno := syscall.Syscall6(unix.SYS_ACCEPT4, uintptr(l.fd), 0, 0, unix.SOCK_CLOEXEC, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), 0
}

// wakeOpen ends all waiting and later accepts. A close would leave them waiting.
func (l *socketListener) wakeOpen(int) error {
	err := unix.Shutdown(l.fd, unix.SHUT_RDWR)
	if err == unix.ENOTCONN {
		return nil // it was shut down before
	}
	return os.NewSyscallError("shutdown", err)
}

func openSocket(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	return fd, os.NewSyscallError("socket", err)
}

// sleep blocks the calling thread in the kernel. time.Sleep would park the goroutine on Go's
// timers.
func sleep(d time.Duration) {
	left := unix.NsecToTimespec(int64(d))
	for {
		_, _, errno := syscall.Syscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&left)),
			uintptr(unsafe.Pointer(&left)), 0)
		if errno == 0 {
			return
		}
		if errno != syscall.EINTR {
			panic(fmt.Sprintf("nanosleep of %v: %v", d, errno))
		}
	}
}
