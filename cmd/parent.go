package cmd

import (
	"context"
	"io"
	"os"
	"strconv"
	"syscall"
)

// parentFD names the environment variable with the number of a pipe that the process which started this one holds open. Its end
// is the parent's end, however that came, on every system; PR_SET_PDEATHSIG is Linux's, and follows a thread.
const parentFD = "NODECOMPARE_PARENT_FD"

// untilParentEnds is ctx, ended when the parent does, for a server that was started as a child.
func untilParentEnds(ctx context.Context) context.Context {
	fd, err := strconv.Atoi(os.Getenv(parentFD))
	if err != nil {
		return ctx
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return ctx // not a descriptor of ours after all: an environment that was handed on
	}
	ctx, cancel := context.WithCancel(ctx)
	pipe := os.NewFile(uintptr(fd), "parent")
	go func() {
		defer cancel()
		io.Copy(io.Discard, pipe) // an error is an end as well: nobody holds the other side any more
	}()
	return ctx
}
