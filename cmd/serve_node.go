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
	"time"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/workload"
)

// killTime is how long after drainTime Node.js, which keeps to that by itself unless it computes, is killed.
const killTime = time.Second

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
		return exitError{exitUsage, err}
	}
	server := exec.Command(command.Path, command.Args...)
	server.Stdout, server.Stderr = out, progress
	server.Env = append(os.Environ(), command.Env...)
	life, err := child.StartGuarded(server) // a loop that computes would not hear that this process is gone
	if err != nil {
		return fmt.Errorf("mode %s: %w", mode, err)
	}
	defer life.Close()
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	select {
	case <-ended:
		return fmt.Errorf("mode %s: Node.js ended by itself: %v", mode, server.ProcessState)
	case <-untilParentEnds(ctx).Done():
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("mode %s: stopping Node.js: %w", mode, err)
	}
	overdue := time.NewTimer(drainTime + killTime)
	defer overdue.Stop()
	select {
	case err = <-ended:
	case <-overdue.C:
		err = errors.Join(fmt.Errorf("it computed for %v more, and was killed", drainTime+killTime), life.Close())
		<-ended
	}
	if err != nil {
		return fmt.Errorf("mode %s: stopping Node.js: %w", mode, err)
	}
	return nil
}
