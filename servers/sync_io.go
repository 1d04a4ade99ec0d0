package servers

import (
	"net/url"
	"time"

	"nodecompare/servers/workload"
)

// syncIO does each wait in place, on the thread or goroutine that serves the connection.
type syncIO struct {
	sleep  func(time.Duration)
	client *syncClient
}

// before sends the responses to earlier requests of a pipeline: they do not wait for this one.
func (syncIO) before(x *workload.Exchange) { x.Conn.(*streamConn).session.flush() }

func (s syncIO) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	s.before(x)
	s.sleep(d)
	then(x)
}

func (s syncIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	s.before(x)
	s.client.get(u, func(r workload.Reply, err error) { then(x, r, err) })
}

func (s syncIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	s.before(x)
	work()
	then(x)
}
