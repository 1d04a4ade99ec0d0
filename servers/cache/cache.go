// Package cache provides the folder that keeps servers' files from one run to the next, and builds
// folders in it.
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

// Folder returns nodecompare's folder in the user's cache folder. Without HOME, as in many
// containers and services, it is an error.
func Folder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// FolderOrTemporary is Folder, or without HOME a folder of this user in the system's temporary
// folder that nobody else can read or write. Its files must not be run.
func FolderOrTemporary() (string, error) {
	if dir, err := Folder(); err == nil {
		return dir, nil
	}
	return Temporary("", 0o700)
}

// Temporary returns a folder of this user in the system's temporary folder, made with these
// permissions if it is missing. An error says that it is another user's, or allows others more.
func Temporary(of string, permissions fs.FileMode) (string, error) {
	dir := filepath.Join(os.TempDir(), name+of+"-"+strconv.Itoa(os.Getuid()))
	err := os.Mkdir(dir, permissions)
	if err == nil {
		err = os.Chmod(dir, permissions) // whatever the umask
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	if i, err := os.Lstat(dir); err != nil || i.Mode().Perm()&^permissions != 0 || !own(dir) {
		return "", errors.Join(err, fmt.Errorf("%s is not this user's alone: set HOME or XDG_CACHE_HOME", dir))
	}
	return dir, nil
}

// own reports whether the folder is this user's.
func own(dir string) bool {
	i, err := os.Lstat(dir)
	if err != nil || !i.IsDir() {
		return false
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}

// making is the prefix of folders under construction.
const making = ".making-"

// Build is a folder under construction, which is renamed into place when complete.
type Build struct {
	Dir  string
	lock *os.File
}

// NewBuild makes a Build in a folder, and removes those that killed processes left there. Call
// Remove afterwards.
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

// NewPrivate makes a Build for what this process alone needs, and removes those that killed
// processes left. Call Remove afterwards.
func NewPrivate() (*Build, error) {
	folder, err := FolderOrTemporary()
	if err != nil {
		return nil, err
	}
	in := filepath.Join(folder, "private")
	if err := os.MkdirAll(in, 0o700); err != nil {
		return nil, err
	}
	return NewBuild(in)
}

// take locks a folder. It returns nil if another process holds the lock or has removed the folder.
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
