package loadgen_test

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	// Many of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
