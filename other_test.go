package main_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
)

// On a system that nodecompare does not measure on it says in one line where it does. That it
// builds there is .ci/run's.
func TestOtherSystems(t *testing.T) {
	c := exec.Command("go", "run", "main_other.go") // a file that is named is taken whatever its build tags are
	text, err := c.Output()
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || len(text) > 0 || exit.ExitCode() != 1 {
		t.Fatalf("%q, %v", text, err)
	}
	line, _, _ := strings.Cut(string(exit.Stderr), "\n")
	for _, want := range []string{"Linux and macOS", "WSL 2", "wsl --install"} {
		if !strings.Contains(line, want) {
			t.Errorf("%q lacks %q", line, want)
		}
	}
}
