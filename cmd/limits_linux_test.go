package cmd_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFewThreads has a user who may have twelve threads run what needs more. Each command says so
// in a line, and does not end in a trace of Go's.
func TestFewThreads(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can become a user who has no other threads")
	}
	binary, err := os.Open("/proc/self/exe") // by its descriptor: that user cannot go where it lies
	if err != nil {
		t.Fatal(err)
	}
	defer binary.Close()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &old); err != nil {
		t.Fatal(err)
	}
	// It does not bind root, who runs these tests.
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: 12, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Setrlimit(unix.RLIMIT_NPROC, &old); err != nil {
			t.Error(err)
		}
	}()
	for _, command := range []string{"serve --mode=async --addr=127.0.0.1:0",
		"serve --mode=blocking --addr=127.0.0.1:0",
		"bench", "map", "selftest", "load http://127.0.0.1:1/"} {
		c := exec.Command("/proc/self/fd/3", strings.Fields(command)...)
		c.ExtraFiles = []*os.File{binary}
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54321, Gid: 54321}}
		c.Dir, c.Env = "/", append(os.Environ(), mainEnv+"=1")
		out, err := c.CombinedOutput()
		if c.ProcessState == nil || c.ProcessState.ExitCode() != 1 || strings.Count(string(out), "\n") != 1 ||
			!strings.HasPrefix(string(out), "nodecompare: too few threads: ulimit -u allows 12, of which ") {
			t.Errorf("%s: %v, %.500s", command, err, out)
		}
	}
}
