package loadgen

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// recv and send go to the kernel by RawSyscall: neither can block. Go's scheduler, if told of the call, wakes the runtime's
// monitor thread whenever that sleeps, to see whether the call blocks: a tenth of the CPU of an open load at 20,000/s. They
// skip the file layer that read and write pass through, too.
func recv(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

func send(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
