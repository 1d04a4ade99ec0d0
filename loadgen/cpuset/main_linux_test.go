package cpuset_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
)

const childEnv = "CPUSET_TEST_CHILD"

// TestMain makes this binary a child of its own tests too: it says its GOMAXPROCS, has threads
// enough to be looked at, and ends with its standard input.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	started := make(chan bool)
	for range 10 {
		go func() {
			runtime.LockOSThread()
			started <- true
			select {}
		}()
		<-started
	}
	fmt.Println(runtime.GOMAXPROCS(0))
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
