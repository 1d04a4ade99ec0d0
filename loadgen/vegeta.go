package loadgen

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"nodecompare/loadgen/response"
)

// attacker drives a load by vegeta's Attacker.
type attacker struct {
	attack    Attack
	transport transport
	failures  *failures
	rota      rota
}

// transport is a RoundTripper whose connections outlive a run but end with its cancellation.
type transport interface {
	http.RoundTripper
	// until end is called, ctx's end aborts whatever is in flight
	begin(ctx context.Context) (end func())
	retried() uint64 // requests sent a second time since begin
	close()
}

func openVegeta(a Attack) (driver, error) {
	if what := beyondVegeta(a); what != "" {
		return nil,
			fmt.Errorf("load on %s: the %s engine cannot do %s: choose the %s engine", a.Target.URL, Vegeta, what, Loop)
	}
	rota, err := newRota(a.Targets())
	if err != nil {
		return nil, err
	}
	c, err := newTransport(a, rota)
	if err != nil {
		return nil, err
	}
	return &attacker{attack: a, transport: c, failures: newFailures(), rota: rota}, nil
}

func (g *attacker) close() { g.transport.close() }

func (g *attacker) run(ctx context.Context, duration time.Duration) (*Result, error) {
	w, err := newWaiter()
	if err != nil {
		return nil, fmt.Errorf("load on %s: timer of the pacer: %w", g.attack.Target.URL, err)
	}
	defer w.close()
	end := g.transport.begin(ctx)
	defer end()

	workers := uint64(g.attack.Connections * g.attack.Connect.Streams)
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{
			Transport:     failureRecorder{g.transport, g.failures, ctx, &g.attack},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
		// All workers start at once. Otherwise vegeta adds one whenever none is ready at that
		// instant.
		vegeta.Workers(workers), vegeta.MaxWorkers(workers),
	)
	stopOnCancel := context.AfterFunc(ctx, func() { w.interrupt(); attacker.Stop() })
	defer stopOnCancel()

	start := time.Now()
	p := &pacer{start: start, duration: duration, rate: g.attack.Rate, pace: g.attack.Pace(),
		offered: g.attack.Requests,
		waiter:  w, interrupted: ctx.Done()}
	last := duration
	if p.rate > 0 {
		p.offered, p.duration = p.pace.Offered(duration), p.pace.Span(duration)
		last = p.duration + Grace
	}
	// vegeta asks the pacer only between requests. With every worker held by a stalled server it
	// would wait for one and then send once more, long after the end.
	stopAtEnd := time.AfterFunc(last, func() { attacker.Stop() })
	defer stopAtEnd.Stop()

	retriedBefore := g.transport.retried()
	rec := newRecorder(g.attack)
	rec.start = start
	for r := range attacker.Attack(g.targeter(), p, 0, "") {
		if x, sent := g.outcome(r, start); sent {
			rec.add(&x)
		}
	}
	if ranOut := p.rate == 0 && p.offered > 0 && rec.sent >= p.offered; !ranOut {
		rec.lasted(min(time.Since(start), p.duration))
	}
	offered := p.offered
	if p.rate == 0 {
		offered = 0 // no request counts as unsent
	}
	res := rec.result(offered)
	res.Retries = g.transport.retried() - retriedBefore
	return res, ctx.Err()
}

// targeter gives vegeta always the first target, without its headers, which vegeta would copy for
// each request. The transport picks what is sent by the request's number.
func (g *attacker) targeter() vegeta.Targeter {
	t := g.attack.Target
	return func(v *vegeta.Target) error {
		v.Method, v.URL, v.Body = t.Method, t.URL, t.Body
		return nil
	}
}

// outcome translates vegeta's result of a sent request.
func (g *attacker) outcome(v *vegeta.Result, start time.Time) (x outcome, sent bool) {
	x = outcome{seq: v.Seq, target: g.rota.of(v.Seq), sent: v.Timestamp.Sub(start)}
	x.done = x.sent + v.Latency
	if v.Code != 0 {
		_, differs := v.Headers[differsHeader]
		x.answer = response.Answer{Status: int(v.Code), Size: bodySize(v), Differs: differs}
		return x, true
	}
	var ok bool
	if x.failure, ok = g.failures.take(v.Seq); !ok {
		x.failure = failure{Other, v.Error}
	}
	return x, x.failure.kind != notSent
}

// bodySize returns the count of body bytes that our transports put into the response's header.
// vegeta sees no body, because the transports have read and dropped it.
func bodySize(v *vegeta.Result) int64 {
	h := v.Headers[sizeHeader]
	if len(h) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(h[0], 10, 64)
	if err != nil {
		return 0
	}
	return n
}
