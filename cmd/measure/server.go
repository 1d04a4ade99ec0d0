package measure

import (
	"context"
	"errors"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
	"nodecompare/servers/child"
)

// Pinned runs load with this process on the generator's CPUs, where the split gives it any.
func Pinned(split cpuset.Split, load func() error) (err error) {
	if split.Pinned() {
		restore, pinErr := cpuset.PinSelf(split.Generator)
		if pinErr != nil {
			return pinErr
		}
		defer func() { err = errors.Join(err, restore()) }()
	}
	return load()
}

// Start starts a server on the given CPUs; nil leaves it to the system.
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

// WithServer starts a server on the given CPUs, runs use, and ends the server. The context of use ends when the server does, with the
// server's error as the cause: a load would try each of its connections again until its own end.
func WithServer(ctx context.Context, cpus cpuset.CPUs, c child.Command, use func(context.Context, *child.Process) error) (err error) {
	p, err := Start(ctx, cpus, c)
	if err != nil {
		return err
	}
	alive, end := context.WithCancelCause(ctx)
	defer func() {
		end(nil) // Stop kills it then: what is in flight need not be answered
		if stopErr := p.Stop(alive); stopErr != nil {
			err = stopErr // that it died says more than the errors it led to
		}
	}()
	go func() {
		select {
		case <-p.Done():
			end(p.Err())
		case <-alive.Done():
		}
	}()
	err = use(alive, p)
	if errors.Is(err, sample.ErrEnded) {
		<-p.Done() // seen dead before it was reaped: its exit state comes with that
	}
	return err
}
