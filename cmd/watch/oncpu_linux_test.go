package watch_test

import (
	"os/exec"
	"testing"
)

// Where the kernel tells when threads have a CPU, a thread has it while it computes and not while
// it waits; for whom Node.js's workers compute is drawn as not known.
func TestOnCPU(t *testing.T) {
	modes := []string{"async"}
	if _, err := exec.LookPath("node"); err == nil && !testing.Short() {
		modes = append(modes, "node")
	}
	for _, m := range watched(t, "login", modes...).Modes {
		busy, others := 0.0, 0
		for _, l := range m.Threads {
			if l.Awake < 0 {
				t.Skip("this kernel does not tell when threads have a CPU")
			}
			last := -1.0
			for _, s := range l.OnCPU {
				if s.From < last || s.To <= s.From || s.To > m.End {
					t.Errorf("%s, %s: on a CPU %+v, after %v", m.Name, l.Name, s, last)
				}
				last, busy = s.To, busy+s.To-s.From
			}
			if len(l.Spans) > 0 && l.Spans[0].Request == 0 {
				others++
			}
		}
		if m.Name == "node" && (m.Unknown == "" || others == 0 && busy > 0) {
			t.Errorf("node has %d other threads, and says %q", others, m.Unknown)
		}
		if m.Name == "async" && (m.Unknown != "" || others > 0) {
			t.Errorf("async says %q, with %d threads that recorded nothing", m.Unknown, others)
		}
	}
}
