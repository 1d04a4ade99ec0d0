package servers_test

import (
	"fmt"
	"os"
	"testing"

	"nodecompare/servers/child"
)

// TestMain makes a copy of this binary the guard that it was started as: the installation of
// Express's packages runs under one.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == child.GuardCommand {
		status, err := child.Guard(os.Args[2], os.Args[3:]...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
	status := m.Run()
	if err := stopCluster(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}
