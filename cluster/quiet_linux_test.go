package cluster

import "testing"

// NATS's library has the variable that quiet_linux.go takes away: another version may have none.
func TestLibraryIsQuiet(t *testing.T) {
	if !sampled || procStatFile != "" {
		t.Error("NATS's server library samples its process by another way: see what it does in each server")
	}
}
