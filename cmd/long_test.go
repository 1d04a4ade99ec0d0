package cmd_test

import (
	"os"
	"testing"
)

// thorough says whether the long tests run too, as .ci/run has them.
func thorough() bool { return os.Getenv("NODECOMPARE_CI") != "" }

// long skips a test that takes too long for every day.
func long(t *testing.T) {
	t.Helper()
	if !thorough() {
		t.Skip("it takes long: set NODECOMPARE_CI=1")
	}
}
