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

// follow is where the links at path end, whether or not something is there. A descriptor of this
// process is one that is not negative: what it was opened from must not be opened again, which
// would begin at its start.
func follow(path string) (final string, descriptor int, err error) {
	const most = 40 // as the kernel has it
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
			dir, err := filepath.EvalSymlinks(filepath.Dir(path)) // before a .. in it can mean another folder
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

// opened is the descriptor of this process that path names.
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

// duplicate is a descriptor of our own for what that one is open for.
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

// Same tells whether two paths are one file, also when it is not there yet. A device such as
// /dev/null is shared by whoever likes.
func Same(a, b string) bool {
	fileA, descriptorA, errA := follow(a)
	fileB, descriptorB, errB := follow(b)
	if errA != nil || errB != nil {
		return false // to open it will tell
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

// whole is the path from the root, its folder's links followed.
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
