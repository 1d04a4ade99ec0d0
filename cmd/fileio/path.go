package fileio

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// follow returns where the links at path end, whether or not a file is there. If path names a
// descriptor of this process, descriptor is not negative. Such a file must not be opened again,
// which would begin at its start.
func follow(path string) (final string, descriptor int, err error) {
	const most = 40 // as in the kernel
	for range most {
		if n, ok := opened(path); ok {
			return "", n, nil
		}
		to, err := os.Readlink(path)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EINVAL) {
			return path, -1, nil
		}
		if err != nil {
			return "", -1, err
		}
		if !filepath.IsAbs(to) {
			// a link before a .. changes its meaning
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", -1, err
			}
			to = filepath.Join(dir, to)
		}
		path = to
	}
	return "", -1, syscall.ELOOP
}

var descriptorPath = regexp.MustCompile(`^(?:/dev|/proc/([0-9]+|self|thread-self))/fd/([0-9]+)$`)

// opened returns the descriptor of this process that path names.
func opened(path string) (int, bool) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return 0, false
	}
	m := descriptorPath.FindStringSubmatch(absolute)
	if m == nil {
		return 0, false
	}
	if pid, err := strconv.Atoi(m[1]); err == nil && pid != os.Getpid() {
		return 0, false
	}
	n, err := strconv.Atoi(m[2])
	return n, err == nil
}

// duplicate returns a file of our own for the descriptor.
func duplicate(descriptor int) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(descriptor), unix.F_GETFL, 0)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", descriptor, err)
	}
	if flags&unix.O_ACCMODE == unix.O_RDONLY {
		return nil, fmt.Errorf("descriptor %d is open for reading only", descriptor)
	}
	n, err := unix.FcntlInt(uintptr(descriptor), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d: %w", descriptor, err)
	}
	return os.NewFile(uintptr(n), strconv.Itoa(descriptor)), nil
}

// Same reports whether two paths are one file, existing or not. Devices such as /dev/null do not
// count, because anybody may share them.
func Same(a, b string) bool {
	fileA, descriptorA, errA := follow(a)
	fileB, descriptorB, errB := follow(b)
	if errA != nil || errB != nil {
		return false // opening it will report the error
	}
	if descriptorA >= 0 || descriptorB >= 0 {
		return descriptorA == descriptorB
	}
	infoA, errA := os.Lstat(fileA)
	infoB, errB := os.Lstat(fileB)
	if errA == nil && errB == nil {
		return infoA.Mode()&fs.ModeCharDevice == 0 && os.SameFile(infoA, infoB)
	}
	return whole(fileA) == whole(fileB)
}

// whole returns the absolute path, with its folder's links followed.
func whole(path string) string {
	dir, base := filepath.Split(path)
	real, err := filepath.EvalSymlinks(filepath.Clean(dir))
	if err != nil {
		real = dir
	}
	if real, err = filepath.Abs(filepath.Join(real, base)); err != nil {
		return path
	}
	return real
}
