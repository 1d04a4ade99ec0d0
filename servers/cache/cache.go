// Package cache is the folder in which servers' files are kept from one run to the next, and how
// they are made there.
package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const name = "nodecompare"

// Folder is nodecompare's in the user's cache folder. Without HOME, as in many a container and
// service, there is none.
func Folder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// FolderOrTemporary is the same, and where there is none one of this user's in the system's
// temporary folder, which nobody else can read or write. What is in it must not be run.
func FolderOrTemporary() (string, error) {
	if dir, err := Folder(); err == nil {
		return dir, nil
	}
	dir := filepath.Join(os.TempDir(), name+"-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if i, err := os.Lstat(dir); err != nil || i.Mode().Perm()&0o077 != 0 || !own(dir) {
		return "", errors.Join(err, fmt.Errorf("%s is not this user's alone: set HOME or XDG_CACHE_HOME", dir))
	}
	return dir, nil
}

// own tells whether it is a folder of this user.
func own(dir string) bool {
	i, err := os.Lstat(dir)
	if err != nil || !i.IsDir() {
		return false
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}

// making begins the names of folders in which something is made.
const making = ".making-"

// Build is a folder in which something is made, to be renamed into place when it is whole.
type Build struct {
	Dir  string
	lock *os.File
}

// NewBuild makes one in a folder, and removes those that killed processes have left there. Remove
// must follow.
func NewBuild(in string) (*Build, error) {
	left, err := filepath.Glob(filepath.Join(in, making+"*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range left {
		if b := take(dir); b != nil {
			if err := b.Remove(); err != nil {
				return nil, err
			}
		}
	}
	const tries = 100
	for range tries {
		dir, err := os.MkdirTemp(in, making)
		if err != nil {
			return nil, err
		}
		if b := take(dir); b != nil {
			return b, nil
		}
	}
	return nil, fmt.Errorf("no folder can be made in %s: others remove it", in)
}

// take takes the lock of a folder. It is nil where another process holds that, or has removed the
// folder.
func take(dir string) *Build {
	lock, err := os.Open(dir)
	if err != nil {
		return nil
	}
	if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		if _, err := os.Stat(dir); err == nil { // after the lock: it may have been removed before
			return &Build{dir, lock}
		}
	}
	lock.Close()
	return nil
}

// Remove removes the folder, with what was not renamed.
func (b *Build) Remove() error { return errors.Join(os.RemoveAll(b.Dir), b.lock.Close()) }
