package measure

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"time"
)

// Proc returns an error if this system hides its processes, without which nothing can be measured
// on Linux.
func Proc() error {
	if runtime.GOOS != "linux" {
		return nil
	}
	if _, err := os.Stat("/proc/self/task"); err != nil {
		return fmt.Errorf("/proc is not there, from which processes, threads and open files are known: %w: "+
			"mount it (mount -t proc proc /proc)", err)
	}
	return nil
}

// Loopback returns an error if servers cannot be measured at 127.0.0.1.
func Loopback() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return noLoopback(err)
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp4", l.Addr().String(), 5*time.Second)
	if err != nil {
		return noLoopback(err)
	}
	return c.Close()
}

func noLoopback(err error) error {
	return fmt.Errorf("this machine has no loopback interface for IPv4, on which servers are measured: %w: "+
		"bring it up (ip link set lo up)", err)
}
