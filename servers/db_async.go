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
	pool  dbPool[*loopDBConn]
	line  []loopTalk // that wait for a connection, as many as wait in the pool
	begin func(*loopDBConn, error)
}

// loopTalk is a talk of a request, and what follows.
type loopTalk struct {
	talk postgres.Talk
	conn *asyncConn // of the request
	then func(*workload.Exchange, error)
}

// over goes on with the request, unless its connection has gone.
func (t loopTalk) over(err error) {
	if t.conn.gone.Load() {
		return
	}
	t.then(&t.conn.session.x, err)
	t.conn.updateInterest()
}

// loopDBConn is a connection to the database with its talk, if any, or several that only read.
type loopDBConn struct {
	db      *loopDB
	conn    *eventloop.Conn
	session *postgres.Session
	talks   []loopTalk // none while idle
	ended   []loopTalk // the memory of those before
	batch   []postgres.Query
	asked   bool
}

// openLoopDB opens so many connections to a database; nil for none.
func openLoopDB(loop *eventloop.Loop, c *postgres.Config, size int) (*loopDB, error) {
	if c == nil {
		return nil, nil
	}
	d := &loopDB{pool: dbPool[*loopDBConn]{config: c, run: loop.Post}}
	d.begin = d.next
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
	c.loop.db.talk(loopTalk{t, c, then})
}

// talk makes a talk on the first connection that is idle. It is over later, on the loop, and before
// talk returns only if there is no connection.
func (d *loopDB) talk(t loopTalk) {
	d.line = append(d.line, t)
	d.pool.take(d.begin)
}

// next begins the first talk in line on a connection. Where more talks wait than there are
// connections, it takes as many with it as fall to this one: what reads goes to the database in one
// message, and comes back in one. A loop sees all who wait; a thread or goroutine sees itself.
func (d *loopDB) next(c *loopDBConn, err error) {
	first := d.shift()
	if err != nil {
		first.over(err)
		return
	}
	c.talks = append(c.talks, first)
	if _, ok := first.talk.(postgres.Reading); ok {
		for most := d.pool.waitingForEach(); most > 0 && len(d.line) > 0; most-- {
			if _, ok := d.line[0].talk.(postgres.Reading); !ok {
				break
			}
			c.talks = append(c.talks, d.shift())
			d.pool.giveUp()
		}
	}
	t := first.talk
	if len(c.talks) > 1 {
		c.asked = false
		t = c
	}
	c.conn.SetDeadline(queryTimeout)
	c.conn.Write(c.session.Start(t))
}

// shift takes the first talk out of the line.
func (d *loopDB) shift() loopTalk {
	first := d.line[0]
	d.line[0] = loopTalk{}
	d.line = d.line[1:]
	return first
}

// Row and Next make a talk of several that only read.
func (c *loopDBConn) Row(query int, values [][]byte) { c.talks[query].talk.Row(0, values) }

func (c *loopDBConn) Next(error) []postgres.Query {
	if c.asked {
		return nil
	}
	c.asked = true
	c.batch = c.batch[:0]
	for _, t := range c.talks {
		c.batch = append(c.batch, t.talk.(postgres.Reading).Ask())
	}
	return c.batch
}

// release takes the talks from a connection, which may begin others.
func (c *loopDBConn) release() []loopTalk {
	over := c.talks
	c.talks, c.ended = c.ended[:0], nil
	return over
}

// over ends talks that a connection has released. A complaint is about one of them: those behind it
// were not looked at, and are asked again.
func (c *loopDBConn) over(talks []loopTalk, err error) {
	of, complained := errors.AsType[*postgres.Complaint](err)
	for i, t := range talks {
		switch {
		case !complained || len(talks) == 1 || i == of.Query:
			t.over(err)
		case i < of.Query:
			t.over(nil)
		default:
			c.db.talk(t)
		}
	}
	clear(talks)
	c.ended = talks[:0]
}

func (c *loopDBConn) Data(b []byte) {
	if len(b) == 0 {
		c.db.pool.lost(c) // now, so that nobody who asks in the same turn is given it
		c.conn.Close()    // Closed reports it
		return
	}
	out, done, complaint, fatal := c.session.Receive(b)
	if fatal != nil {
		c.db.pool.lost(c)
		c.end(postgres.Lost(fatal))
		c.conn.Close()
		return
	}
	if len(out) > 0 {
		c.conn.Write(out)
	}
	if done {
		c.conn.SetDeadline(0)
		talks := c.release()
		c.db.pool.put(c)
		c.over(talks, complaint)
	}
}

// end ends the talks, if there are any, on a connection that is of no use any more.
func (c *loopDBConn) end(err error) { c.over(c.release(), err) }

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
