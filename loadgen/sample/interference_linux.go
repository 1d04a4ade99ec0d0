package sample

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/procfs"

	"nodecompare/loadgen/cpuset"
)

// ReadHost reads the counters: steal over the given CPUs (those of server and generator; nil for
// all), and throttling over the cgroups of this process, which include its children. ReadHost takes
// 0.3 ms, suitable for the ends of a window.
func ReadHost(cpus cpuset.CPUs) (HostState, error) {
	h := HostState{at: time.Now()}
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return HostState{}, err
	}
	if h.steal, h.cpus, err = readSteal(proc, cpus); err != nil {
		return HostState{}, fmt.Errorf("steal time from /proc/stat: %w", err)
	}
	if h.quota, err = readThrottling(); err != nil {
		return HostState{}, fmt.Errorf("throttling of this process's cgroups: %w", err)
	}
	return h, nil
}

func readSteal(proc procfs.FS, cpus cpuset.CPUs) (*stealTime, int, error) {
	stat, err := proc.Stat()
	if err != nil {
		return nil, 0, err
	}
	var sum stealTime
	n := 0
	for cpu, s := range stat.CPU {
		if cpus != nil && !slices.Contains(cpus, int(cpu)) {
			continue
		}
		n++
		sum.stolen += fromSeconds(s.Steal)
		// User time includes guest time.
		ran := fromSeconds(s.User + s.Nice + s.System)
		sum.ran += ran
		sum.busy += ran + fromSeconds(s.IRQ+s.SoftIRQ)
	}
	if n < len(cpus) || n == 0 {
		return nil, 0, fmt.Errorf("it has lines for %d of the CPUs %v: are the others offline?", n, cpus)
	}
	return &sum, n, nil
}

func fromSeconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

// readThrottling sums cpu.stat from the process's cgroup up to the topmost visible one, because
// quotas above throttle the process too. It returns nil if none of the cgroups counts.
func readThrottling() (*throttling, error) {
	self, err := procfs.Self()
	if err != nil {
		return nil, err
	}
	groups, err := self.Cgroups()
	if err != nil {
		return nil, err
	}
	mounts, err := procfs.GetMounts()
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		v1 := slices.Contains(g.Controllers, "cpu")
		if !v1 && g.HierarchyID != 0 {
			continue
		}
		for _, m := range mounts {
			if _, hasCPU := m.SuperOptions["cpu"]; v1 && (m.FSType != "cgroup" || !hasCPU) ||
				!v1 && m.FSType != "cgroup2" {
				continue
			}
			t, err := throttlingUpTo(m.MountPoint, below(g.Path, m.Root))
			if err != nil || t != nil {
				return t, err
			}
		}
	}
	return nil, nil
}

// below returns the path of a cgroup under a mount of its hierarchy. A container without its own
// cgroup namespace has its cgroup mounted as the root, but reads the host's path in
// /proc/self/cgroup.
func below(path, root string) string {
	if rest, ok := strings.CutPrefix(path, root); ok && (rest == "" || rest[0] == '/' || root == "/") {
		return rest
	}
	return "/"
}

func throttlingUpTo(mount, path string) (*throttling, error) {
	var sum *throttling
	for path = filepath.Clean("/" + path); ; path = filepath.Dir(path) {
		t, err := throttlingIn(filepath.Join(mount, path, "cpu.stat"))
		if err != nil {
			return nil, err
		}
		switch {
		case t != nil && sum != nil:
			sum.times, sum.time = sum.times+t.times, sum.time+t.time
		case t != nil:
			sum = t
		}
		if path == "/" {
			return sum, nil
		}
	}
}

// throttlingIn reads one cpu.stat; nil if there is none, or none that counts throttling. v1 has
// throttled_time in nanoseconds, v2 throttled_usec in microseconds.
func throttlingIn(file string) (*throttling, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var t throttling
	counts := false
	for number, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		name, value, _ := strings.Cut(line, " ")
		if name != "nr_throttled" && name != "throttled_time" && name != "throttled_usec" {
			continue
		}
		n, err := strconv.ParseUint(value, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q: %w", file, number+1, line, err)
		}
		switch name {
		case "nr_throttled":
			counts, t.times = true, n
		case "throttled_time":
			t.time = time.Duration(n)
		case "throttled_usec":
			t.time = time.Duration(n) * time.Microsecond
		}
	}
	if !counts {
		return nil, nil
	}
	return &t, nil
}
