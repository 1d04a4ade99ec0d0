package sample

import (
	"testing"
	"time"
)

func TestSince(t *testing.T) {
	began := time.Now()
	before := HostState{at: began, cpus: 2, steal: &stealTime{time.Second, time.Minute, 50 * time.Second},
		quota: &throttling{7, time.Second}}
	after := HostState{at: began.Add(time.Second), cpus: 2,
		steal: &stealTime{1200 * time.Millisecond, 61 * time.Second, 50*time.Second + 900*time.Millisecond},
		quota: &throttling{10, 1500 * time.Millisecond}}
	want := Interference{
		Elapsed: time.Second, CPUs: 2, StealKnown: true, Stolen: 200 * time.Millisecond, Busy: time.Second,
		Ran:        900 * time.Millisecond,
		QuotaKnown: true, Throttles: 3, Throttled: 500 * time.Millisecond,
	}
	if got := after.Since(before); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// Counters that stepped back count as none, and what is not known stays so.
	back := before.Since(after)
	if back.Stolen != 0 || back.Busy != 0 || back.Ran != 0 || back.Throttles != 0 || back.Throttled != 0 {
		t.Errorf("counters that stepped back: %+v", back)
	}
	if got := after.Since(HostState{at: began}); got.StealKnown || got.QuotaKnown || got.Stolen != 0 ||
		got.Throttles != 0 {
		t.Errorf("nothing is known of the beginning: %+v", got)
	}
}
