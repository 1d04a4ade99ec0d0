package loadgen

import (
	"time"

	"github.com/prometheus/procfs"
)

// ReadStealBelow is the part of ReadHost that reads /proc/stat, for a stat file in another place: steal time cannot be had at will.
func ReadStealBelow(proc string, cpus CPUs) (h HostState, err error) {
	fs, err := procfs.NewFS(proc)
	if err != nil {
		return h, err
	}
	h.at = time.Now()
	h.steal, h.cpus, err = readSteal(fs, cpus)
	return h, err
}
