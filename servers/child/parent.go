package child

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// parentVariable names the environment variable with the number of a pipe that the parent process
// holds open. The pipe ends with the parent on every system, even by SIGKILL. Linux's Pdeathsig
// instead follows the thread that started the child, and Go's threads end.
const (
	parentVariable = "NODECOMPARE_PARENT_FD"
	parentEnv      = parentVariable + "=3"
)

// UntilParentEnds returns a context that ends with ctx or with the parent, for a server started as
// a child.
func UntilParentEnds(ctx context.Context) context.Context {
	pipe, err := parentPipe()
	if err != nil {
		return ctx // started by hand, or with an inherited environment
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		io.Copy(io.Discard, pipe) // an error is an end too: nobody holds the other side
	}()
	return ctx
}

// parentPipe returns the pipe's end, which closes with the parent.
func parentPipe() (*os.File, error) {
	fd, err := strconv.Atoi(os.Getenv(parentVariable))
	if err != nil {
		return nil, fmt.Errorf("%s names no descriptor: a guard is started by this program itself", parentVariable)
	}
	syscall.CloseOnExec(fd) // else the server would hold it too
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, fmt.Errorf("descriptor %d of %s: %w", fd, parentVariable, err)
	}
	return os.NewFile(uintptr(fd), "parent"), nil
}
