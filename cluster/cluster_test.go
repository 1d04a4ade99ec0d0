package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// worker echoes what it is asked, or waits for its end.
type worker struct{ closed *sync.WaitGroup }

func (w worker) Do(ctx context.Context, verb string, in []byte) (any, error) {
	switch verb {
	case "echo":
		return json.RawMessage(in), nil
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, errors.New("no such job")
}

func (w worker) Close() { w.closed.Done() }

// lines collects what is said.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text)
}

func (l *lines) awaited(t *testing.T, part string) {
	t.Helper()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		l.mu.Lock()
		text := strings.Join(l.all, "\n")
		l.mu.Unlock()
		if strings.Contains(text, part) {
			return
		}
	}
	t.Errorf("nobody said %q: %q", part, l.all)
}

// field is a coordinator with its hub.
type field struct {
	hub    *cluster.Hub
	c      *cluster.Coordinator
	said   lines
	closed sync.WaitGroup // workers
}

func begin(t *testing.T) *field {
	t.Helper()
	f := new(field)
	var err error
	if f.hub, err = cluster.NewHub("127.0.0.1:0", 4, f.said.say); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.hub.Close)
	if f.c, err = cluster.Coordinate(f.hub, cluster.Access{}, "1.0", f.said.say); err != nil {
		t.Fatal(err)
	}
	return f
}

// join starts an agent, whose end comes from the channel.
func (f *field) join(ctx context.Context, at cluster.Access, name, version string) <-chan error {
	ended := make(chan error, 1)
	go func() {
		ended <- cluster.Join(ctx, at, cluster.Served{
			Member: cluster.Member{Name: name, Role: cluster.Load, Version: version},
			Work:   func() cluster.Worker { f.closed.Add(1); return worker{&f.closed} },
			Say:    f.said.say,
		})
	}()
	return ended
}

func (f *field) await(t *testing.T, n int) []*cluster.Agent {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all, err := f.c.Await(ctx, func(all []*cluster.Agent) bool { return len(all) == n }, func([]*cluster.Agent) {})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Agents do jobs and answer, their clocks are known, and they end in order when it is over.
func TestJobs(t *testing.T) {
	t.Parallel()
	f := begin(t)
	one, two := f.join(t.Context(), f.hub.Access, "a", "1.0"), f.join(t.Context(), f.hub.Access, "a", "1.0")
	all := f.await(t, 2)
	if all[0].Name != "a" || all[1].Name != "a-2" {
		t.Errorf("two agents are named %q and %q", all[0].Name, all[1].Name)
	}
	for _, a := range all {
		var back string
		if err := a.Ask(t.Context(), "echo", "hello", &back); err != nil || back != "hello" {
			t.Errorf("%s: %q, %v", a.Name, back, err)
		}
		err := a.Ask(t.Context(), "sh -c true", nil, &back)
		if err == nil || !strings.Contains(err.Error(), "no such job") {
			t.Errorf("an unknown job: %v", err)
		}
		if a.Offset > a.Uncertainty || a.Offset < -a.Uncertainty || a.RoundTrip <= 0 {
			t.Errorf("the clock of this machine differs from itself by %v ± %v", a.Offset, a.Uncertainty)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	if err := all[0].Ask(ctx, "wait", nil, new(int)); !errors.Is(err, context.Canceled) {
		t.Errorf("a job given up: %v", err)
	}
	f.c.Close()
	for _, ended := range []<-chan error{one, two} {
		if err := <-ended; err != nil {
			t.Errorf("an agent ended with %v", err)
		}
	}
	f.closed.Wait()
}

// A lost agent ends the jobs that it was asked to do, with its name, within three seconds.
func TestLost(t *testing.T) {
	t.Parallel()
	f := begin(t)
	defer f.c.Close()
	ctx, end := context.WithCancel(t.Context())
	ended := f.join(ctx, f.hub.Access, "lost", "1.0")
	a := f.await(t, 1)[0]
	began := time.Now()
	time.AfterFunc(50*time.Millisecond, end)
	err := a.Ask(t.Context(), "wait", nil, new(int))
	lost, ok := errors.AsType[*cluster.LostError](err)
	if !ok || lost.Name != "lost" || time.Since(began) > 3*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	<-ended
	f.closed.Wait()
}

// An agent whose coordinator vanishes ends its work, and itself, within five seconds.
func TestCoordinatorGone(t *testing.T) {
	t.Parallel()
	f := begin(t)
	ended := f.join(t.Context(), f.hub.Access, "a", "1.0")
	a := f.await(t, 1)[0]
	go a.Ask(t.Context(), "wait", nil, new(int)) // its end is the agent's
	f.hub.Close()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "is gone") {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it goes on")
	}
	f.closed.Wait()
	f.c.Close()
}

// Who may not be here gets nothing, and a line in the log.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, version, ends, said string
		spoil                     func(*cluster.Access)
	}{
		{"token", "1.0", "does not know the token", "authentication error", func(a *cluster.Access) { a.Token += "X" }},
		{"fingerprint", "1.0", "--fingerprint", "TLS handshake error",
			func(a *cluster.Access) { a.Fingerprint = strings.Repeat("0", 64) }},
		{"version", "0.9", "install the same version", "refused: version is nodecompare 0.9", func(*cluster.Access) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := begin(t)
			defer f.c.Close()
			at := f.hub.Access
			test.spoil(&at)
			if err := <-f.join(t.Context(), at, test.name, test.version); err == nil ||
				!strings.Contains(err.Error(), test.ends) {
				t.Errorf("it ended with %v", err)
			}
			f.said.awaited(t, test.said)
			f.closed.Wait()
		})
	}
}

// Messages that nobody may send, or that were sent before, change nothing.
func TestGarbage(t *testing.T) {
	t.Parallel()
	f := begin(t)
	defer f.c.Close()
	ended := f.join(t.Context(), f.hub.Access, "a", "1.0")
	a := f.await(t, 1)[0]
	heard := make(chan []byte, 1)
	conn, err := f.hub.Tap(func(subject string, data []byte) {
		if strings.HasSuffix(subject, ".answer") {
			select {
			case heard <- data:
			default:
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var back string
	if err := a.Ask(t.Context(), "echo", "once", &back); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"hello", "beat", "answer"} {
		if err := conn.Publish(f.hub.Subject(subject), []byte("{")); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Flush(); err != nil {
		t.Fatal(err)
	}
	f.said.awaited(t, "a hello that is none")
	f.said.awaited(t, "a sign of life that is none")
	f.said.awaited(t, "an answer that is none")
	if err := conn.Publish(f.hub.Subject("answer"), <-heard); err != nil {
		t.Fatal(err)
	}
	f.said.awaited(t, "another answer of a to its job 1")
	if err := a.Ask(t.Context(), "echo", "again", &back); err != nil || back != "again" {
		t.Errorf("%q, %v", back, err)
	}
	f.c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A link that takes 20 ms each way makes the clock's uncertainty larger, and nothing wrong.
func TestSlowLink(t *testing.T) {
	const way = 20 * time.Millisecond
	f := begin(t)
	defer f.c.Close()
	at := f.hub.Access
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var copying sync.WaitGroup
	defer copying.Wait()
	defer listener.Close()
	slowly := func(to, from net.Conn) {
		defer to.Close()
		for b := make([]byte, 64<<10); ; {
			n, err := from.Read(b)
			if err != nil {
				return
			}
			time.Sleep(way)
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
	}
	copying.Go(func() {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", strings.TrimPrefix(f.hub.URL, "nats://"))
		if err != nil {
			from.Close()
			return
		}
		copying.Go(func() { slowly(to, from) })
		slowly(from, to)
	})
	at.URL = "nats://" + listener.Addr().String()
	ended := f.join(t.Context(), at, "far", "1.0")
	a := f.await(t, 1)[0]
	if a.RoundTrip < 2*way || a.Offset > a.Uncertainty || a.Offset < -a.Uncertainty {
		t.Errorf("a clock of %v ± %v by a round trip of %v", a.Offset, a.Uncertainty, a.RoundTrip)
	}
	var back string
	if err := a.Ask(t.Context(), "echo", "hello", &back); err != nil || back != "hello" {
		t.Errorf("%q, %v", back, err)
	}
	f.c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// silentLink is a way to the hub whose end NATS is not told of. links are the agents' ends, which a
// test closes. The test waits until the copying has ended.
func (f *field) silentLink(t *testing.T) (listener net.Listener, links chan net.Conn, copying *sync.WaitGroup) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	links, copying = make(chan net.Conn, 4), new(sync.WaitGroup)
	copying.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("tcp", strings.TrimPrefix(f.hub.URL, "nats://"))
			if err != nil {
				from.Close()
				return
			}
			links <- from
			copying.Go(func() { io.Copy(to, from) }) // NATS is not told that the agent has gone
			copying.Go(func() { io.Copy(from, to); from.Close(); to.Close() })
		}
	})
	return listener, links, copying
}

// An agent that lost its coordinator for a moment comes back under its name, as another session: a
// job of the former one is lost, even where the coordinator has not seen that yet.
func TestBack(t *testing.T) {
	f := begin(t)
	defer f.c.Close()
	listener, links, copying := f.silentLink(t)
	defer copying.Wait()
	defer listener.Close()
	at := f.hub.Access
	at.URL = "nats://" + listener.Addr().String()
	ended := f.join(t.Context(), at, "a", "1.0")
	first := f.await(t, 1)[0]
	(<-links).Close()
	asked := first.Ask(t.Context(), "wait", nil, new(int))
	if _, ok := errors.AsType[*cluster.LostError](asked); !ok {
		t.Errorf("a job of the former session: %v", asked)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all, err := f.c.Await(ctx, func(all []*cluster.Agent) bool { return len(all) == 1 && all[0] != first },
		func([]*cluster.Agent) {})
	if err != nil || all[0].Name != "a" {
		t.Fatalf("%v: %+v", err, all)
	}
	var back string
	if err := all[0].Ask(t.Context(), "echo", "again", &back); err != nil || back != "again" {
		t.Errorf("%q, %v", back, err)
	}
	f.c.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	f.closed.Wait()
	f.hub.Close()
	for len(links) > 0 {
		(<-links).Close()
	}
}

// An agent that was killed is followed by another of its host, which has its name: the record of a
// bench is of the same hosts.
func TestSuccessor(t *testing.T) {
	t.Parallel()
	f := begin(t)
	defer f.c.Close()
	listener, links, copying := f.silentLink(t)
	defer copying.Wait()
	defer listener.Close()
	at := f.hub.Access
	at.URL = "nats://" + listener.Addr().String()
	dying, kill := context.WithCancel(t.Context())
	defer kill()
	ended := f.join(dying, at, "a", "1.0")
	killed := f.await(t, 1)[0]
	listener.Close() // it does not come back
	(<-links).Close()
	next := f.join(t.Context(), f.hub.Access, "a", "1.0")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	all, err := f.c.Await(ctx, func(all []*cluster.Agent) bool { return len(all) == 1 && all[0] != killed },
		func([]*cluster.Agent) {})
	if err != nil || all[0].Name != "a" {
		t.Errorf("%v: %+v", err, all)
	}
	f.c.Close()
	if err := <-next; err != nil {
		t.Error(err)
	}
	kill()
	<-ended
}
