package cmd_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"nodecompare/servers/child"
	"nodecompare/thorough"
)

// A server that nobody asks for anything reads nothing: no library that this program has beside it
// wakes it once a second.
func TestIdleServerRests(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	s, err := child.Start(t.Context(), serveCommand("--mode=async"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	p, err := procfs.NewProc(s.PID)
	if err != nil {
		t.Fatal(err)
	}
	reads := func() uint64 {
		t.Helper()
		io, err := p.IO()
		if err != nil {
			t.Fatal(err)
		}
		return io.SyscR
	}
	time.Sleep(1500 * time.Millisecond) // what is due a second after the start is over
	before := reads()
	time.Sleep(3500 * time.Millisecond)
	if n := reads() - before; n > 1 {
		t.Errorf("it read %d times in 3.5 s", n)
	}
}
