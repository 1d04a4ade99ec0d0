package cmd_test

import (
	"strings"
	"syscall"
	"testing"
)

// Ctrl-C ends a bench at once: it prints what there is, leaves no server behind, and exits as a shell expects.
func TestBenchInterrupted(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		// When the first trial is done, servers have run, and more are to come.
		out, rest := interrupt(t, sig, "[1/12]", "bench", "--profile=quick", "--modes=async", "--workloads=hello,wait")
		if !strings.Contains(out, "PARTIAL: the bench was interrupted") || !strings.Contains(out, "req/s") {
			t.Errorf("%v: standard output:\n%s", sig, out)
		}
		if !strings.HasSuffix(rest, "nodecompare: interrupted\n") {
			t.Errorf("%v: standard error ends with:\n%s", sig, rest)
		}
	}
}
