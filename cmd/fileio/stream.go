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
	atomic   = 512                    // POSIX's least PIPE_BUF: a ready pipe takes as much at once
	look     = 100 * time.Millisecond // between two checks of ctx
	patience = time.Second            // with a reader that does not read, after ctx has ended
)

// Stream writes to a file that may have a reader, such as standard output. A reader that does not
// read would block a write forever, and the first Ctrl-C with it. So after ctx has ended, a Stream
// that takes nothing for a second returns an error.
type Stream struct {
	file *os.File
	ctx  context.Context
}

// NewStream returns a stream to file, until shortly after ctx ends.
func NewStream(ctx context.Context, file *os.File) *Stream { return &Stream{file, ctx} }

// OpenStream opens a file under its final name for output as it comes. A regular file's content is
// gone at once. Call Close afterwards.
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

// Fd returns the file's descriptor.
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

// await returns when the file is ready for the event, or has an error that the next call reports.
// It gives up when that takes longer than patience after the end of ctx.
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
