package measure

import (
	"runtime"
	"strings"
	"time"

	"github.com/prometheus/procfs"
)

// LoadThreads returns how many threads a load has where nobody says.
func LoadThreads() int { return runtime.GOMAXPROCS(0) }

// LoopbackAddress is where to listen that others on the network cannot reach: at an address that is
// only a port, 127.0.0.1.
func LoopbackAddress(addr string) string {
	if !strings.Contains(addr, ":") {
		addr = ":" + addr
	}
	if strings.HasPrefix(addr, ":") {
		addr = "127.0.0.1" + addr
	}
	return addr
}

// Network is what went through a host's network interfaces, loopback excepted, in bytes: since
// boot, or between two readings. All is 0 where the system does not report it.
type Network struct {
	In  uint64        `json:"in"`
	Out uint64        `json:"out"`
	For time.Duration `json:"for"`

	at time.Time
}

// ReadNetwork reads the counters of this process's network namespace.
func ReadNetwork() (Network, error) {
	n := Network{at: time.Now()}
	if runtime.GOOS != "linux" {
		return n, nil
	}
	self, err := procfs.Self()
	if err != nil {
		return n, err
	}
	all, err := self.NetDev()
	if err != nil {
		return n, err
	}
	for name, line := range all {
		if name != "lo" {
			n.In, n.Out = n.In+line.RxBytes, n.Out+line.TxBytes
		}
	}
	return n, nil
}

// Since returns what went through between an earlier reading and this one.
func (n Network) Since(earlier Network) Network {
	return Network{In: n.In - min(earlier.In, n.In), Out: n.Out - min(earlier.Out, n.Out), For: n.at.Sub(earlier.at)}
}
