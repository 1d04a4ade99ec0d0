package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"nodecompare/servers"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// isNode says that a mode's server is Node.js.
func isNode(mode string) bool {
	return slices.ContainsFunc(node.Modes, func(m node.Mode) bool { return m.Name == mode })
}

// serveNode runs Node.js as a server until ctx ends; it then gives requests in flight as long as ours do. It prints for itself.
func serveNode(ctx context.Context, mode string, c servers.Config, out, progress io.Writer) (err error) {
	app, err := node.Prepare(ctx, mode, "", func(line string) { fmt.Fprintln(progress, line) })
	if err != nil {
		return err
	}
	data, err := workload.Data("")
	if err != nil {
		return err
	}
	upstream, stop, err := chosenUpstream(c.Upstream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	command, err := app.Command(node.Options{Addr: c.Addr, Upstream: upstream, Data: data, Loops: c.Loops, Workers: c.Workers})
	if err != nil {
		return usageError{err}
	}
	parent, life, err := os.Pipe() // its other end closes with this process, however that ends
	if err != nil {
		return err
	}
	defer life.Close()
	child := exec.Command(command.Path, command.Args...)
	child.Stdout, child.Stderr = out, progress
	child.Env = append(append(os.Environ(), command.Env...), parentFD+"=3")
	child.ExtraFiles = []*os.File{parent}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches this process alone, which passes it on once
	err = child.Start()
	if err := errors.Join(err, parent.Close()); err != nil {
		return fmt.Errorf("mode %s: %w", mode, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	select {
	case err := <-ended:
		return fmt.Errorf("mode %s: Node.js ended by itself: %w", mode, err)
	case <-untilParentEnds(ctx).Done():
	}
	if err := child.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("mode %s: stopping Node.js: %w", mode, err)
	}
	if err := <-ended; err != nil {
		return fmt.Errorf("mode %s: stopping Node.js: %w", mode, err)
	}
	return nil
}
