package loadgen

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
)

// mostTurns bounds the length of a rota, to 4 MB of memory.
const mostTurns = 1_000_000

// rota says to which of an attack's targets each request goes. Targets take turns by weight, evenly
// spread: weights 3 and 1 give 0, 0, 1, 0. A rota is nil for a single target.
type rota []uint32

func newRota(targets []Target) (rota, error) {
	if len(targets) == 1 {
		return nil, nil
	}
	sum, divisor := 0, 0
	for _, t := range targets {
		if t.Weight < 0 || t.Weight > mostTurns {
			return nil,
				fmt.Errorf("load target %s: a weight of %d: it must be from 1 to %d", t.URL, t.Weight, mostTurns)
		}
		weight := max(t.Weight, 1)
		sum, divisor = sum+weight, greatestDivisor(weight, divisor)
	}
	if sum/divisor > mostTurns {
		return nil,
			fmt.Errorf("load of %d targets: their weights add up to %d: choose smaller ones, of at most %d in all",
				len(targets), sum/divisor, mostTurns)
	}
	type turn struct {
		at     float64 // position within the round, from 0 to 1
		target uint32
	}
	turns := make([]turn, 0, sum/divisor)
	for i, t := range targets {
		weight := max(t.Weight, 1) / divisor
		for k := range weight {
			turns = append(turns, turn{(float64(k) + 0.5) / float64(weight), uint32(i)})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Compare(a.at, b.at) })
	r := make(rota, len(turns))
	for i, t := range turns {
		r[i] = t.target
	}
	return r, nil
}

// greatestDivisor is Euclid's algorithm for two numbers, of which one may be 0.
func greatestDivisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// of returns the index of the target for the request with the given number.
func (r rota) of(seq uint64) int {
	if r == nil {
		return 0
	}
	return int(r[seq%uint64(len(r))])
}

// message is a target's request as sent.
type message struct {
	wire []byte
	head bool // a HEAD request
	safe bool // idempotent: may be sent again on a closed kept-alive connection
}

// messages prepares the requests of all targets.
func messages(a Attack) ([]message, error) {
	var all []message
	for _, t := range a.Targets() {
		wire, err := serialise(a.of(t))
		if err != nil {
			return nil, err
		}
		all = append(all, message{wire: wire, head: t.Method == http.MethodHead, safe: idempotent(t.Method)})
	}
	return all, nil
}
