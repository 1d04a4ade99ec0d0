package fileio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// MaxSize bounds what Read reads: a record of some 15,000 trials.
const MaxSize = 64 << 20

// Stdin is the name of standard input.
const Stdin = "-"

// Read returns the content of the file at path. It rejects larger files than MaxSize, and waits for
// a pipe until ctx ends.
func Read(ctx context.Context, path string) ([]byte, error) {
	if path == Stdin {
		return read(ctx, os.Stdin)
	}
	// Without O_NONBLOCK a pipe would wait for its writer here.
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	text, err := read(ctx, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return text, nil
}

func read(ctx context.Context, file *os.File) ([]byte, error) {
	tooLarge := fmt.Errorf("read %s: it holds more than %d MiB, which is the most that is read",
		file.Name(), MaxSize>>20)
	switch i, err := file.Stat(); {
	case err != nil:
		return nil, err
	case i.Size() > MaxSize:
		return nil, tooLarge
	}
	var text []byte
	for chunk := make([]byte, 1<<18); ; {
		if err := await(ctx, file, unix.POLLIN, 0); err != nil && ctx.Err() == nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n, err := file.Read(chunk)
		switch text = append(text, chunk[:n]...); {
		case len(text) > MaxSize:
			return nil, tooLarge
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return nil, err
		}
	}
}
