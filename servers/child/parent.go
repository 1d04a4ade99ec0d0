package child

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
)

// parentVariable names the environment variable with the number of a pipe that the process which
// started this one holds open. Its end is the parent's end, however that came, even by SIGKILL, on
// every system. (Pdeathsig would do the same on Linux, but it follows the thread that started the
// child, and Go's threads end.)
const (
	parentVariable = "NODECOMPARE_PARENT_FD"
	parentEnv      = parentVariable + "=3"
)

// UntilParentEnds returns ctx, ended when the parent ends too, for a server that was started as a
// child.
func UntilParentEnds(ctx context.Context) context.Context {
	pipe, err := parentPipe()
	if err != nil {
		return ctx // started by hand, or in an environment that was handed on
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		io.Copy(io.Discard, pipe) // an error is an end as well: nobody holds the other side any more
	}()
	return ctx
}

// parentPipe is the end of the pipe that the parent's end closes.
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
