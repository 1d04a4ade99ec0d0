package loadgen_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain has more of the parallel tests run at once than there are CPUs, for they wait.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
