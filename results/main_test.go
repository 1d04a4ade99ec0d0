package results_test

import (
	"flag"
	"log"
	"os"
	"testing"

	"nodecompare/thorough"
)

// tries says how many of its tries a simulation makes: all of them where tests do all that they
// can, else a tenth, which finds what is plainly wrong.
func tries(all int) int {
	if thorough.On() {
		return all
	}
	return all / 10
}

func TestMain(m *testing.M) {
	if !thorough.On() { // before the flags are read, so that who asks for more gets it
		if err := flag.Set("rapid.checks", "5"); err != nil {
			log.Fatal(err)
		}
	}
	os.Exit(m.Run())
}
