package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"nodecompare/cluster"
	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// oneHost are the flags that are of a load on one machine.
var oneHost = []string{"slo", "requests", "targets", "out", "metrics", "save-results", "unix-socket", "insecure",
	"cacert", "cert", "key"}

// alone rejects flags that contradict the number of agents.
func (o loadOptions) alone(a *loadgen.Attack, given func(flag string) bool) error {
	if o.several.agents == 0 && !given("agents") {
		for _, flag := range []string{"listen", "nats", "creds"} {
			if given(flag) {
				return fmt.Errorf("--%s is for agents, and there are none: give their number by --agents", flag)
			}
		}
		return nil
	}
	if o.several.agents < 1 {
		return fmt.Errorf("--agents=%d: at least 1 is needed", o.several.agents)
	}
	for _, flag := range oneHost {
		if given(flag) {
			return fmt.Errorf("--%s is for a load of this machine: leave it out, or --agents", flag)
		}
	}
	switch {
	case given("listen") && given("nats"):
		return errors.New("--listen is for a NATS server of this program's own, and --nats names another: give one")
	case o.several.at.Creds != "" && !given("nats"):
		return errors.New("--creds is for a NATS server of your own: name it by --nats")
	case a.Duration < load.LeastAgents:
		return fmt.Errorf("--duration=%v: with --agents it must be %v or more", a.Duration, load.LeastAgents)
	case a.Connections < o.several.agents:
		return fmt.Errorf("--connections=%d: %d agents need at least one each", a.Connections, o.several.agents)
	}
	return nil
}

// driveAgents has the agents make the load.
func driveAgents(ctx context.Context, a loadgen.Attack, o loadOptions, notes io.Writer) (run *results.LoadRun,
	err error) {
	err = o.several.with(ctx, notes, func(agents []*cluster.Agent) error {
		if run, err = load.RunOn(ctx, agents, a); errors.As(err, new(*load.Voided)) {
			return exitError{exitInvalid, err}
		}
		return err
	})
	return run, err
}
