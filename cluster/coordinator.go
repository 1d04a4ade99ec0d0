package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// Coordinator knows the members, and has them do jobs.
type Coordinator struct {
	conn    *nats.Conn
	names   names
	id      string
	version string
	say     func(string)
	done    chan struct{}
	running sync.WaitGroup
	closing sync.Once

	mu      sync.Mutex
	members []*Agent        // in the order in which they came
	known   map[string]bool // sessions that have been welcomed, or are being
	changed chan struct{}   // closed, and made anew, when a member comes or goes
}

// Agent is a member as the coordinator sees it: one session of it.
type Agent struct {
	Member
	Clock

	id    string // of the session
	agent string // of all sessions of its process
	of    *Coordinator
	gone  chan struct{} // closed when it is lost
	why   error         // written before gone is closed
	last  time.Time     // its last sign of life
	jobs  uint64
	waits map[uint64]chan answer
}

// LostError says which member was lost, and how.
type LostError struct{ Name, Why string }

func (e *LostError) Error() string { return "lost " + e.Name + ": " + e.Why }

// Coordinate begins to welcome agents of the same version, at a hub; or without one, at a NATS
// server of the user's own.
func Coordinate(hub *Hub, at Access, version string, say func(string)) (*Coordinator, error) {
	c := &Coordinator{version: version, say: say, id: nats.NewInbox(), done: make(chan struct{}),
		known: map[string]bool{}, changed: make(chan struct{})}
	var err error
	if hub != nil {
		c.names = subjects(hub.Token)
		c.conn, err = hub.connect()
	} else {
		c.names = subjects(at.Token)
		c.conn, err = at.dial("nodecompare coordinator", connectTime, func() {}, nats.CustomInboxPrefix(inbox))
	}
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	for subject, handle := range map[string]func([]byte){
		c.names.hello(): c.hello, c.names.beat(): c.beat, c.names.answer(): c.answer,
	} {
		if _, err := c.conn.Subscribe(subject, func(m *nats.Msg) { handle(m.Data) }); err != nil {
			c.conn.Close()
			return nil, fmt.Errorf("subscribe at NATS: %w", err)
		}
	}
	c.running.Go(c.watch)
	return c, nil
}

// watch gives signs of life, and looks for the others'.
func (c *Coordinator) watch() {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-c.done:
			return
		case <-tick.C:
		}
		if err := c.conn.Publish(c.names.alive(), []byte(c.id)); err != nil {
			c.lose(func(*Agent) string { return "the connection to NATS ended: " + err.Error() })
			continue
		}
		c.lose(func(a *Agent) string {
			if quiet := time.Since(a.last); quiet > silence {
				return fmt.Sprintf("no sign of life for %.1f s", quiet.Seconds())
			}
			return ""
		})
	}
}

// lose removes the members for which why gives a reason.
func (c *Coordinator) lose(why func(*Agent) string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.members)
	c.members = slices.DeleteFunc(c.members, func(a *Agent) bool {
		reason := why(a)
		if reason == "" {
			return false
		}
		a.why = &LostError{a.Name, reason}
		close(a.gone)
		c.send(a.id, order{Kind: end, Why: reason})
		return true
	})
	if len(c.members) != before {
		close(c.changed)
		c.changed = make(chan struct{})
	}
}

func (c *Coordinator) send(id string, o order) {
	o.Coordinator, o.ID = c.id, id
	if err := c.conn.Publish(c.names.order(id), encode(o)); err != nil {
		c.say("NATS: " + err.Error()) // whoever waits for an answer sees the member lost
	}
}

// mostName bounds what others may write into our lines.
const mostName = 64

// hello welcomes an agent, or says why not.
func (c *Coordinator) hello(data []byte) {
	var h hello
	if err := json.Unmarshal(data, &h); err != nil || h.ID == "" || h.Agent == "" || h.Name == "" ||
		len(h.Name) > mostName {
		c.say("refused: a hello that is none")
		return
	}
	c.mu.Lock()
	if c.known[h.ID] {
		c.mu.Unlock()
		return
	}
	c.known[h.ID] = true
	c.mu.Unlock()
	if h.Protocol != Protocol || h.Version != c.version {
		why := fmt.Sprintf("%s is nodecompare %.80s, and the coordinator is %s: install the same version on both",
			h.Name, h.Version, c.version)
		c.say("refused: " + why)
		c.send(h.ID, order{Kind: refusal, Why: why})
		return
	}
	go c.welcome(h)
}

// missed is how many signs of life a member has missed that is taken to have ended where another
// asks for its name.
const missed = 3

// twinEnded waits until it is known whether a member of the same name on the same host lives, and
// loses one that does not: a process that was killed says nothing, and its successor is soon there.
func (c *Coordinator) twinEnded(h hello) {
	arrived := time.Now()
	for waits := true; waits; {
		waits = false
		c.lose(func(a *Agent) string {
			if a.Name != h.Name || a.Role != h.Role || a.Address != h.Address || a.last.After(arrived) {
				return ""
			}
			if time.Since(a.last) > missed*beat {
				return "another came in its place"
			}
			waits = true
			return ""
		})
		if waits {
			time.Sleep(beat / 5)
		}
	}
}

// welcome compares clocks with a new agent and takes it in.
func (c *Coordinator) welcome(h hello) {
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	clock, err := c.readClock(ctx, h.ID)
	c.lose(func(a *Agent) string { // before its name is given again
		if a.agent == h.Agent {
			return "it came back, as another session"
		}
		return ""
	})
	if err == nil {
		c.twinEnded(h)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		delete(c.known, h.ID) // it may say hello again
		return
	}
	a := &Agent{Member: h.Member, Clock: clock, id: h.ID, agent: h.Agent, of: c,
		gone: make(chan struct{}), last: time.Now(),
		waits: map[uint64]chan answer{}}
	for n := 2; slices.ContainsFunc(c.members, func(o *Agent) bool { return o.Name == a.Name }); n++ {
		a.Name = fmt.Sprintf("%s-%d", h.Name, n)
	}
	c.members = append(c.members, a)
	close(c.changed)
	c.changed = make(chan struct{})
	c.send(h.ID, order{Kind: welcome})
}

// beat takes a sign of life.
func (c *Coordinator) beat(data []byte) {
	var s sign
	if json.Unmarshal(data, &s) != nil {
		c.say("refused: a sign of life that is none")
		return
	}
	if s.Why != "" {
		c.lose(func(a *Agent) string {
			if a.id == s.ID {
				return s.Why
			}
			return ""
		})
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.members {
		if a.id == s.ID {
			a.last = time.Now()
		}
	}
}

// answer takes the first answer to each job, and no other.
func (c *Coordinator) answer(data []byte) {
	var got answer
	if json.Unmarshal(data, &got) != nil {
		c.say("refused: an answer that is none")
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.members {
		if a.id != got.ID {
			continue
		}
		if wait, ok := a.waits[got.Number]; ok {
			delete(a.waits, got.Number)
			wait <- got
			return
		}
		c.say(fmt.Sprintf("refused: another answer of %s to its job %d", a.Name, got.Number))
		return
	}
	select {
	case <-c.done: // it is over, and this was on its way
	default:
		c.say("refused: an answer of nobody who is a member")
	}
}

// Await waits until enough says that these members suffice, and returns them. Each change is
// reported to said.
func (c *Coordinator) Await(ctx context.Context, enough func([]*Agent) bool, said func([]*Agent)) ([]*Agent, error) {
	for {
		c.mu.Lock()
		all, changed := slices.Clone(c.members), c.changed
		c.mu.Unlock()
		said(all)
		if enough(all) {
			return all, nil
		}
		select {
		case <-ctx.Done():
			return all, context.Cause(ctx)
		case <-changed:
		}
	}
}

// Ask has a member do a job, and waits for its answer. A lost member is a *LostError; the end of
// ctx ends the job too.
func (a *Agent) Ask(ctx context.Context, verb string, in, out any) error {
	o := order{Kind: job, Verb: verb, In: encode(in)}
	if most := a.of.conn.MaxPayload(); int64(len(o.In)) > most-1024 {
		return fmt.Errorf("ask %s to %s: it takes %d bytes, and a message has %d", a.Name, verb, len(o.In), most)
	}
	wait := make(chan answer, 1)
	a.of.mu.Lock()
	a.jobs++
	o.Number = a.jobs
	a.waits[o.Number] = wait
	a.of.send(a.id, o)
	a.of.mu.Unlock()
	select {
	case <-a.gone:
		return a.why
	case <-ctx.Done():
		a.of.mu.Lock()
		a.of.send(a.id, order{Kind: cancel, Number: o.Number})
		a.of.mu.Unlock()
		return context.Cause(ctx)
	case got := <-wait:
		if got.Error != "" {
			return fmt.Errorf("%s: %w", a.Name, errors.New(got.Error))
		}
		if err := json.Unmarshal(got.Out, out); err != nil {
			return fmt.Errorf("%s: its answer to %q is none: %w", a.Name, verb, err)
		}
		return nil
	}
}

// Close tells all agents that it is over. A second call does nothing.
func (c *Coordinator) Close() {
	c.closing.Do(c.close)
}

func (c *Coordinator) close() {
	close(c.done)
	c.running.Wait()
	c.lose(func(*Agent) string { return "it is over" })
	if err := c.conn.FlushTimeout(time.Second); err != nil {
		c.say("NATS: " + err.Error()) // agents notice the silence
	}
	c.conn.Close()
}
