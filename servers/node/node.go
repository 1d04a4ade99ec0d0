// Package node holds the servers of the modes node and express: their embedded JavaScript, and the
// preparation to run it with Node.js. The package starts no server: [App.Command] says how to.
package node

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"nodecompare/servers/cache"
)

// minMajor is the oldest supported Node.js: Express 5 needs 18, node:http's timeouts and
// URL.canParse need 20.
const minMajor = 20

// A Source is a server in JavaScript, embedded in this program.
type Source struct {
	Name string // of the mode, and of its file in app without .js

	packages bool // needs the packages of package-lock.json
}

// WithPackages returns the source with npm's packages: asking PostgreSQL takes one, and chat.
func (s Source) WithPackages() Source {
	s.packages = true
	return s
}

var (
	HTTP    = Source{Name: "node"} // Node.js's own http module
	Express = Source{Name: "express", packages: true}
)

// Unavailable says that this machine cannot run a mode: what is missing, and what to do about it.
// Other modes can go on.
type Unavailable struct {
	Mode   string
	Reason error
	Remedy string
}

func (u *Unavailable) Error() string {
	return fmt.Sprintf("mode %s: %v: %s", u.Mode, u.Reason, u.Remedy)
}

func (u *Unavailable) Unwrap() error { return u.Reason }

const installNode = "install Node.js 20 or later: on Debian 12 and Ubuntu 24.04 from NodeSource " +
	"(https://github.com/nodesource/distributions), since their own package is Node.js 18; from Debian 13 and " +
	"Ubuntu 25.04 on by apt-get install nodejs npm; elsewhere from https://nodejs.org/en/download"

// App is a server whose sources and packages are in place, ready to start.
type App struct {
	Source  Source
	Version string // of Node.js, such as v20.20.2
	Dir     string // with its sources and packages

	program string
}

// Prepare makes the server ready to start: it finds Node.js, writes the sources to a folder named
// by their content, and installs the locked packages there if the source has any (npm ci, once;
// progress gets a line from time to time). It is safe for several processes at once. folder holds
// such folders; "" is nodecompare in the user's cache folder. The error is an *[Unavailable] if
// Node.js, npm or npm's registry is missing, or the folder cannot be written to.
func Prepare(ctx context.Context, s Source, folder string, progress func(line string)) (App, error) {
	program, version, err := find(ctx)
	if ctx.Err() != nil {
		return App{}, context.Cause(ctx)
	}
	if err != nil {
		return App{}, &Unavailable{s.Name, err, installNode}
	}
	if folder == "" {
		if folder, err = cache.Folder(); err != nil {
			return App{},
				&Unavailable{s.Name, fmt.Errorf("the folder for its sources: %w", err),
					"set HOME, or XDG_CACHE_HOME to a folder that is yours"}
		}
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return App{}, fmt.Errorf("mode %s: the folder for its sources: %w", s.Name, err)
	}
	dir, err := install(ctx, s, folder, progress)
	if err != nil {
		return App{}, err
	}
	return App{Source: s, Version: version, Dir: dir, program: program}, nil
}

// versionTimeout bounds node --version, which takes some 50 ms.
const versionTimeout = 10 * time.Second

// find returns Node.js's path and version, or an error if it is missing or too old.
func find(ctx context.Context) (program, version string, err error) {
	if program, err = exec.LookPath("node"); err != nil {
		return "", "", fmt.Errorf("looking for Node.js: %w", err)
	}
	asking, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	c := exec.CommandContext(asking, program, "--version")
	// It may be a script, whose children end with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second // for those that left its group, and may hold its output open
	out, err := c.Output()
	if ctx.Err() != nil {
		return "", "", context.Cause(ctx)
	}
	if asking.Err() != nil {
		return "", "", fmt.Errorf("%s --version did not end within %v", program, versionTimeout)
	}
	if err != nil {
		return "", "", fmt.Errorf("running %s --version: %w", program, err)
	}
	version = strings.TrimSpace(string(out))
	text, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	major, err := strconv.Atoi(text)
	if err != nil {
		return "", "", fmt.Errorf("%s --version says %.40q, which is no version", program, version)
	}
	if major < minMajor {
		return "", "", fmt.Errorf("%s is Node.js %s, which is too old", program, version)
	}
	return program, version, nil
}

// Options configure a server.
type Options struct {
	// Addr is the host:port to listen on. Port 0 is any free one; no host is every interface.
	Addr     string
	Upstream string // http URL that /api requests; "" for none
	Data     string // the workloads' data folder, already built: see workload.Open
	// Database is what a workload.Ledger calls it: SQLite's, for orders; or PostgreSQL's URL, of
	// a source WithPackages. "" is SQLite without orders.
	Database    string
	Connections int      // to PostgreSQL, of all loops
	Env         []string // for the database
	// Loops above 1 starts that many processes of Node's cluster module, and one that accepts for
	// them.
	Loops int
	// Workers is the number of pool threads of each process, for files and scrypt:
	// UV_THREADPOOL_SIZE.
	Workers int
}

// Command says how to start a server: a program, its arguments without its name, and additions to
// the environment. The server prints a line with "port N" once it listens. It ends, with its
// workers, on SIGTERM or SIGINT after up to 10 s for requests in flight, and when the pipe named by
// NODECOMPARE_PARENT_FD closes.
type Command struct {
	Path string
	Args []string
	Env  []string
}

// Command returns how to start this server.
func (a App) Command(o Options) (Command, error) {
	host, port, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return Command{},
			fmt.Errorf("mode %s: the address %q: %w (like :3000 or 127.0.0.1:3000)", a.Source.Name, o.Addr, err)
	}
	if o.Loops < 1 || o.Workers < 1 {
		return Command{},
			fmt.Errorf("mode %s with %d loops and %d workers: at least 1 of each is needed", a.Source.Name,
				o.Loops, o.Workers)
	}
	data, err := filepath.Abs(o.Data)
	if err != nil {
		return Command{}, fmt.Errorf("mode %s: the data folder %s: %w", a.Source.Name, o.Data, err)
	}
	return Command{
		Path: a.program,
		Args: []string{filepath.Join(a.Dir, a.Source.Name+".js"), "--host=" + host, "--port=" + port,
			"--loops=" + strconv.Itoa(o.Loops), "--data=" + data, "--db=" + o.Database,
			"--connections=" + strconv.Itoa(o.Connections), "--upstream=" + o.Upstream},
		Env: append([]string{"NODE_ENV=production", "UV_THREADPOOL_SIZE=" + strconv.Itoa(o.Workers)}, o.Env...),
	}, nil
}
