// Package fileio reads and writes the files that a command is told to. A file is written whole or
// not at all, and without harm to what is there; nothing that is read or written can keep a command
// from its end.
//
// A regular file is replaced by one that was written beside it. What must stay itself is written
// into: a special file, an open descriptor such as /dev/stdout, a file with several names. A link
// stays a link.
package fileio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// partial marks what a run left that was cut short. Formats of many records read without an error
// where their end is missing, so that only the name can tell.
const partial = ".partial"

// File is a file in the making. Write, Commit, Keep or Discard ends it.
type File struct {
	path   string      // as the user named it
	final  string      // where that is, links followed; "" for an open descriptor
	before fs.FileInfo // nil where nothing was
	part   *os.File    // takes the content, until that is whole
	// of part, which takes the place of final; "" for a part without a name, which is copied into
	// through
	name    string
	through *os.File // stays itself: a special file, a descriptor, a file with several names
}

// Create makes sure, before anything is measured, that path can be written, and changes nothing
// there.
func Create(path string) (*File, error) {
	f := &File{path: path}
	if err := f.open(); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, errors.Join(bare(err), f.close()))
	}
	return f, nil
}

func (f *File) open() error {
	final, descriptor, err := follow(f.path)
	if err != nil {
		return err
	}
	if descriptor >= 0 {
		if f.through, err = duplicate(descriptor); err != nil {
			return err
		}
		return f.spool()
	}
	f.final = final
	f.before, err = os.Lstat(final)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.beside()
	case err != nil:
		return err
	}
	if err := writable(f.before); err != nil {
		return err
	}
	// without O_NONBLOCK a pipe would wait for its reader
	there, err := os.OpenFile(final, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ENXIO) && f.before.Mode()&fs.ModeNamedPipe != 0 {
		return errUnread
	}
	if err != nil {
		return err
	}
	f.through = there
	if !f.before.Mode().IsRegular() || linkCount(f.before) > 1 {
		return f.spool()
	}
	if err = f.beside(); !errors.Is(err, fs.ErrPermission) && !errors.Is(err, unix.EROFS) {
		f.through = nil
		return errors.Join(err, there.Close())
	}
	return f.spool() // in a folder that takes no new file, or for an owner that only root can give
}

var errUnread = errors.New("nobody reads this pipe: start its reader first")

// writable refuses what is no place for a file.
func writable(there fs.FileInfo) error {
	switch {
	case there.IsDir():
		return errors.New("it is a folder: name a file")
	case there.Mode()&(fs.ModeDevice|fs.ModeCharDevice) == fs.ModeDevice:
		return errors.New("it is a disk: name a file")
	case standard(there):
		return errors.New("standard output or standard error goes there already: name another file")
	}
	return nil
}

// standard tells whether it is the regular file that standard output or standard error was sent to.
func standard(i fs.FileInfo) bool {
	for _, s := range []*os.File{os.Stdout, os.Stderr} {
		if own, err := s.Stat(); err == nil && i.Mode().IsRegular() && os.SameFile(i, own) {
			return true
		}
	}
	return false
}

// linkCount is how many a file has.
func linkCount(i fs.FileInfo) uint64 {
	if s, ok := i.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}

// spool makes a part without a name, in the system's temporary folder: nothing of it can be left.
func (f *File) spool() error {
	part, err := os.CreateTemp("", "nodecompare-")
	if err != nil {
		return err
	}
	f.part = part
	return os.Remove(part.Name())
}

// Replaces tells whether the file would take the place of what is there now.
func (f *File) Replaces() bool {
	return f.before != nil && f.before.Mode().IsRegular() && f.before.Size() > 0
}

// Write has content write the file and commits it, or leaves what was there before.
func (f *File) Write(ctx context.Context, content func(io.Writer) error) error {
	if err := f.fill(content); err != nil {
		return err
	}
	return f.Commit(ctx)
}

// WriteBeside has content write the file and keeps it beside what is there.
func (f *File) WriteBeside(ctx context.Context, content func(io.Writer) error) (where string, err error) {
	if err := f.fill(content); err != nil {
		return "", err
	}
	return f.Keep(ctx)
}

func (f *File) fill(content func(io.Writer) error) error {
	buffered := bufio.NewWriter(f.Content())
	err := content(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", f.path, err), f.Discard())
	}
	return nil
}

// Content takes the content, for those that write it bit by bit and end with Commit or Keep.
func (f *File) Content() io.Writer { return part{f.part} }

type part struct{ file *os.File }

func (p part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, bare(err)
}

// Commit puts the content where path says: a reader, now or after a crash, finds the old file or
// the new one, and never a part. What is written into can have no such promise. A pipe that nobody
// reads is given up soon after ctx has ended.
func (f *File) Commit(ctx context.Context) error {
	err := f.finish(ctx)
	if err = errors.Join(err, f.close()); err != nil {
		return fmt.Errorf("write %s: %w", f.path, err)
	}
	return nil
}

func (f *File) finish(ctx context.Context) error {
	if f.name == "" {
		return f.copy(ctx, f.through, f.before != nil && f.before.Mode().IsRegular())
	}
	if err := f.part.Sync(); err != nil { // a rename may reach the disk before the bytes do
		return bare(err)
	}
	return f.rename(f.final)
}

// copy writes the part into a file that is there.
func (f *File) copy(ctx context.Context, to *os.File, regular bool) error {
	size, err := f.part.Seek(0, io.SeekCurrent)
	if err != nil {
		return bare(err)
	}
	if _, err := f.part.Seek(0, io.SeekStart); err != nil {
		return bare(err)
	}
	if !regular {
		_, err := io.Copy(NewStream(ctx, to), f.part)
		return bare(err)
	}
	if _, err := io.Copy(to, f.part); err != nil {
		return bare(err)
	}
	if err := to.Truncate(size); err != nil { // what is longer goes last
		return bare(err)
	}
	return bare(to.Sync())
}

// Keep puts the content of a run that was cut short beside path, under a name that nothing has and
// that ends with .partial, and says which. What a special file or a descriptor names gets it all
// the same.
func (f *File) Keep(ctx context.Context) (where string, err error) {
	if f.before == nil && f.final == "" || f.before != nil && !f.before.Mode().IsRegular() {
		return f.path, f.Commit(ctx)
	}
	where, err = f.keep(ctx)
	if err = errors.Join(err, f.close()); err != nil {
		return "", fmt.Errorf("write %s: %w", f.path, err)
	}
	return where, nil
}

func (f *File) keep(ctx context.Context) (string, error) {
	claimed, err := claim(f.final)
	if err != nil {
		return "", err
	}
	where := claimed.Name()
	if f.name == "" {
		err = f.copy(ctx, claimed, true)
	} else {
		err = f.rename(where)
	}
	return where, bare(errors.Join(err, claimed.Close()))
}

// claim makes the first file of path.partial, path.2.partial … that nothing is in the way of.
func claim(path string) (*os.File, error) {
	const most = 1000
	dir, base := filepath.Split(path)
	base = strings.ToValidUTF8(base[:min(len(base), 255-len(".1000"+partial))], "")
	for n := 1; ; n++ {
		name := base + partial
		if n > 1 {
			name = fmt.Sprintf("%s.%d%s", base, n, partial)
		}
		file, err := os.OpenFile(dir+name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) || n == most {
			return file, err
		}
	}
}

// Discard leaves what path held before as it was.
func (f *File) Discard() error {
	if err := f.close(); err != nil {
		return fmt.Errorf("discard the unfinished %s: %w", f.path, err)
	}
	return nil
}

// close lets go of everything, and of a part that has not got its final name.
func (f *File) close() error {
	err := f.remove()
	for _, file := range []*os.File{f.part, f.through} {
		if file != nil {
			err = errors.Join(err, bare(file.Close()))
		}
	}
	return err
}

// bare is an error without the name of a temporary file, which says nothing to anybody.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
