package bench

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// Only what hangs is given up, and only where it does: another failure may be over in the next
// round.
func TestGivenUp(t *testing.T) {
	p := planned(t,
		Options{Servers: []Server{{Name: "u", URL: "http://127.0.0.1:1"}},
			Workloads: []string{"hello", "echo"}, Profile: "quick", Rounds: 1}, plenty)
	b := &bench{plan: p, progress: Silent{}}
	hung, failed := fmt.Errorf("at 64 connections: %w", &loadgen.NoAnswer{Hung: true}), &loadgen.NoAnswer{}
	first, other := p.slots[0], p.slots[1]
	b.noteHang(first, hung)
	b.noteHang(first, nil) // the machine had stood still
	for range mostHangs {
		if why := b.givenUp(first); why != "" {
			t.Errorf("too early: %s", why)
		}
		b.noteHang(first, hung)
		b.noteHang(other, failed)
		b.noteHang(other, errors.New("it has died"))
	}
	if why := b.givenUp(other); why != "" {
		t.Errorf("of what does not hang: %s", why)
	}
	trial := b.once(t.Context(), first)
	if !strings.HasPrefix(trial.Failure, "not tried again: it has hung on "+first.workload.Name) ||
		trial.Trust == nil || trial.Trust.Status != results.Void {
		t.Errorf("%+v", trial)
	}
}
