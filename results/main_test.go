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
	checks := "5"
	if thorough.On() {
		checks = "40"
	}
	if err := flag.Set("rapid.checks", checks); err != nil { // before they are read: who asks for more gets it
		log.Fatal(err)
	}
	os.Exit(m.Run())
}
