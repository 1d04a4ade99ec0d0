package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Worker does an agent's jobs, of one session. Its context ends with the session, or when the
// coordinator gives a job up.
type Worker interface {
	Do(ctx context.Context, verb string, in []byte) (out any, err error)
	Close() // ends all that it has begun
}

// Served are the settings of an agent.
type Served struct {
	Member
	Work func() Worker // for a new session
	Say  func(string)
}

// ErrOver says that the coordinator has ended, in order.
var ErrOver = errors.New("the coordinator has finished")

// errNoLife ends a session whose coordinator, or whose own process, stood still.
var errNoLife = errors.New("no sign of life from the coordinator")

// session is one connection of an agent.
type session struct {
	hello  hello
	names  names
	conn   *nats.Conn
	worker Worker
	ctx    context.Context
	end    context.CancelCauseFunc
	jobs   sync.WaitGroup

	mu          sync.Mutex
	coordinator string // "" until the welcome
	alive       time.Time
	newest      uint64 // job
	current     map[uint64]context.CancelFunc
}

// Join is an agent until ctx ends or the coordinator does. An agent that loses its coordinator ends
// all work at once, looks for it for a few seconds, and gives up. One that has never found it looks
// on.
func Join(ctx context.Context, at Access, s Served) error {
	if err := at.Check(); err != nil {
		return err
	}
	var lost time.Time // when the coordinator was; zero if it was never met
	waiting, id := false, newID()
	for {
		within := connectTime
		if !lost.IsZero() {
			within = min(within, max(beat, parting-time.Since(lost)))
		}
		member, err := s.once(ctx, at, id, within)
		if member {
			lost = time.Now()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrOver):
			return nil
		case errors.Is(err, ErrFingerprint):
			return fmt.Errorf("join %s: %w", at.URL, ErrFingerprint)
		case errors.Is(err, nats.ErrAuthorization) && at.Fingerprint == "":
			return fmt.Errorf("join %s: it refuses these credentials: name a file of others by --creds", at.URL)
		case errors.Is(err, nats.ErrAuthorization):
			return fmt.Errorf("join %s: it does not know the token: take the join line that it printed last", at.URL)
		case errors.As(err, new(refused)):
			return fmt.Errorf("join %s: %w", at.URL, err)
		case !lost.IsZero() && time.Since(lost) > parting:
			return fmt.Errorf("the coordinator at %s is gone: %w; nothing is left running here", at.URL, err)
		case lost.IsZero() && !waiting:
			waiting = true
			s.Say(fmt.Sprintf("waiting for the coordinator at %s (%v)", at.URL, err))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(beat):
		}
	}
}

type refused struct{ why string }

func (r refused) Error() string { return r.why }

// newID returns what nobody else has.
func newID() string { return nats.NewInbox()[len(nats.InboxPrefix):] }

// once is one session of the agent of that id, if it can connect within a time. It returns whether
// it was a member.
func (s Served) once(ctx context.Context, at Access, id string, within time.Duration) (member bool, err error) {
	x := &session{hello: hello{Member: s.Member, Protocol: Protocol, ID: newID(), Agent: id},
		names: subjects(at.Token), current: map[uint64]context.CancelFunc{}}
	x.ctx, x.end = context.WithCancelCause(ctx)
	defer x.end(nil)
	x.conn, err = at.dial(s.Name, within, func() { x.end(errors.New("the connection was lost")) })
	if err != nil {
		return false, err
	}
	defer x.conn.Close()
	if x.hello.Address == "" {
		if host, _, err := net.SplitHostPort(x.conn.LocalAddr()); err == nil {
			x.hello.Address = host
		}
	}
	x.worker = s.Work()
	defer func() {
		x.end(nil)
		x.jobs.Wait() // one may be starting what Close is to stop
		x.worker.Close()
	}()
	for subject, handle := range map[string]nats.MsgHandler{
		x.names.order(x.hello.ID): func(m *nats.Msg) { x.order(m.Data, s.Say) },
		x.names.alive():           func(m *nats.Msg) { x.lives(string(m.Data)) },
		x.names.clock(x.hello.ID): func(m *nats.Msg) {
			if err := m.Respond(strconv.AppendInt(nil, time.Now().UnixNano(), 10)); err != nil {
				x.end(err)
			}
		},
	} {
		if _, err := x.conn.Subscribe(subject, handle); err != nil {
			return false, err
		}
	}
	err = x.live()
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.coordinator != "", err
}

// lives takes the coordinator's sign of life.
func (x *session) lives(coordinator string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.coordinator == coordinator {
		x.alive = time.Now()
	}
}

// live gives signs of life until the session ends.
func (x *session) live() error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for last := time.Now(); ; {
		x.mu.Lock()
		member, quiet := x.coordinator != "", time.Since(x.alive)
		x.mu.Unlock()
		now := time.Now()
		if member && (quiet > silence || now.Sub(last) > silence) {
			x.end(errNoLife)
			return errNoLife
		}
		last = now
		subject, text := x.names.hello(), encode(x.hello)
		if member {
			subject, text = x.names.beat(), encode(sign{ID: x.hello.ID})
		}
		if err := x.conn.Publish(subject, text); err != nil {
			return err
		}
		select {
		case <-x.ctx.Done():
			if err := x.conn.Publish(x.names.beat(), encode(sign{x.hello.ID, "it was told to end"})); err == nil {
				x.conn.FlushTimeout(beat) // if that fails, the coordinator notices the silence
			}
			return context.Cause(x.ctx)
		case <-tick.C:
		}
	}
}

// order takes an order of the session's own coordinator.
func (x *session) order(data []byte, say func(string)) {
	var o order
	if json.Unmarshal(data, &o) != nil {
		say("refused: an order that is none")
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case o.ID != x.hello.ID || x.coordinator != "" && o.Coordinator != x.coordinator:
		say("refused: an order that is for another session")
	case o.Kind == welcome:
		x.coordinator, x.alive = o.Coordinator, time.Now()
		say("joined")
	case o.Kind == refusal:
		x.end(refused{o.Why})
	case o.Kind == end:
		if o.Why != "it is over" {
			x.end(errors.New("the coordinator gave it up: " + o.Why))
			return
		}
		x.end(ErrOver)
	case o.Kind == cancel:
		if stop, ok := x.current[o.Number]; ok {
			stop()
		}
	case o.Kind != job || x.coordinator == "" || o.Number <= x.newest:
		say(fmt.Sprintf("refused: order %d, which was given before", o.Number))
	default:
		x.newest = o.Number
		ctx, stop := context.WithCancel(x.ctx)
		x.current[o.Number] = stop
		x.jobs.Go(func() { x.do(ctx, o) })
	}
}

// do does a job and answers. What the session's end cut short has no answer: its member is lost.
func (x *session) do(ctx context.Context, o order) {
	out, err := x.worker.Do(ctx, o.Verb, o.In)
	if x.ctx.Err() != nil {
		return
	}
	a := answer{ID: x.hello.ID, Number: o.Number}
	if err != nil {
		a.Error = err.Error()
	} else {
		a.Out = encode(out)
	}
	x.mu.Lock()
	x.current[o.Number]()
	delete(x.current, o.Number)
	x.mu.Unlock()
	if err := x.conn.Publish(x.names.answer(), encode(a)); err != nil {
		x.end(fmt.Errorf("answer job %d (%s): %w", o.Number, o.Verb, err))
	}
}
