package measure

import (
	"context"
	"errors"
	"time"

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

// stopTime is how long a server has from SIGTERM to SIGKILL. What is still in flight was asked by a
// load that is over.
const stopTime = time.Second

// reapTime bounds the wait for the end of a process that was seen dead.
const reapTime = time.Second

// WithServer starts a server on the given CPUs, runs use, and ends the server: by SIGTERM first, or
// at once when ctx has ended. The context of use ends when the server does, with the server's error
// as the cause: a load would try each of its connections again until its own end. That cause is the
// error then, of whichever process below or above this one it is, and not what it led to.
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
		reaped := time.NewTimer(reapTime) // seen dead before it was reaped: its exit state comes with that
		defer reaped.Stop()
		select {
		case <-alive.Done(): // it was this server, or one that was started before it
		case <-reaped.C: // it was none of them: err says which pid
		}
	}
	if cause := context.Cause(alive); cause != nil && consequence(err) {
		err = cause
	}
	return err
}

// consequence says that an error came of the end of a context, or of a process.
func consequence(err error) bool {
	return err == nil || errors.Is(err, context.Canceled) || errors.Is(err, sample.ErrEnded) ||
		errors.As(err, new(*child.Failure))
}
