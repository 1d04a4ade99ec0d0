package loadgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"time"

	"nodecompare/loadgen/response"
	"nodecompare/servers/eventloop"
)

// scheduleGrain is to what the loop's waits are rounded up in an open load.
const scheduleGrain = time.Microsecond

// loopEngine drives a load on one event loop. Its connections stay from run to run, and so does the loop, which sees
// those that the server ends meanwhile. Whatever changes belongs to the loop's thread.
type loopEngine struct {
	attack Attack
	wire   []byte // the request
	head   bool   // it is a HEAD
	safe   bool   // to be sent again, should a kept-alive connection have been closed: an idempotent method
	host   string
	port   uint16

	loop  *eventloop.Loop
	ended chan struct{} // closed when the loop has ended
	err   error         // of the loop; to be read once it has ended

	clients []client
	dialler dialler
	current *loopRun // nil between runs
}

func openLoop(a Attack) (driver, error) {
	u, err := url.Parse(a.Target.URL)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" {
		return nil, fmt.Errorf("load on %s: the %s engine speaks plain http only: choose the %s engine for https", a.Target.URL, Loop, Vegeta)
	}
	port := uint64(80)
	if p := u.Port(); p != "" {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			return nil, fmt.Errorf("load target %q: port %s: %w", a.Target.URL, p, err)
		}
	}
	wire, err := serialise(a.Target)
	if err != nil {
		return nil, err
	}
	loop, err := eventloop.New(1)
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", a.Target.URL, err)
	}
	if a.Rate > 0 {
		loop.SetResolution(scheduleGrain)
	}
	e := &loopEngine{
		attack: a, wire: wire, head: a.Target.Method == http.MethodHead, safe: idempotent(a.Target.Method),
		host: u.Hostname(), port: uint16(port),
		loop: loop, ended: make(chan struct{}), clients: make([]client, a.Connections),
	}
	e.dialler.init(loop)
	for i := range e.clients {
		e.clients[i].engine = e
		e.clients[i].parser = response.Parser{MaxBody: a.MaxBody, Body: response.Body{Want: a.WantBody}}
	}
	go func() {
		defer close(e.ended)
		runtime.LockOSThread() // and never unlocked: the thread, with its sharp timers, ends with the goroutine
		if e.err = sharpenTimers(); e.err != nil {
			loop.Stop() // Run then only frees what the loop holds
		}
		e.err = errors.Join(e.err, loop.Run())
	}()
	return e, nil
}

func (e *loopEngine) close() {
	e.loop.Stop()
	<-e.ended
}

// run hands one run over to the loop and waits for it. An address that cannot be found is an error of the run, for there
// is nothing to send to.
func (e *loopEngine) run(ctx context.Context, duration time.Duration) (*Result, error) {
	addrs, err := e.resolve(ctx)
	if err != nil && ctx.Err() != nil {
		return newRecorder(e.attack).result(0), ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("load on %s: %w", e.attack.Target.URL, err)
	}
	r := newLoopRun(e, duration)
	e.loop.Post(func() { e.dialler.addrs.set(addrs); r.connect() })
	stopOnCancel := context.AfterFunc(ctx, func() { e.loop.Post(r.abort) })
	defer stopOnCancel()
	select {
	case res := <-r.done:
		return res, ctx.Err()
	case <-e.ended:
		return nil, fmt.Errorf("load on %s: %w", e.attack.Target.URL, cmp.Or(e.err, eventloop.ErrStopped))
	}
}

// resolve gives the target's addresses, in the order to try them.
func (e *loopEngine) resolve(ctx context.Context) ([]netip.AddrPort, error) {
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil {
		return nil, err
	}
	addrs := make([]netip.AddrPort, len(ips))
	for i, ip := range ips {
		addrs[i] = netip.AddrPortFrom(ip.Unmap(), e.port)
	}
	return addrs, nil
}
