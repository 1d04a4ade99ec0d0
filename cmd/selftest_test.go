package cmd_test

import (
	"strings"
	"syscall"
	"testing"
)

// Ctrl-C ends a selftest at once, with what there is and the exit code that a shell expects.
func TestSelftestInterrupted(t *testing.T) {
	out, _ := interrupt(t, syscall.SIGINT, "selftest: vegeta, delay 5 ms", "selftest")
	if !strings.Contains(out, "delay 1 ms: p50") || !strings.Contains(out, "PARTIAL") {
		t.Errorf("standard output:\n%s", out)
	}
}
