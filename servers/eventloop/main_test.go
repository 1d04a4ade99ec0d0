package eventloop_test

import (
	"flag"
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
		// Most of these tests wait: more of them than there are CPUs may run at once.
		if err := flag.Set("test.parallel", "16"); err != nil {
			panic(err)
		}
		goleak.VerifyTestMain(m)
		return
	}
	if err := children[name](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
