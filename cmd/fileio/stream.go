package fileio

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	atomic   = 512                    // bytes that every pipe takes in one go when it takes any: POSIX's least PIPE_BUF
	look     = 100 * time.Millisecond // between two looks at whether ctx has ended
	patience = time.Second            // with a reader that does not read, once it has
)

// Stream writes to what may have a reader, such as standard output. A reader that does not read
// would hold a write up for ever, and the first Ctrl-C with it: once ctx has ended, a stream is
// given up that takes nothing for a second.
type Stream struct {
	file *os.File
	ctx  context.Context
}

// NewStream is file's, until ctx ends and a little longer.
func NewStream(ctx context.Context, file *os.File) *Stream { return &Stream{file, ctx} }

// OpenStream opens a file for what is written as it comes, under its name from the beginning: what
// was in a regular one is gone at once. Close must follow.
func OpenStream(ctx context.Context, path string) (*Stream, error) {
	file, err := openStream(path)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, bare(err))
	}
	return NewStream(ctx, file), nil
}

func openStream(path string) (*os.File, error) {
	final, descriptor, err := follow(path)
	if err != nil {
		return nil, err
	}
	if descriptor >= 0 {
		return duplicate(descriptor)
	}
	there, err := os.Lstat(final)
	if err == nil {
		err = writable(there)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file, err := os.OpenFile(final, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NONBLOCK, 0o666)
	if errors.Is(err, unix.ENXIO) {
		return nil, errUnread
	}
	return file, err
}

// Close closes the file.
func (s *Stream) Close() error { return s.file.Close() }

// Fd is the file's.
func (s *Stream) Fd() uintptr { return s.file.Fd() }

func (s *Stream) Write(p []byte) (written int, err error) {
	for written < len(p) {
		if err := await(s.ctx, s.file, unix.POLLOUT, patience); err != nil {
			return written, err
		}
		n, err := s.file.Write(p[written:min(len(p), written+atomic)])
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// await returns when the file is ready for that, or has an error that the next call will tell. It
// is given up when that takes longer than this after the end of ctx.
func await(ctx context.Context, file *os.File, event int16, patience time.Duration) error {
	raw, err := file.SyscallConn()
	if err != nil {
		return err
	}
	for waited := time.Duration(0); ; waited += look {
		ready := true
		err := raw.Control(func(fd uintptr) {
			n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: event}}, int(look.Milliseconds()))
			ready = n > 0 || err != nil && !errors.Is(err, unix.EINTR)
		})
		if err != nil || ready {
			return err
		}
		if ctx.Err() == nil {
			waited = 0
		} else if waited >= patience {
			return fmt.Errorf("nobody reads what is written there: %w", context.Cause(ctx))
		}
	}
}
