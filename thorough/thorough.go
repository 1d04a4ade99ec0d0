// Package thorough says how much tests do. With NODECOMPARE_CI=1, as .ci/run sets it, long tests
// run too, simulations make all of their tries, and a test that lacks what it needs fails. Only
// tests import it.
package thorough

import (
	"os"
	"testing"
)

// On reports whether tests do all that they can.
func On() bool { return os.Getenv("NODECOMPARE_CI") != "" }

// Only skips a test that takes too long for every day.
func Only(t testing.TB) {
	t.Helper()
	if !On() {
		t.Skip("it takes long: set NODECOMPARE_CI=1")
	}
}

// Lacks ends a test for want of a program or a permission, and says which: it is skipped, or fails
// where tests do all that they can.
func Lacks(t testing.TB, what any) {
	t.Helper()
	if On() {
		t.Fatal(what)
	}
	t.Skip(what)
}
