package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/postgres"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// killTime is how long after DrainTime Node.js is killed. It keeps DrainTime by itself unless it
// computes.
const killTime = time.Second

// dataForNode returns the workloads' data folder, with the video: our own servers make that when it
// is asked for.
func dataForNode() (string, error) {
	video, err := workload.Video("")
	return filepath.Dir(video), err
}

// packagesTime is how long npm may take to fetch packages that a server can do without.
const packagesTime = 30 * time.Second

// prepareApp makes the app ready with npm's packages. Where only chat needs them, it is served
// without if they cannot be had, and say is told.
func (m Mode) prepareApp(ctx context.Context, c Config, say func(string)) (node.App, error) {
	source := m.source.WithPackages()
	if m.source == source || c.usesPostgres() {
		return node.Prepare(ctx, source, "", say)
	}
	fetching, cancel := context.WithTimeout(ctx, packagesTime)
	defer cancel()
	app, err := node.Prepare(fetching, source, "", say)
	reason := ""
	if missing, ok := errors.AsType[*node.Unavailable](err); ok {
		reason = fmt.Sprintf("%v: %s", missing.Reason, missing.Remedy)
	} else if fetching.Err() != nil && ctx.Err() == nil {
		reason = fmt.Sprintf("npm did not fetch it within %v", packagesTime)
	} else {
		return app, err
	}
	app, err = node.Prepare(ctx, m.source, "", say)
	if err == nil {
		say(fmt.Sprintf("mode %s: serving all but /chat, which needs npm's ws: %s", m.Name, reason))
	}
	return app, err
}

// serveNode is Serve for a server in Node.js, which prints its own output.
func (m Mode) serveNode(ctx context.Context, c Config, out, progress io.Writer) (err error) {
	if c.TraceFile != "" && c.Loops > 1 {
		return fmt.Errorf("mode %s: --trace records one process: serve with --loops=1", m.Name)
	}
	if c.Upstream != EmbeddedUpstream && c.Upstream != NoUpstream {
		if err := workload.CheckUpstream(c.Upstream); err != nil {
			return err
		}
	}
	app, err := m.prepareApp(ctx, c, func(line string) { fmt.Fprintln(progress, line) })
	if err != nil {
		return err
	}
	data, err := dataForNode()
	if err != nil {
		return err
	}
	upstream, stop, err := openUpstream(c.Upstream)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	ledger, stopDatabase, err := openDatabase(ctx, c.Database, c.Connections)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopDatabase()) }()
	command, err := app.Command(node.Options{Addr: c.Addr, Upstream: upstream, Data: data, Loops: c.Loops,
		Workers: c.Workers, Database: ledger.Database(), Env: ledger.Env(),
		Connections: cmp.Or(c.Connections, postgres.DefaultConnections)})
	if err != nil {
		return err
	}
	server := exec.Command(command.Path, command.Args...)
	server.Stdout, server.Stderr = out, progress
	server.Env = append(os.Environ(), command.Env...)
	if c.TraceFile != "" {
		server.Env = append(server.Env, trace.FileVariable+"="+c.TraceFile)
	}
	// a computing loop would not notice that this process is gone
	life, err := child.StartGuarded(server)
	if err != nil {
		return fmt.Errorf("mode %s: %w", m.Name, err)
	}
	defer life.Close()
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	select {
	case <-ended:
		return fmt.Errorf("mode %s: Node.js ended by itself: %v", m.Name, server.ProcessState)
	case <-ctx.Done():
	}
	// A stopped process (SIGSTOP) receives no other signal.
	if err := syscall.Kill(-server.Process.Pid, syscall.SIGCONT); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("mode %s: waking the guard of Node.js: %w", m.Name, err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("mode %s: stopping Node.js: %w", m.Name, err)
	}
	overdue := time.NewTimer(DrainTime + killTime)
	defer overdue.Stop()
	select {
	case err = <-ended:
	case <-overdue.C:
		err = errors.Join(fmt.Errorf("it computed for %v more, and was killed", DrainTime+killTime), life.Close())
		gone := time.NewTimer(killTime)
		defer gone.Stop()
		select {
		case <-ended:
		case <-gone.C: // the guard does not react either: Node.js ends with it
			if killErr := server.Process.Kill(); killErr != nil && !errors.Is(killErr, os.ErrProcessDone) {
				err = errors.Join(err, killErr)
			}
			<-ended
		}
	}
	if err != nil {
		return fmt.Errorf("mode %s: stopping Node.js: %w", m.Name, err)
	}
	return nil
}
