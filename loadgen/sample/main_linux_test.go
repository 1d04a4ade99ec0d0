package sample_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes this binary the child process of its own tests too.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child(os.Stdin, os.Stdout))
	}
	goleak.VerifyTestMain(m)
}
