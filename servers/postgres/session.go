// Package postgres is a client of PostgreSQL for servers that differ in how they wait: [Session] is
// the protocol without any I/O, so that an event loop and a blocked thread speak it alike. The
// package also runs a private cluster, and keeps a schema of its own in a database.
package postgres

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Query asks for a statement that is prepared on each connection. Arguments are texts; nil is NULL.
type Query struct {
	Statement string
	Args      [][]byte
}

// Talk is what one request asks of the database: batch after batch, on one connection. Each batch
// is sent as a whole. After an error the database skips the rest of the batch. A talk must leave no
// transaction open.
type Talk interface {
	// Row gets a row that answers the query with this index in the batch. Texts are valid until Row
	// returns; nil is NULL.
	Row(query int, values [][]byte)
	// Next returns the first batch, with a nil error. It is called again when a batch is over, with
	// the database's complaint about it, if any, and returns the next batch; nil ends the talk.
	Next(err error) []Query
}

// Reading is a talk of one query that changes nothing, so that several of them may be asked in one
// batch.
type Reading interface {
	Talk
	// Ask returns the query, in place of Next.
	Ask() Query
}

// ErrLost says that a connection ended in the middle of a talk. What was asked may have been done,
// so that nobody may ask it again.
var ErrLost = errors.New("the connection to the database was lost")

// Complaint is the database's error.
type Complaint struct {
	Code    string // SQLSTATE
	Message string
	Query   int // index in the batch; the database did not look at those behind it
}

func (c *Complaint) Error() string {
	return fmt.Sprintf("the database says: %s (SQLSTATE %s)", c.Message, c.Code)
}

// errStarved ends Receive when it has used up all bytes. The reader may never return 0 bytes
// without an error, because the library would then read for ever.
var errStarved = errors.New("no more bytes have arrived")

// mostMessage bounds a message from the server, which answers with a few rows.
const mostMessage = 1 << 20

// Session is one connection's protocol after its start: bytes in, bytes out.
type Session struct {
	front *pgproto3.Frontend
	in    []byte
	out   []byte

	// what each query is sent as, so that it is not allocated anew
	bind    pgproto3.Bind
	execute pgproto3.Execute
	sync    pgproto3.Sync

	talk  Talk // nil while idle
	query int  // index of the query that is being answered
	asked int  // queries of the batch
	err   error
	over  error // the connection is of no use any more
}

// NewSession returns the session of a connection that is ready for queries.
func NewSession() *Session {
	s := &Session{}
	s.front = pgproto3.NewFrontend(sessionReader{s}, sessionWriter{s})
	s.front.SetMaxBodyLen(mostMessage)
	return s
}

type sessionReader struct{ *Session }

func (r sessionReader) Read(b []byte) (int, error) {
	if len(r.in) == 0 {
		return 0, errStarved
	}
	n := copy(b, r.in)
	r.in = r.in[n:]
	return n, nil
}

type sessionWriter struct{ *Session }

func (w sessionWriter) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

// Start begins a talk on an idle session. It returns the bytes to send, valid until the next call.
func (s *Session) Start(t Talk) []byte {
	s.talk = t
	s.out = s.out[:0]
	s.send(t.Next(nil))
	return s.out
}

// send appends a batch to out.
func (s *Session) send(batch []Query) {
	s.query, s.asked, s.err = 0, len(batch), nil
	for _, q := range batch {
		s.bind.PreparedStatement, s.bind.Parameters = q.Statement, q.Args
		s.front.SendBind(&s.bind)
		s.front.SendExecute(&s.execute)
	}
	s.front.SendSync(&s.sync)
	if err := s.front.Flush(); err != nil { // an argument that is too long
		s.over = fmt.Errorf("writing to the database: %w", err)
	}
}

// Receive takes in bytes, all of them. It returns bytes to send, valid until the next call, and
// whether the talk is over, with its last complaint. fatal is set when the connection is of no use
// any more: it ends the talk too.
func (s *Session) Receive(b []byte) (out []byte, done bool, complaint, fatal error) {
	s.in = b
	s.out = s.out[:0]
	for {
		message, err := s.front.Receive()
		if errors.Is(err, errStarved) {
			// The bytes are gone from b: the library has copied what it could not use yet.
			return s.out, done, complaint, s.over
		}
		if err != nil {
			return nil, true, nil, fmt.Errorf("reading from the database: %w", err)
		}
		if s.take(message) {
			done, complaint = true, s.err
		}
		if s.over != nil {
			return nil, done, complaint, s.over
		}
	}
}

// take handles one message. It reports whether the talk is over.
func (s *Session) take(message pgproto3.BackendMessage) bool {
	switch m := message.(type) {
	case *pgproto3.DataRow:
		if s.talk != nil && s.query < s.asked {
			s.talk.Row(s.query, m.Values)
		}
	case *pgproto3.CommandComplete, *pgproto3.EmptyQueryResponse:
		s.query++
	case *pgproto3.ErrorResponse:
		s.err = &Complaint{m.Code, m.Message, s.query}
		if m.SeverityUnlocalized == "FATAL" || m.SeverityUnlocalized == "PANIC" || s.talk == nil {
			s.over = s.err
		}
	case *pgproto3.ReadyForQuery:
		if s.talk == nil {
			s.over = errors.New("the database answers what nobody asked")
			return false
		}
		if next := s.talk.Next(s.err); next != nil {
			s.send(next)
			return false
		}
		s.talk = nil
		if m.TxStatus != 'I' {
			s.over = errors.New("a transaction was left open")
		}
		return true
	case *pgproto3.BindComplete, *pgproto3.NoticeResponse, *pgproto3.ParameterStatus,
		*pgproto3.NotificationResponse, *pgproto3.NoData, *pgproto3.RowDescription:
	default:
		s.over = fmt.Errorf("the database sent a %s, which nobody asked for",
			strings.TrimPrefix(fmt.Sprintf("%T", m), "*pgproto3."))
	}
	return false
}

// Lost is the error of a talk whose connection ended for a reason; nil is its end by the server.
func Lost(reason error) error {
	if reason == nil || errors.Is(reason, io.EOF) {
		return ErrLost
	}
	return fmt.Errorf("%w: %w", ErrLost, reason)
}
