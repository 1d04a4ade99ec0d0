package loadgen

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What this process does itself is busy time of its CPUs, by the host's own counters.
func TestReadHostSeesThisProcessWork(t *testing.T) {
	allowed, err := Allowed()
	if err != nil {
		t.Fatal(err)
	}
	before, err := ReadHost(allowed)
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := readGauge(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for {
		now, err := readGauge(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now.cpu-cpu.cpu > 300*time.Millisecond {
			break
		}
	}
	after, err := ReadHost(allowed)
	if err != nil {
		t.Fatal(err)
	}
	i := after.Since(before)
	// The kernel may count by ticks: a third off is within what that does.
	if !i.StealKnown || i.CPUs != len(allowed) || i.Busy < 200*time.Millisecond || i.Busy+i.Stolen > time.Duration(i.CPUs)*(i.Elapsed+50*time.Millisecond) {
		t.Errorf("%+v after 300 ms of work on CPUs %v", i, allowed)
	}
	if all, err := ReadHost(nil); err != nil || all.cpus < len(allowed) {
		t.Errorf("all CPUs: %d, %v", all.cpus, err)
	}
	if _, err := ReadHost(CPUs{maxCPU}); err == nil {
		t.Errorf("CPU %d is there", maxCPU)
	}
}

func TestThrottlingOfEachVersion(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want *throttling
	}{
		"v1":                {"nr_periods 10\nnr_throttled 3\nthrottled_time 1500000000\nnr_bursts 0\n", &throttling{3, 1500 * time.Millisecond}},
		"v2":                {"usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250000\n", &throttling{4, 250 * time.Millisecond}},
		"v2, no controller": {"usage_usec 5\nuser_usec 3\nsystem_usec 2\n", nil},
		"empty":             {"", nil},
	} {
		file := filepath.Join(t.TempDir(), "cpu.stat")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := throttlingIn(file)
		if err != nil || (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
	file := filepath.Join(t.TempDir(), "cpu.stat")
	if err := os.WriteFile(file, []byte("nr_periods 1\nnr_throttled many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := throttlingIn(file); err == nil || !strings.Contains(err.Error(), "cpu.stat:2") {
		t.Errorf("%v; want the file and the line", err)
	}
}

// A quota further up stops the process as well.
func TestThrottlingOfTheGroupsAbove(t *testing.T) {
	mount := t.TempDir()
	if err := os.MkdirAll(filepath.Join(mount, "a/b/c"), 0o700); err != nil {
		t.Fatal(err)
	}
	for dir, text := range map[string]string{
		"":      "usage_usec 5\n",
		"a":     "nr_throttled 2\nthrottled_usec 100\n",
		"a/b":   "nr_throttled 3\nthrottled_usec 1000\n",
		"a/b/c": "usage_usec 5\n",
	} {
		if err := os.WriteFile(filepath.Join(mount, dir, "cpu.stat"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := throttlingUpTo(mount, "/a/b/c"); err != nil || got == nil || *got != (throttling{5, 1100 * time.Microsecond}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := throttlingUpTo(mount, "/"); err != nil || got != nil {
		t.Errorf("the root alone: %+v, %v", got, err)
	}
	if got, err := throttlingUpTo(mount, "/../../gone"); err != nil || got != nil {
		t.Errorf("a group outside: %+v, %v", got, err)
	}
}

func TestPathBelowTheMount(t *testing.T) {
	for _, c := range []struct{ path, root, want string }{
		{"/", "/", ""},
		{"/user.slice/x", "/", "user.slice/x"},
		{"/docker/1234", "/docker/1234", ""},
		{"/docker/1234/app", "/docker/1234", "/app"},
		{"/docker/12345", "/docker/1234", "/"},
		{"/elsewhere", "/docker/1234", "/"},
	} {
		if got := below(c.path, c.root); got != c.want {
			t.Errorf("%s under a mount of %s: %q, want %q", c.path, c.root, got, c.want)
		}
	}
}
