package eventloop_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childEnv names what the test binary does when a test starts it as a process of its own.
const childEnv = "EVENTLOOP_TEST_CHILD"

var children = map[string]func() error{
	"few descriptors": serveWithFewDescriptors,
	"working panic":   panicInWork,
	"handler panic":   panicInHandler,
	"echo":            serveEchoCountingAllocations,
}

func TestMain(m *testing.M) {
	name, ok := os.LookupEnv(childEnv)
	if !ok {
		goleak.VerifyTestMain(m)
		return
	}
	if err := children[name](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
