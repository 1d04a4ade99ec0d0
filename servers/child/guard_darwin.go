package child

import "syscall"

// adopt is not possible here: orphans are launchd's.
func adopt() error { return nil }

// guarded is how a guard starts its program.
func guarded() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// strays cannot be known here.
func strays(int) ([]int, error) { return nil, nil }

// family cannot be known here, and is not asked for: see ownsListener.
func family(int) ([]int, error) { return nil, nil }
