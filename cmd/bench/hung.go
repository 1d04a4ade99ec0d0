package bench

import (
	"errors"
	"fmt"

	"nodecompare/loadgen"
	"nodecompare/results/gate"
)

// mostHangs is how often in a row a server may hang on a workload, in the pilot or a trial. Each
// hang costs a request's timeout, and the next attempt would hang too.
const mostHangs = 2

// noteHang counts consecutive hangs of a server. Any other end resets the count, because a single
// hang may be the machine's.
func (b *bench) noteHang(s slot, err error) {
	if none, ok := errors.AsType[*loadgen.NoAnswer](err); !ok || !none.Hung {
		delete(b.hung, s.pair())
		return
	}
	if b.hung == nil {
		b.hung = map[gate.Pair]int{}
	}
	b.hung[s.pair()]++
}

// givenUp returns the failure of a trial that is not made because the server has hung too often; ""
// otherwise.
func (b *bench) givenUp(s slot) string {
	if b.hung[s.pair()] < mostHangs {
		return ""
	}
	return fmt.Sprintf(
		"not tried again: it has hung on %s %d times in a row, and every request timed out",
		s.workload.Name, mostHangs)
}

func (s slot) pair() gate.Pair { return gate.Pair{Workload: s.workload.Name, Mode: s.name} }
