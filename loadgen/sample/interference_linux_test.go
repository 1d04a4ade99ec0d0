package sample

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"nodecompare/loadgen/cpuset"
)

// What this process does itself is busy time of its CPUs, by the host's own counters.
func TestReadHostSeesThisProcessWork(t *testing.T) {
	allowed, err := cpuset.Allowed()
	if err != nil {
		t.Fatal(err)
	}
	before, err := ReadHost(allowed)
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := readProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for {
		now, err := readProcess(os.Getpid())
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
	if !i.StealKnown || i.CPUs != len(allowed) || i.Busy < 200*time.Millisecond ||
		i.Busy+i.Stolen > time.Duration(i.CPUs)*(i.Elapsed+50*time.Millisecond) {
		t.Errorf("%+v after 300 ms of work on CPUs %v", i, allowed)
	}
	if all, err := ReadHost(nil); err != nil || all.cpus < len(allowed) {
		t.Errorf("all CPUs: %d, %v", all.cpus, err)
	}
	if _, err := ReadHost(cpuset.CPUs{cpuset.MaxCPU}); err == nil {
		t.Errorf("CPU %d is there", cpuset.MaxCPU)
	}
}

func TestThrottlingOfEachVersion(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want *throttling
	}{
		"v1": {"nr_periods 10\nnr_throttled 3\nthrottled_time 1500000000\nnr_bursts 0\n",
			&throttling{3, 1500 * time.Millisecond}},
		"v2": {
			"usage_usec 5\nuser_usec 3\nsystem_usec 2\nnr_periods 10\nnr_throttled 4\nthrottled_usec 250000\n",
			&throttling{4, 250 * time.Millisecond}},
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
	if got, err := throttlingUpTo(mount, "/a/b/c"); err != nil || got == nil ||
		*got != (throttling{5, 1100 * time.Microsecond}) {
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

// What /proc/stat says before and after a load, through the reader of the real one: steal time
// cannot be had at will.
func TestStealOfAHost(t *testing.T) {
	for _, c := range []struct {
		name   string
		stolen [3]int // ticks of 10 ms, of each CPU, while each was busy for 400
		cpus   cpuset.CPUs
		want   time.Duration
	}{
		{"none", [3]int{}, nil, 0},
		{"of all", [3]int{3, 3, 4}, nil, 100 * time.Millisecond},
		{"of another CPU than those of the load", [3]int{0, 0, 400}, cpuset.CPUs{0, 1}, 0},
		{"of one of these", [3]int{0, 20, 400}, cpuset.CPUs{0, 1}, 200 * time.Millisecond},
	} {
		state := func(busy int, stolen [3]int) (h HostState) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "stat"), []byte(stat(busy, stolen)), 0o600); err != nil {
				t.Fatal(err)
			}
			fs, err := procfs.NewFS(dir)
			if err != nil {
				t.Fatal(err)
			}
			if h.steal, h.cpus, err = readSteal(fs, c.cpus); err != nil {
				t.Fatal(err)
			}
			return h
		}
		before, after := state(0, [3]int{7, 8, 9}),
			state(400, [3]int{7 + c.stolen[0], 8 + c.stolen[1], 9 + c.stolen[2]})
		i := after.Since(before)
		cpus := 3
		if c.cpus != nil {
			cpus = len(c.cpus)
		}
		if busy := time.Duration(cpus) * 4 * time.Second; !i.StealKnown || i.Stolen != c.want ||
			i.Busy != busy || i.CPUs != cpus {
			t.Errorf("%s: %+v; want %v stolen, %v busy, of %d", c.name, i, c.want, busy, cpus)
		}
	}
}

// stat is a /proc/stat of three CPUs that have been busy for so many ticks each, half of them in
// the kernel; see proc_stat(5).
func stat(busy int, stolen [3]int) string {
	text := fmt.Sprintf("cpu  %d 0 %d 3000 5 0 6 %d 0 0\n", 3000+3*busy/2, 600+3*busy/2, stolen[0]+stolen[1]+stolen[2])
	for cpu, s := range stolen {
		text += fmt.Sprintf("cpu%d %d 0 %d 1000 2 0 2 %d 0 0\n", cpu, 1000+busy/2, 200+busy/2, s)
	}
	return text + "intr 3 1 2\nctxt 100\nbtime 1700000000\nprocesses 10\nprocs_running 1\nprocs_blocked " +
		"0\nsoftirq 3 1 2 0 0 0 0 0 0 0 0\n"
}
