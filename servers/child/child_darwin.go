package child

import (
	"errors"
	"syscall"
)

// macOS has no /proc and no subreaper, so the descendants of a server and the owner of a socket are
// unknown.

// becomeParent does nothing: orphans become children of launchd.
func becomeParent() error { return nil }

func apart(*syscall.SysProcAttr) bool { return false }

func alone() bool { return false }

func owner() string { return "" }

func endMarked(func(string) bool) (int, error) { return 0, nil }

func lives(string) bool { return true }

// guarded returns how a guard starts its program.
func guarded() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func strays(int) ([]int, error) { return nil, nil }

func family(int) ([]int, error) { return nil, nil }

// ownsListener accepts any owner. The answer to GET / has to do.
func ownsListener(find func() ([]int, error), port int, which string) error { return nil }

func portsOf(int) ([]int, error) { return nil, nil }

// groupIsZombie reports whether a group's members have all ended and wait to be reaped, for which
// kill(2) of macOS returns EPERM.
func groupIsZombie(err error) bool { return errors.Is(err, syscall.EPERM) }
