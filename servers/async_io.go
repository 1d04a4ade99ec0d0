package servers

import (
	"net/url"
	"time"

	"nodecompare/servers/workload"
)

// asyncIO starts a wait and returns; the loop goes on with other connections and calls then when the wait is over.
type asyncIO struct{}

func (asyncIO) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	c := x.Conn.(*asyncConn)
	c.then = then
	c.timer.Set(d)
}

func (c *asyncConn) resumeWait() { c.proceed(c.then) }

func (asyncIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	c := x.Conn.(*asyncConn)
	c.loop.upstream.get(u, func(r workload.Reply, err error) {
		c.proceed(func(x *workload.Exchange) { then(x, r, err) })
	})
}

func (asyncIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	c := x.Conn.(*asyncConn)
	c.loop.Work(work, func() { c.proceed(then) })
}

// proceed lets the handler go on after its wait, unless the connection has gone meanwhile.
func (c *asyncConn) proceed(then func(*workload.Exchange)) {
	if c.gone {
		return
	}
	then(&c.session.x)
	c.settle()
}
