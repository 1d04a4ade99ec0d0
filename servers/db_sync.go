package servers

import (
	"time"

	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// syncDB talks to the database in place: the thread or goroutine of a request waits for one of the
// connections, and then for the answers.
type syncDB struct{ pool dbPool[*syncDBConn] }

type syncDBConn struct {
	stream  stream
	session *postgres.Session
	buf     [readSize]byte
}

// openSyncDB opens the connections to a database; nil for none.
func openSyncDB(c *postgres.Config, adopt func(postgres.Socket) (stream, error)) (*syncDB, error) {
	if c == nil {
		return nil, nil
	}
	d := &syncDB{pool: dbPool[*syncDBConn]{config: c}}
	d.pool.adopt = func(s postgres.Socket) (*syncDBConn, error) {
		adopted, err := adopt(s)
		if err != nil {
			return nil, err
		}
		return &syncDBConn{stream: adopted, session: postgres.NewSession()}, nil
	}
	d.pool.cut = d.cut
	d.pool.run = func(f func()) bool {
		f()
		return true
	}
	return d, d.pool.open(c.Connections)
}

// cut has an idle connection closed, and the thread that uses another notice its end.
func (d *syncDB) cut(c *syncDBConn) {
	p := &d.pool
	p.mu.Lock()
	idle := false
	for i, other := range p.idle {
		if idle = other == c; idle {
			p.idle = append(p.idle[:i], p.idle[i+1:]...)
			break
		}
	}
	p.mu.Unlock()
	if idle {
		d.pool.lost(c)
		c.stream.close()
	} else if err := c.stream.closeRead(); err != nil {
		return // it has ended by itself
	}
}

func (d *syncDB) close() {
	if d != nil {
		d.pool.close()
	}
}

func (s syncIO) Query(x *workload.Exchange, t postgres.Talk, then func(*workload.Exchange, error)) {
	s.before(x)
	then(x, s.db.talk(t))
}

// talk makes a talk, and returns its last complaint.
func (d *syncDB) talk(t postgres.Talk) error {
	type taken struct {
		conn *syncDBConn
		err  error
	}
	got := make(chan taken, 1)
	d.pool.take(func(c *syncDBConn, err error) { got <- taken{c, err} })
	use := <-got
	if use.err != nil {
		return use.err
	}
	complaint, fatal := use.conn.talk(t)
	if fatal == nil {
		d.pool.put(use.conn)
		return complaint
	}
	d.pool.lost(use.conn)
	use.conn.stream.close()
	return postgres.Lost(fatal)
}

func (c *syncDBConn) talk(t postgres.Talk) (complaint, fatal error) {
	now := time.Now()
	end := now.Add(queryTimeout)
	out := c.session.Start(t)
	for {
		if len(out) > 0 {
			if err := c.stream.write(out, now); err != nil {
				return nil, err
			}
		}
		n, err := c.stream.read(c.buf[:], now, end.Sub(now))
		if err != nil {
			return nil, err
		}
		var done bool
		out, done, complaint, err = c.session.Receive(c.buf[:n])
		if done || err != nil {
			return complaint, err
		}
		now = time.Now()
	}
}
