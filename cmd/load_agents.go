package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nodecompare/cmd/hosts"
	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// oneHost are the flags that are of a load on one machine.
var oneHost = []string{"slo", "requests", "targets", "out", "metrics", "save-results", "unix-socket", "insecure",
	"cacert", "cert", "key"}

// alone rejects flags that contradict the number of agents.
func (o loadOptions) alone(a *loadgen.Attack, given func(flag string) bool) error {
	if err := o.several.check(given, 1); err != nil || o.several.agents == 0 {
		return err
	}
	for _, flag := range oneHost {
		if given(flag) {
			return fmt.Errorf("--%s is for a load of this machine: leave it out, or --agents", flag)
		}
	}
	switch {
	case a.Duration < hosts.Least:
		return fmt.Errorf("--duration=%v: with --agents it must be %v or more", a.Duration, hosts.Least)
	case a.Connections < o.several.agents:
		return fmt.Errorf("--connections=%d: %d agents need at least one each", a.Connections, o.several.agents)
	}
	return nil
}

// driveAgents has the agents make the load.
func driveAgents(ctx context.Context, a loadgen.Attack, o loadOptions, notes io.Writer) (run *results.LoadRun,
	err error) {
	err = o.several.with(ctx, notes, false, func(g *hosts.Group) error {
		_, agents, err := g.Now(ctx, progressPrinter(false, results.Tool, notes))
		if err != nil {
			return err
		}
		if run, err = load.RunOn(ctx, agents, a); errors.As(err, new(*hosts.Voided)) {
			return exitError{exitInvalid, err}
		}
		return err
	})
	return run, err
}
