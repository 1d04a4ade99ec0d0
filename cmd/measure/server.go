package measure

import (
	"context"
	"errors"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
	"nodecompare/servers/child"
)

// Pinned runs load with this process on the generator's CPUs, if the split has any.
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

// Start starts a server on the given CPUs; nil leaves the choice to the system.
func Start(ctx context.Context, cpus cpuset.CPUs, c child.Command) (p *child.Process, err error) {
	err = cpuset.Pinned(cpus, func() error {
		p, err = child.Start(ctx, c)
		return err
	})
	if err != nil && p != nil { // it runs, but this thread could not get its CPUs back
		return nil, errors.Join(err, p.Stop(ctx))
	}
	return p, err
}

// stopTime is how long a server has from SIGTERM to SIGKILL. Requests still in flight belong to a
// load that is over.
const stopTime = time.Second

// reapTime bounds the wait for the exit of a process that was seen dead.
const reapTime = time.Second

// WithServer starts a server on the given CPUs, calls use, and stops the server: by SIGTERM first,
// or at once if ctx has ended. If the server dies, use's context is cancelled with the server's
// error as the cause, because a load would otherwise retry each of its connections until its own
// end. WithServer then returns that cause, whichever of several nested servers it belongs to, in
// place of its consequences.
func WithServer(ctx context.Context, cpus cpuset.CPUs, c child.Command,
	use func(context.Context, *child.Process) error) (err error) {
	p, err := Start(ctx, cpus, c)
	if err != nil {
		return err
	}
	alive, end := context.WithCancelCause(ctx)
	defer func() {
		end(nil)
		died := p.Err()
		stopping, cancel := context.WithTimeout(ctx, stopTime)
		defer cancel()
		stopErr := p.Stop(stopping)
		switch {
		case died != nil && consequence(err):
			err = died
		case died != nil:
			err = errors.Join(died, err)
		default:
			err = errors.Join(err, stopErr)
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
		// seen dead before it was reaped; its exit comes with that
		reaped := time.NewTimer(reapTime)
		defer reaped.Stop()
		select {
		case <-alive.Done(): // this server died, or one started before it
		case <-reaped.C: // none of them died: err says which pid
		}
	}
	if cause := context.Cause(alive); cause != nil && consequence(err) {
		err = cause
	}
	return err
}

// consequence reports whether an error follows from the end of a context or a process.
func consequence(err error) bool {
	return err == nil || errors.Is(err, context.Canceled) || errors.Is(err, sample.ErrEnded) ||
		errors.As(err, new(*child.Failure))
}
