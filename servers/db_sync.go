package servers

import (
	"errors"
	"syscall"
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
	used    time.Time // when it became idle
	buf     [readSize]byte
}

// staleAfter is the idle time after which a connection is looked at before it is used. The database
// ends idle ones, when it is started anew or by its limits, and who asked on one would be told that
// his query may have been done.
const staleAfter = time.Second

// ended reports whether the database has ended an idle connection, or has said that it does.
func (c *syncDBConn) ended() bool {
	n, err := c.stream.peek(c.buf[:1])
	return err != nil && !errors.Is(err, syscall.EAGAIN) || n > 0 && c.buf[0] == errorResponse
}

// errorResponse begins the database's message that something failed (PostgreSQL's documentation,
// "Message Formats").
const errorResponse = 'E'

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
		return &syncDBConn{stream: adopted, session: postgres.NewSession(), used: time.Now()}, nil
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
	var use taken
	var now time.Time
	for {
		d.pool.take(func(c *syncDBConn, err error) { got <- taken{c, err} })
		if use = <-got; use.err != nil {
			return use.err
		}
		if now = time.Now(); now.Sub(use.conn.used) < staleAfter || !use.conn.ended() {
			break
		}
		d.lose(use.conn)
	}
	complaint, fatal := use.conn.talk(t, now)
	if fatal == nil {
		d.pool.put(use.conn)
		return complaint
	}
	d.lose(use.conn)
	return postgres.Lost(fatal)
}

// lose replaces a connection that is in use.
func (d *syncDB) lose(c *syncDBConn) {
	d.pool.lost(c)
	c.stream.close()
}

func (c *syncDBConn) talk(t postgres.Talk, now time.Time) (complaint, fatal error) {
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
		now = time.Now()
		if done || err != nil {
			c.used = now
			return complaint, err
		}
	}
}
