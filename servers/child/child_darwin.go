package child

import (
	"errors"
	"syscall"
)

// macOS has no /proc and no subreaper: what a server starts, and which socket is whose, cannot be
// known here.

// becomeParent does nothing: orphans are launchd's.
func becomeParent() error { return nil }

func apart(*syscall.SysProcAttr) bool { return false }

func alone() bool { return false }

func owner() string { return "" }

func endMarked(func(string) bool) (int, error) { return 0, nil }

func lives(string) bool { return true }

// guarded is how a guard starts its program.
func guarded() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func strays(int) ([]int, error) { return nil, nil }

func family(int) ([]int, error) { return nil, nil }

// ownsListener leaves it to the answer to GET /.
func ownsListener(find func() ([]int, error), port int, which string) error { return nil }

func portsOf(int) ([]int, error) { return nil, nil }

// groupIsZombie: kill(2) of macOS answers EPERM for a group whose members have all ended and wait
// to be reaped.
func groupIsZombie(err error) bool { return errors.Is(err, syscall.EPERM) }
