package loadgen

import (
	"errors"
	"syscall"
)

func recv(fd uintptr, b []byte) (int, syscall.Errno) { return counted(syscall.Read(int(fd), b)) }

// send relies on Go's runtime for SIGPIPE: on a socket it is ignored.
func send(fd uintptr, b []byte) (int, syscall.Errno) { return counted(syscall.Write(int(fd), b)) }

func counted(n int, err error) (int, syscall.Errno) {
	if err == nil {
		return n, 0
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		errno = syscall.EIO
	}
	return 0, errno
}
