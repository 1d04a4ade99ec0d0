package results_test

import (
	"flag"
	"log"
	"os"
	"testing"
)

// whole says that simulations make all of their tries, as .ci/run has it: else some of them, which
// finds what is plainly wrong.
var whole = os.Getenv("NODECOMPARE_CI") == "1"

func tries(all int) int {
	if whole {
		return all
	}
	return all / 10
}

func TestMain(m *testing.M) {
	if !whole { // before the flags are read, so that who asks for more gets it
		if err := flag.Set("rapid.checks", "15"); err != nil {
			log.Fatal(err)
		}
	}
	os.Exit(m.Run())
}
