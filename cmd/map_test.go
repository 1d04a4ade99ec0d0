package cmd_test

import (
	"strings"
	"syscall"
	"testing"
)

// Ctrl-C ends a map at once: it prints what there is, leaves no server behind, and exits as a shell expects.
func TestMapInterrupted(t *testing.T) {
	out, rest := interrupt(t, syscall.SIGINT, "map: round 2 ", "map", "--waits=0", "--cpus=0,100us", "--connections=4")
	if !strings.Contains(out, "PARTIAL: the map was interrupted") || !strings.Contains(out, "blocking and async on 4 connections") {
		t.Errorf("standard output:\n%s", out)
	}
	if !strings.HasSuffix(rest, "nodecompare: interrupted\n") {
		t.Errorf("standard error ends with:\n%s", rest)
	}
}
