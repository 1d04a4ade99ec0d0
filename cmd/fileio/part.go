package fileio

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// parts are the unfinished parts that have a name, for Abandon.
var parts = struct {
	sync.Mutex
	names map[string]bool
}{names: map[string]bool{}}

// Abandon removes everything unfinished. It is for a process that ends at once: nothing can be
// finished afterwards.
func Abandon() error {
	parts.Lock() // never unlocked
	var err error
	for name := range parts.names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// beside makes the part that will replace final, in its folder, with the mode and owner of the
// existing file. The writer holds the part's lock. A part that is not locked was left by a killed
// run, and is removed.
func (f *File) beside() error {
	dir, base := filepath.Split(f.final)
	if base == "" {
		return errors.New("it ends as a folder does: name a file")
	}
	h := fnv.New32a()
	h.Write([]byte(base))
	prefix := fmt.Sprintf(".nodecompare-%08x-", h.Sum32()) // short, whatever the name is
	if err := sweep(filepath.Clean(dir), prefix); err != nil {
		return err
	}
	const tries = 100
	for range tries {
		done, err := f.try(dir + prefix + fmt.Sprintf("%016x.part", rand.Uint64()))
		if done || err != nil {
			return err
		}
	}
	return errors.New("its folder takes no temporary file")
}

// try makes the part under the name. done is false if another file has the name, or another run has
// just swept the part.
func (f *File) try(name string) (done bool, err error) {
	parts.Lock()
	defer parts.Unlock()
	part, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	locked := lock(part)
	i, err := part.Stat()
	if err != nil || !locked || linkCount(i) == 0 {
		return false, errors.Join(err, part.Close())
	}
	if err := copyModeAndOwner(part, i, f.before); err != nil {
		return false, errors.Join(err, part.Close(), os.Remove(name))
	}
	f.part, f.name = part, name
	parts.names[name] = true
	return true, nil
}

// lock returns false if another process holds the lock. On file systems without locks no part is
// removed.
func lock(f *os.File) bool {
	return !errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// copyModeAndOwner gives a part the mode and owner of the file that it will replace.
func copyModeAndOwner(part *os.File, now, before fs.FileInfo) error {
	if before == nil {
		return nil // the umask decides the mode
	}
	a, ok := now.Sys().(*syscall.Stat_t)
	b, known := before.Sys().(*syscall.Stat_t)
	if ok && known && (a.Uid != b.Uid || a.Gid != b.Gid) {
		if err := part.Chown(int(b.Uid), int(b.Gid)); err != nil {
			return err
		}
	}
	return part.Chmod(before.Mode().Perm())
}

// rename gives the part its final name.
func (f *File) rename(to string) error {
	parts.Lock()
	defer parts.Unlock()
	if err := os.Rename(f.name, to); err != nil {
		return bare(err)
	}
	delete(parts.names, f.name)
	f.name = ""
	return nil
}

// remove removes a part that still has its temporary name.
func (f *File) remove() error {
	if f.name == "" {
		return nil
	}
	parts.Lock()
	defer parts.Unlock()
	delete(parts.names, f.name)
	return bare(os.Remove(f.name))
}

// sweep removes the parts with the prefix that nobody writes.
func sweep(dir, prefix string) error {
	all, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil // listing needs another right than writing
	}
	if err != nil {
		return err
	}
	for _, e := range all {
		if strings.HasPrefix(e.Name(), prefix) && e.Type().IsRegular() {
			err = errors.Join(err, sweepPart(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// sweepPart removes a part of this user that nobody has locked.
func sweepPart(name string) error {
	part, err := os.OpenFile(name, os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil // it is gone, or another user's
	}
	i, err := part.Stat()
	if err != nil {
		return errors.Join(err, part.Close())
	}
	s, ok := i.Sys().(*syscall.Stat_t)
	if ok && i.Mode().IsRegular() && int(s.Uid) == os.Geteuid() &&
		unix.Flock(int(part.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
		err = os.Remove(name)
	}
	if errors.Is(err, fs.ErrNotExist) { // it has been renamed meanwhile
		err = nil
	}
	return errors.Join(err, part.Close())
}
