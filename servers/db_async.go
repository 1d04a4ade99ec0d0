package servers

import (
	"errors"

	"nodecompare/servers/eventloop"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// loopDB talks to the database from a loop, over sockets of the same thread. Connections are opened
// by a goroutine beside it: all of them before the loop runs, and later one in the place of each
// that was lost.
type loopDB struct {
	pool dbPool[*loopDBConn]
}

// loopDBConn is a connection to the database with its talk, if any.
type loopDBConn struct {
	db      *loopDB
	conn    *eventloop.Conn
	session *postgres.Session
	done    func(error) // nil while idle
}

// openLoopDB opens so many connections to a database; nil for none.
func openLoopDB(loop *eventloop.Loop, c *postgres.Config, size int) (*loopDB, error) {
	if c == nil {
		return nil, nil
	}
	d := &loopDB{pool: dbPool[*loopDBConn]{config: c, run: loop.Post}}
	d.pool.cut = func(c *loopDBConn) { c.conn.Close() }
	d.pool.adopt = func(s postgres.Socket) (*loopDBConn, error) {
		c := &loopDBConn{db: d, session: postgres.NewSession()}
		var err error
		c.conn, err = loop.Adopt(s, c)
		return c, err
	}
	return d, d.pool.open(size)
}

func (asyncIO) Query(x *workload.Exchange, t postgres.Talk, then func(*workload.Exchange, error)) {
	c := x.Conn.(*asyncConn)
	c.loop.db.talk(t, func(err error) {
		c.proceed(func(x *workload.Exchange) { then(x, err) })
	})
}

// talk makes a talk on the first connection that is idle. done is called once, on the loop, and
// never before talk returns unless there is no connection.
func (d *loopDB) talk(t postgres.Talk, done func(error)) {
	d.pool.take(func(c *loopDBConn, err error) {
		if err != nil {
			done(err)
			return
		}
		c.done = done
		c.conn.SetDeadline(queryTimeout)
		c.conn.Write(c.session.Start(t))
	})
}

func (c *loopDBConn) Data(b []byte) {
	if len(b) == 0 {
		c.conn.Close() // Closed reports it
		return
	}
	out, done, complaint, fatal := c.session.Receive(b)
	if fatal != nil {
		c.end(postgres.Lost(fatal))
		c.conn.Close()
		return
	}
	if len(out) > 0 {
		c.conn.Write(out)
	}
	if done {
		finish := c.done
		c.done = nil
		c.conn.SetDeadline(0)
		c.db.pool.put(c)
		finish(complaint)
	}
}

// end ends the talk, if there is one, on a connection that is of no use any more.
func (c *loopDBConn) end(err error) {
	if done := c.done; done != nil {
		c.done = nil
		done(err)
	}
}

func (c *loopDBConn) Drained() {}

func (c *loopDBConn) Closed(err error) {
	if !errors.Is(err, eventloop.ErrStopped) {
		c.db.pool.lost(c)
	}
	c.end(postgres.Lost(err))
}

// close is called when the loop has ended.
func (d *loopDB) close() {
	if d != nil {
		d.pool.close()
	}
}
