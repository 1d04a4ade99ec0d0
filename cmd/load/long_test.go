package load_test

import (
	"os"
	"testing"
)

// long skips a test that takes too long for every day: .ci/run has it run.
func long(t *testing.T) {
	t.Helper()
	if os.Getenv("NODECOMPARE_CI") == "" {
		t.Skip("it takes long: set NODECOMPARE_CI=1")
	}
}
