package measure

import (
	"golang.org/x/sys/unix"

	"nodecompare/results"
)

// describeHost adds the CPU's model: macOS has no governors and no containers.
func describeHost(h *results.Host) {
	if model, err := unix.Sysctl("machdep.cpu.brand_string"); err == nil {
		h.CPU = model
	}
}
