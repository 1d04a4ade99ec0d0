package child

import (
	"errors"
	"syscall"
)

// ownsListener is not known here: macOS has no /proc. The answer to GET / has to do.
func ownsListener(find func() ([]int, error), port int, which string) error { return nil }

// portsOf is not known here either.
func portsOf(int) ([]int, error) { return nil, nil }

func maxRSS(u *syscall.Rusage) int64 { return u.Maxrss } // getrusage(2) of macOS: bytes

// groupIsZombie: kill(2) of macOS answers EPERM for a group whose members have all ended and wait to be reaped.
func groupIsZombie(err error) bool { return errors.Is(err, syscall.EPERM) }
