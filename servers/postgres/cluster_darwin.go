package postgres

import "syscall"

// endsWithThread returns how to start a program. On macOS nothing tells it of its parent's end: who
// kills the process that keeps a cluster, rather than its parent, ends the cluster too.
func endsWithThread(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Setpgid: true}
}
