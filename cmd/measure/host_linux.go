package measure

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"nodecompare/results"
)

func describeHost(h *results.Host) {
	if system, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := system.CPUInfo(); err == nil && len(cpus) > 0 {
			h.CPU = cpus[0].ModelName // "" on most of arm64
		}
	}
	h.Governor = word("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
	h.CPUQuota, h.MemoryLimit = limits("/sys/fs/cgroup", ownGroup())
}

// ownGroup returns the path of this process's cgroup (v2) below the root of the hierarchy; "/" if
// there is none.
func ownGroup() string {
	self, err := procfs.Self()
	if err != nil {
		return "/"
	}
	groups, err := self.Cgroups()
	if err != nil {
		return "/"
	}
	for _, g := range groups {
		if g.HierarchyID == 0 {
			return g.Path
		}
	}
	return "/"
}

// limits returns the tightest limits of a cgroup and those above it, which all apply: CPUs
// (cpu.max, a quota of each period), and bytes (memory.max). 0 is none. Source: kernel
// documentation, Control Group v2.
func limits(mount, group string) (cpus float64, bytes uint64) {
	for path := filepath.Clean("/" + group); ; path = filepath.Dir(path) {
		quota, period, _ := strings.Cut(word(filepath.Join(mount, path, "cpu.max")), " ")
		q, errQ := strconv.ParseFloat(quota, 64) // "max" is no number
		p, errP := strconv.ParseFloat(period, 64)
		if errQ == nil && errP == nil && p > 0 && (cpus == 0 || q/p < cpus) {
			cpus = q / p
		}
		if n, err := strconv.ParseUint(word(filepath.Join(mount, path, "memory.max")), 10,
			64); err == nil && (bytes == 0 || n < bytes) {
			bytes = n
		}
		if path == "/" {
			return cpus, bytes
		}
	}
}

// word returns a file's text without the line end; "" if it cannot be read.
func word(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
