// Package fileio reads and writes the files named in a command. It writes a file completely or not
// at all, without harm to what is there. No read or write can keep a command from ending.
//
// A regular file is replaced by one that was written beside it. What must keep its identity is
// written into: a special file, an open descriptor such as /dev/stdout, a file with several names.
// A link stays a link.
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

// partial marks the file of a run that was cut short. Many formats of records read without an error
// if their end is missing, so only the name can tell.
const partial = ".partial"

// File is a file under construction. Write, Commit, Keep or Discard ends it.
type File struct {
	path   string      // as the user named it
	final  string      // path with links followed; "" for an open descriptor
	before fs.FileInfo // the existing file; nil if there is none
	part   *os.File    // takes the content until it is complete
	// name is part's, which will be renamed to final; "" for a part without a name, which will be
	// copied into through.
	name string
	// through keeps its identity: a special file, a descriptor, a file with several names.
	through *os.File
}

// Create checks, before anything is measured, that path can be written, and changes nothing there.
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
	// Without O_NONBLOCK a pipe would wait for its reader.
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
	return f.spool() // The folder takes no new file, or only root can set the owner.
}

var errUnread = errors.New("nobody reads this pipe: start its reader first")

// writable rejects what is no place for a file.
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

// standard reports whether standard output or standard error was redirected to this regular file.
func standard(i fs.FileInfo) bool {
	for _, s := range []*os.File{os.Stdout, os.Stderr} {
		if own, err := s.Stat(); err == nil && i.Mode().IsRegular() && os.SameFile(i, own) {
			return true
		}
	}
	return false
}

// linkCount returns how many names a file has.
func linkCount(i fs.FileInfo) uint64 {
	if s, ok := i.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}

// spool makes a part without a name in the system's temporary folder, of which nothing can be left
// behind.
func (f *File) spool() error {
	part, err := os.CreateTemp("", "nodecompare-")
	if err != nil {
		return err
	}
	f.part = part
	return os.Remove(part.Name())
}

// Replaces reports whether the file would replace an existing one.
func (f *File) Replaces() bool {
	return f.before != nil && f.before.Mode().IsRegular() && f.before.Size() > 0
}

// Write makes content write the file and commits it, or leaves the existing file.
func (f *File) Write(ctx context.Context, content func(io.Writer) error) error {
	if err := f.fill(content); err != nil {
		return err
	}
	return f.Commit(ctx)
}

// WriteBeside makes content write the file and keeps it beside the existing one.
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

// Content returns a writer for callers that write in pieces and end with Commit or Keep.
func (f *File) Content() io.Writer { return part{f.part} }

type part struct{ file *os.File }

func (p part) Write(b []byte) (int, error) {
	n, err := p.file.Write(b)
	return n, bare(err)
}

// Commit moves the content to path. A reader, now or after a crash, finds the old file or the new
// one, and never a part. Files that are written into have no such guarantee. A pipe that nobody
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

// copy writes the part into an existing file.
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
	if err := to.Truncate(size); err != nil { // removes a longer file's rest
		return bare(err)
	}
	return bare(to.Sync())
}

// Keep stores the content of a run that was cut short beside path, under an unused name ending in
// .partial, and returns that name. A special file or a descriptor gets the content itself.
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

// claim creates the first free file of path.partial, path.2.partial and so on.
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

// Discard leaves the existing file of path as it was.
func (f *File) Discard() error {
	if err := f.close(); err != nil {
		return fmt.Errorf("discard the unfinished %s: %w", f.path, err)
	}
	return nil
}

// close releases everything, including a part without its final name.
func (f *File) close() error {
	err := f.remove()
	for _, file := range []*os.File{f.part, f.through} {
		if file != nil {
			err = errors.Join(err, bare(file.Close()))
		}
	}
	return err
}

// bare removes the name of a temporary file from an error, because it means nothing to the user.
func bare(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
