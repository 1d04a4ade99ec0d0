package servers

import (
	"net/url"
	"os"
	"strconv"
	"time"

	"nodecompare/servers/postgres"
	"nodecompare/servers/trace"
	"nodecompare/servers/workload"
)

// observer stands between a connection's handlers and their IO, and records what they wait for.
// Connections have one only where the server records a trace.
type observer struct {
	workload.IO
	recorder *trace.Recorder
	done     func(*workload.Exchange)
	// holds says that a thread waits with its request.
	holds bool
	// inPlace says that work runs where its request does, and not on a worker.
	inPlace bool
	request int // the one being served; 0 for one that is not to be recorded
}

// observe has the session's requests recorded. Without a recorder it changes nothing.
func (s *session) observe(r *trace.Recorder, holds, inPlace bool) {
	if r == nil {
		return
	}
	o := &observer{IO: s.x.IO, recorder: r, done: s.x.Done, holds: holds, inPlace: inPlace}
	s.observer, s.x.IO, s.x.Done = o, o, o.answered
}

func (o *observer) add(e trace.Event) {
	if e.Request = o.request; e.Request > 0 {
		o.recorder.Add(e)
	}
}

// read begins a request.
func (o *observer) read(x *workload.Exchange) {
	n, err := strconv.Atoi(string(x.Request.Header(trace.Header)))
	if err != nil {
		n = 0 // it carries no number, or somebody else's
	}
	o.request = n
	o.add(trace.Event{Kind: trace.Read})
}

func (o *observer) answered(x *workload.Exchange) {
	o.add(trace.Event{Kind: trace.Answered})
	o.done(x)
}

func (o *observer) waits(what string, least time.Duration) {
	o.add(trace.Event{Kind: trace.Wait, For: what, Least: int64(least), Holds: o.holds})
}

func (o *observer) goesOn() { o.add(trace.Event{Kind: trace.On}) }

func (o *observer) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	o.waits("a timer of "+d.String(), d)
	o.IO.Wait(x, d, func(x *workload.Exchange) {
		o.goesOn()
		then(x)
	})
}

func (o *observer) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	o.waits("another service", 0)
	o.IO.Get(x, u, func(x *workload.Exchange, r workload.Reply, err error) {
		o.goesOn()
		then(x, r, err)
	})
}

func (o *observer) GetAll(x *workload.Exchange, calls []workload.Call, limit time.Duration,
	then func(*workload.Exchange)) {
	how := "at once"
	if o.holds {
		how = "one after the other"
	}
	o.waits(strconv.Itoa(len(calls))+" calls to another service, "+how, 0)
	o.IO.GetAll(x, calls, limit, func(x *workload.Exchange) {
		o.goesOn()
		then(x)
	})
}

func (o *observer) SendFile(x *workload.Exchange, f *os.File) {
	o.add(trace.Event{Kind: trace.Answered})
	o.IO.SendFile(x, f)
}

func (o *observer) Query(x *workload.Exchange, t postgres.Talk, then func(*workload.Exchange, error)) {
	o.waits("the database", 0)
	o.IO.Query(x, t, func(x *workload.Exchange, err error) {
		o.goesOn()
		then(x, err)
	})
}

func (o *observer) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	n := o.request // a worker must not read what the loop may write
	if n == 0 {
		o.IO.Offload(x, work, then)
		return
	}
	if !o.inPlace {
		o.waits("a worker", 0)
	}
	o.IO.Offload(x, func() {
		o.recorder.Add(trace.Event{Kind: trace.Work, Request: n})
		work()
		o.recorder.Add(trace.Event{Kind: trace.Worked, Request: n})
	}, func(x *workload.Exchange) {
		o.goesOn()
		then(x)
	})
}
