package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nodecompare/servers/cache"
	"nodecompare/servers/child"
)

// A Cluster is a PostgreSQL of this process's own, in a temporary folder, which only this process's
// user can reach: by a Unix socket in that folder. It writes to the disk as it does by default
// (fsync), so that what is committed survives a power failure.
type Cluster struct {
	URL string // of its database, without a schema
	PID int    // of its first process, whose children serve

	build   *cache.Build
	command *exec.Cmd
	ended   chan struct{}
	log     *os.File
}

// ErrNoPrograms says what this machine lacks.
var ErrNoPrograms = errors.New("PostgreSQL's programs initdb and postgres were not found: install them (Debian, " +
	"Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; macOS: brew install postgresql), or " +
	"give the URL of a database that runs, as in --db=postgres://user@host/name")

// folders hold the programs where they are not in PATH, the newest version last.
var folders = []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin",
	"/opt/homebrew/opt/postgresql*/bin", "/usr/local/opt/postgresql*/bin"}

// programs returns the folder of PostgreSQL's programs.
func programs() (string, error) {
	var found []string
	for _, f := range folders {
		some, err := filepath.Glob(filepath.Join(f, "initdb"))
		if err != nil {
			return "", err
		}
		slices.SortFunc(some, func(a, b string) int { return len(a) - len(b) }) // 9 before 15
		found = append(found, some...)
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, p)
	}
	for _, initdb := range slices.Backward(found) {
		folder := filepath.Dir(initdb)
		if _, err := exec.LookPath(filepath.Join(folder, "postgres")); err == nil {
			return folder, nil
		}
	}
	return "", ErrNoPrograms
}

const (
	clusterUser  = "nodecompare"
	readyTime    = 60 * time.Second // from the start to the first connection
	shutdownTime = 5 * time.Second  // of an orderly end, before a kill
	readyPause   = 20 * time.Millisecond
	reserve      = 30 // connections beside those of servers
)

// StartCluster makes a cluster by initdb and starts it, for servers with so many connections in
// all. Stop must follow.
func StartCluster(ctx context.Context, connections int) (c *Cluster, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	c = &Cluster{ended: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("starting a private PostgreSQL: %w", err), c.Stop())
			c = nil
		}
	}()
	if c.build, err = newFolder(); err != nil {
		return c, err
	}
	who, err := unprivileged()
	if err != nil {
		return c, err
	}
	if who != nil {
		if err = os.Chown(c.build.Dir, int(who.Uid), int(who.Gid)); err != nil {
			return c, err
		}
	}
	data := filepath.Join(c.build.Dir, "data")
	if err = initialise(ctx, bin, data, who); err == nil {
		err = c.run(bin, data, who, connections)
	}
	if err == nil {
		err = c.awaitReady(ctx)
	}
	return c, err
}

// newFolder makes the folder, and removes those of killed processes.
func newFolder() (*cache.Build, error) {
	in, err := cache.Temporary("pg", 0o711) // another user passes through it
	if err != nil {
		return nil, err
	}
	return cache.NewBuild(in)
}

// unprivileged returns who runs PostgreSQL, which refuses to be root; nil is this process's user.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	var u *user.User
	var err error
	for _, name := range []string{"postgres", "nobody"} {
		if u, err = user.Lookup(name); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a user without privileges to run it: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func initialise(ctx context.Context, bin, data string, who *syscall.Credential) error {
	// It syncs nothing here, since a cluster that is lost while it is made is made anew.
	c := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+data, "--username="+clusterUser,
		"--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions")
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(out))
	}
	return nil
}

// run starts the server, on a thread that lasts as long as it does: on Linux the server is told to
// end with that thread, so that a killed tool leaves none behind.
func (c *Cluster) run(bin, data string, who *syscall.Credential, connections int) (err error) {
	if c.log, err = os.Create(filepath.Join(c.build.Dir, "log")); err != nil {
		return err
	}
	c.command = exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-c", "listen_addresses=",
		"-c", "unix_socket_directories="+c.build.Dir, "-c", "fsync=on", "-c", "synchronous_commit=on",
		"-c", fmt.Sprintf("max_connections=%d", connections+reserve))
	c.command.Dir = "/"
	c.command.Stdout, c.command.Stderr = c.log, c.log
	c.command.SysProcAttr = endsWithThread(who)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with its goroutine
		defer close(c.ended)
		err := child.Fork(c.command)
		started <- err
		if err == nil {
			c.command.Wait() // awaitReady or the servers notice an early end
		}
	}()
	if err := <-started; err != nil {
		c.command = nil
		return err
	}
	c.PID = c.command.Process.Pid
	c.URL = (&url.URL{Scheme: "postgres", Path: "/postgres", RawQuery: url.Values{"host": {c.build.Dir},
		"port": {"5432"}, "user": {clusterUser}}.Encode()}).String()
	return nil
}

// awaitReady waits until the cluster answers a connection.
func (c *Cluster) awaitReady(ctx context.Context) error {
	config, err := Parse(c.URL)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	for {
		conn, err := config.connect(ctx, "readiness")
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.ended:
			return fmt.Errorf("postgres ended: %s", c.words())
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-time.After(readyPause):
		}
	}
}

// words are the last that the server said.
func (c *Cluster) words() string {
	said, err := os.ReadFile(c.log.Name())
	if err != nil {
		return err.Error()
	}
	return lastLines(said)
}

func lastLines(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}

// Ended is closed when the server has ended.
func (c *Cluster) Ended() <-chan struct{} { return c.ended }

// Stop ends the cluster and removes its folder.
func (c *Cluster) Stop() (err error) {
	if c.command != nil {
		// fast shutdown: clients are cut off
		for _, s := range []syscall.Signal{syscall.SIGCONT, syscall.SIGINT} {
			if e := c.command.Process.Signal(s); e != nil && !errors.Is(e, os.ErrProcessDone) {
				err = errors.Join(err, e)
			}
		}
		select {
		case <-c.ended:
		case <-time.After(shutdownTime):
			// SIGQUIT: its processes end at once, and none is left, as it would be after SIGKILL
			err = errors.Join(err, c.command.Process.Signal(syscall.SIGQUIT))
			<-c.ended
		}
	}
	if c.log != nil {
		err = errors.Join(err, c.log.Close())
	}
	if c.build != nil {
		err = errors.Join(err, c.build.Remove())
	}
	return err
}
