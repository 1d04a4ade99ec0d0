package servers_test

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/servers/child"
)

// TestMain makes a copy of this binary the guard that it was started as: the installation of
// Express's packages runs under one. At the end of all tests no goroutine of a server, and no
// thread, may be left.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == child.GuardCommand {
		status, err := child.Guard(os.Args[2], os.Args[3:]...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
	// Most of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	status := m.Run()
	for _, err := range []error{stopCluster(), goleak.Find()} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}
