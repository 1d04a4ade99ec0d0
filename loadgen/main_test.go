package loadgen_test

import (
	"flag"
	"os"
	"testing"

	"nodecompare/thorough"
)

// TestMain has more of the parallel tests run at once than there are CPUs, for they wait.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	if !thorough.On() { // before the flags are read: who asks for more gets it
		if err := flag.Set("rapid.checks", "20"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
