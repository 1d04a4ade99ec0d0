package cmd

import (
	"fmt"

	"nodecompare/loadgen"
)

// threadsUsed returns an error if --load-threads was given for a load that has none of its own.
func threadsUsed(a loadgen.Attack, given func(flag string) bool) error {
	if !given("load-threads") || a.Engine != loadgen.Vegeta {
		return nil
	}
	return exitError{exitUsage, fmt.Errorf("--load-threads=%d: threads are the loop engine's, and this load is "+
		"vegeta's: add --engine=loop, or leave --load-threads out", a.Threads)}
}
