package bench

import (
	"errors"
	"fmt"

	"nodecompare/loadgen"
	"nodecompare/results/gate"
)

// mostHangs is how often in a row a server may hang on a workload, in the pilot or a trial: each
// time costs a request's timeout, and the next one would end as these did.
const mostHangs = 2

// hangs counts what says that a server hung, and begins anew after a run that did not end by that:
// a machine may have stood still.
func (b *bench) hangs(s slot, err error) {
	if none, ok := errors.AsType[*loadgen.NoAnswer](err); !ok || !none.Hung {
		delete(b.hung, s.pair())
		return
	}
	if b.hung == nil {
		b.hung = map[gate.Pair]int{}
	}
	b.hung[s.pair()]++
}

// givenUp is the failure of a trial that is not made, since the server has hung too often; "" for
// one that is.
func (b *bench) givenUp(s slot) string {
	if b.hung[s.pair()] < mostHangs {
		return ""
	}
	return fmt.Sprintf(
		"not tried again: it has hung on %s %d times in a row, and every request timed out",
		s.workload.Name, mostHangs)
}

func (s slot) pair() gate.Pair { return gate.Pair{Workload: s.workload.Name, Mode: s.name} }
