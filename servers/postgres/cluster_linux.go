package postgres

import "syscall"

// endsWithThread returns how to start a program that is told to end when this thread does.
func endsWithThread(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true, Pdeathsig: syscall.SIGQUIT}
}
