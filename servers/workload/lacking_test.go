package workload

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"nodecompare/servers/http1"
)

// A want of descriptors looks like a failing upstream to clients; whoever runs the server is told
// once.
func TestWantOfDescriptorsIsSaidOnce(t *testing.T) {
	var notes bytes.Buffer
	s := &Service{notes: &notes}
	for _, err := range []error{syscall.ECONNRESET, syscall.EMFILE,
		fmt.Errorf("upstream: %w", syscall.ENFILE), syscall.EMFILE} {
		x := &Exchange{Request: &http1.Request{}, Done: func(*Exchange) {}, service: s}
		relay(x, Reply{}, err)
		if x.Response.Status != 502 {
			t.Errorf("%v: answered %d", err, x.Response.Status)
		}
	}
	if got := notes.String(); strings.Count(got, "\n") != 1 ||
		!strings.Contains(got, "are answered 502: too many open files: raise the limit of open files (ulimit -n)") {
		t.Errorf("said %q", got)
	}
}
