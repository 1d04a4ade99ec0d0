package loadgen

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"nodecompare/servers/eventloop"
)

// loopThreads drives a load on event loops, each on a thread of its own. They share nothing while
// they send: each has its part of the connections, and of an open load's schedule, and a recorder.
type loopThreads struct {
	attack  Attack
	host    string
	port    uint16
	rota    rota
	threads []*loopThread
}

func openLoop(a Attack) (driver, error) {
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return nil, err
	}
	if what := BeyondLoop(a); what != "" {
		return nil,
			fmt.Errorf("load on %s: the %s engine cannot do %s: choose the %s engine", a.Target.URL, Loop, what, Vegeta)
	}
	port := uint64(80)
	if p := u.Port(); p != "" {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			return nil, err
		}
	}
	kind, err := conversationNamed(a.Conversation)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	s, err := kind.prepare(a)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	if s.period > 0 {
		a.Threads = min(a.Threads, s.period)
	}
	if s.lasting && (a.Rate > 0 || a.Requests > 0) {
		return nil, fmt.Errorf("load on %s: a %s lasts as long as the load: "+
			"no rate and no number of requests can be given", a.Target.URL, kind)
	}
	rota, err := newRota(a.Targets())
	if err != nil {
		return nil, err
	}
	if each := a.Each; each != nil && a.Threads > 1 {
		var one sync.Mutex
		a.Each = func(x *Outcome) {
			one.Lock()
			defer one.Unlock()
			each(x)
		}
	}
	g := &loopThreads{attack: a, host: u.Hostname(), port: uint16(port), rota: rota}
	for i := range a.Threads {
		t, err := openLoopThread(a, rota, s, i)
		if err != nil {
			g.close()
			return nil, err
		}
		g.threads = append(g.threads, t)
	}
	return g, nil
}

func (g *loopThreads) close() {
	for _, t := range g.threads {
		t.close()
	}
}

// run hands one run over to the loops and waits for it. An address that cannot be found is an error
// of the run, for there is nothing to send to.
func (g *loopThreads) run(ctx context.Context, duration time.Duration) (*Result, error) {
	addrs, err := g.resolve(ctx)
	if err != nil && ctx.Err() != nil {
		return newRecorder(g.attack).result(0), ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", g.attack.Target.URL, err)
	}
	runs := newLoopRuns(g, duration)
	for _, r := range runs {
		r.engine.loop.Post(func() { r.engine.dialer.addrs.set(addrs); r.connect() })
	}
	abort := func() {
		for _, r := range runs {
			r.engine.loop.Post(r.abort)
		}
	}
	stopOnCancel := context.AfterFunc(ctx, abort)
	defer stopOnCancel()
	parts := make([]*Result, 0, len(runs))
	var failed error
	for _, r := range runs {
		select {
		case part := <-r.done:
			parts = append(parts, part)
		case <-r.engine.ended:
			if failed == nil {
				failed = fmt.Errorf("load on %s: %w", g.attack.Target.URL, cmp.Or(r.engine.err, eventloop.ErrStopped))
				abort() // the others would go on alone
			}
		}
	}
	if failed != nil {
		return nil, failed
	}
	return merged(parts), ctx.Err()
}

// resolve gives the target's addresses, in the order to try them.
func (g *loopThreads) resolve(ctx context.Context) ([]netip.AddrPort, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", g.host)
	if err != nil {
		return nil, err
	}
	addrs := make([]netip.AddrPort, len(ips))
	for i, ip := range ips {
		addrs[i] = netip.AddrPortFrom(ip.Unmap(), g.port)
	}
	return addrs, nil
}
