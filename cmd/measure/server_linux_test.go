package measure_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"nodecompare/cmd/measure"
	"nodecompare/servers/child"
)

// endedVariable names, in a server's environment, the file that it makes when it gets SIGTERM.
const endedVariable = "MEASURE_TEST_ENDED"

// playServer serves until SIGTERM, which it notes in a file; as a stubborn one, until SIGKILL.
func playServer(ended string) error {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- http.Serve(l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) }()
	fmt.Println("Server running on port", l.Addr().(*net.TCPAddr).Port)
	for {
		select {
		case err := <-failed:
			return err
		case <-terminated:
			if ended == "stubborn" {
				continue
			}
			return os.WriteFile(ended, nil, 0o600)
		}
	}
}

// TestServersEnd has a server asked to end before it is killed, and killed soon when it does not.
// Neither is an error.
func TestServersEnd(t *testing.T) {
	t.Parallel()
	serve := func(ended string) {
		c := child.Command{Name: "plain", Path: os.Args[0], Env: []string{endedVariable + "=" + ended}}
		var pid int
		err := measure.WithServer(t.Context(), nil, c, func(_ context.Context, p *child.Process) error {
			pid = p.PID
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("pid %d is still there: %v", pid, err)
		}
	}
	serve("stubborn")
	ended := filepath.Join(t.TempDir(), "ended")
	for range 10 { // on a machine that is busy a server may not be quick enough
		if serve(ended); t.Failed() {
			return
		}
		if _, err := os.Stat(ended); err == nil {
			return
		}
	}
	t.Error("the server was killed without SIGTERM")
}
