package measure

import (
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"nodecompare/results"
)

// spareFiles is the number of descriptors that a process needs besides its connections: pipes,
// listeners, databases, the poller.
const spareFiles = 256

// openFiles returns this process's limit. Go's runtime has raised it from soft to hard at the start
// (os package, since Go 1.19), and so have servers of this program.
func openFiles() uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 1024 // getrlimit(2) fails on bad arguments only; the lowest usual limit
	}
	return uint64(l.Cur)
}

// MaxConnections returns the most connections that one process may hold.
func MaxConnections() int {
	return int(min(openFiles(), 1<<20)) - spareFiles
}

// Host describes the machine. What the system does not report is left empty.
func Host() results.Host {
	h := results.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(),
		Go: runtime.Version(), OpenFiles: openFiles()}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		h.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	describeHost(&h)
	return h
}

// ToolVersion returns the module's version, as go install or the release recorded it; "(devel)" for
// a build from a checkout.
func ToolVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
