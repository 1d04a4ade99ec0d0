package measure

import (
	"context"
	"errors"

	"nodecompare/loadgen/cpuset"
	"nodecompare/servers/child"
)

// Start starts a server on the given CPUs, where there are any.
func Start(ctx context.Context, cpus cpuset.CPUs, c child.Command) (p *child.Process, err error) {
	err = cpuset.Pinned(cpus, func() error {
		p, err = child.Start(ctx, c)
		return err
	})
	if err != nil && p != nil { // it runs, but this thread could not be given its CPUs back
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, err
}
