package measure

import (
	"golang.org/x/sys/unix"

	"nodecompare/results"
)

// describeHost: there are no governors and no containers here.
func describeHost(h *results.Host) {
	if model, err := unix.Sysctl("machdep.cpu.brand_string"); err == nil {
		h.CPU = model
	}
}
