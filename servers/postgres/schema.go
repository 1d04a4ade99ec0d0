package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Schema is one of this program's own in a database: all of its tables are there, and nothing else
// in the database is touched. Advisory locks, which the program that made it and each connection of
// its servers share, say that it is in use.
type Schema struct {
	Config *Config // of servers that use it

	owner *pgconn.PgConn // holds a lock
}

const (
	schemaPrefix  = "nodecompare_"
	schemaComment = "made by nodecompare, which drops it"
	// dropTime is how long what still uses a schema may keep it.
	dropTime = "10s"
	// sweepTime is how long what uses a schema that was left behind may keep it.
	sweepTime = "1s"
	// lockNotAvailable is the error's SQLSTATE.
	lockNotAvailable = "55P03"
	// endTime bounds what is done at the end, when the program's own context may be over.
	endTime = 15 * time.Second
)

var schemaName = regexp.MustCompile("^" + schemaPrefix + "[0-9a-f]{16}$")

// NewSchema makes a schema, has fill make its tables, and drops the schemas of programs that were
// killed. Drop must follow.
func NewSchema(ctx context.Context, c *Config, fill func(context.Context, *Filler) error) (s *Schema, err error) {
	number := rand.Uint64() >> 1 // a positive bigint
	s = &Schema{Config: c.With(fmt.Sprintf("%s%016x", schemaPrefix, number))}
	if s.owner, err = s.Config.connect(ctx, "tables"); err != nil {
		return nil, err
	}
	f := &Filler{s.owner}
	err = sweep(ctx, f)
	if err == nil {
		// the lock first, so that nobody finds the schema without it
		err = f.Exec(ctx, fmt.Sprintf("%s; CREATE SCHEMA %s; COMMENT ON SCHEMA %[2]s IS '%s'", s.Config.lock(),
			s.Config.Schema, schemaComment))
	}
	if err == nil {
		err = fill(ctx, f)
	}
	if err != nil {
		err = fmt.Errorf("making tables in a schema of the database %s: %w", c.Place(), err)
		return nil, errors.Join(err, s.Drop())
	}
	return s, nil
}

// Ours reports whether the configuration names a schema that NewSchema made, here or in another
// process.
func (c *Config) Ours() bool { return schemaName.MatchString(c.Schema) }

// Others is a schema that another process has made, and drops.
func Others(c *Config) *Schema { return &Schema{Config: c} }

// lock is the statement by which a connection says that it uses the schema.
func (c *Config) lock() string {
	number, err := schemaNumber(c.Schema)
	if err != nil {
		panic(fmt.Sprintf("postgres: the schema %q is none of ours", c.Schema))
	}
	return fmt.Sprintf("SELECT pg_advisory_lock_shared(%d)", number)
}

// schemaNumber returns the number of a schema of ours, a positive bigint.
func schemaNumber(name string) (uint64, error) {
	return strconv.ParseUint(strings.TrimPrefix(name, schemaPrefix), 16, 63)
}

// sweep drops the schemas that nobody has locked. It leaves one of which somebody uses a table.
func sweep(ctx context.Context, f *Filler) error {
	if err := f.Exec(ctx, "SET lock_timeout = '"+sweepTime+"'"); err != nil {
		return err
	}
	rows, err := f.Ask(ctx, "SELECT nspname FROM pg_namespace WHERE obj_description(oid, 'pg_namespace') = '"+
		schemaComment+"' AND pg_get_userbyid(nspowner) = current_user")
	if err != nil {
		return err
	}
	for _, r := range rows {
		name := r[0]
		if !schemaName.MatchString(name) {
			continue
		}
		number, err := schemaNumber(name)
		if err != nil {
			return err
		}
		locked, err := f.Ask(ctx, fmt.Sprintf("SELECT pg_try_advisory_lock(%d)", number))
		if err != nil || locked[0][0] != "t" {
			continue // its program lives
		}
		err = f.Exec(ctx, fmt.Sprintf("DROP SCHEMA IF EXISTS %s CASCADE", name))
		if c, ok := errors.AsType[*pgconn.PgError](err); ok && c.Code == lockNotAvailable {
			err = nil
		}
		if err = errors.Join(err, f.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_unlock(%d)", number))); err != nil {
			return fmt.Errorf("dropping %s, which an earlier run left: %w", name, err)
		}
	}
	return f.Exec(ctx, "RESET lock_timeout")
}

// Drop drops the schema with all tables.
func (s *Schema) Drop() error {
	if s.owner == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	drop := "SET lock_timeout = '" + dropTime + "'; DROP SCHEMA IF EXISTS " + s.Config.Schema + " CASCADE"
	err := (&Filler{s.owner}).Exec(ctx, drop)
	if s.owner.IsClosed() { // the database was started anew, as it may be
		again, connectErr := s.Config.connect(ctx, "tables")
		if connectErr != nil {
			return connectErr
		}
		s.owner = again
		err = (&Filler{again}).Exec(ctx, drop)
	}
	if err != nil {
		err = fmt.Errorf("dropping the schema %s of the database %s: %w", s.Config.Schema, s.Config.Place(), err)
	}
	return errors.Join(err, s.owner.Close(ctx))
}

// Ask returns the rows that answer a query on the schema, as texts; NULL is "". The query must only
// read: it is asked again if the connection turns out to have ended since the last one.
func (s *Schema) Ask(ctx context.Context, query string) ([][]string, error) {
	rows, err := (&Filler{s.owner}).Ask(ctx, query)
	if err == nil || !s.owner.IsClosed() || ctx.Err() != nil {
		return rows, err
	}
	again, err := s.Config.connect(ctx, "tables")
	if err != nil {
		return nil, err
	}
	s.owner = again
	if err := (&Filler{again}).Exec(ctx, s.Config.lock()); err != nil {
		return nil, err
	}
	return (&Filler{again}).Ask(ctx, query)
}

// Filler is a connection for making tables. It blocks.
type Filler struct{ conn *pgconn.PgConn }

// Exec runs statements in one transaction.
func (f *Filler) Exec(ctx context.Context, statements string) error {
	return f.conn.Exec(ctx, statements).Close()
}

// Ask returns the rows that answer a query, as texts; NULL is "".
func (f *Filler) Ask(ctx context.Context, query string) ([][]string, error) {
	results, err := f.conn.Exec(ctx, query).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	var all [][]string
	for _, row := range results[0].Rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = string(v)
		}
		all = append(all, texts)
	}
	return all, nil
}

// Copy fills a table with rows in the text format of COPY.
func (f *Filler) Copy(ctx context.Context, into string, rows io.Reader) error {
	_, err := f.conn.CopyFrom(ctx, rows, "COPY "+into+" FROM STDIN")
	return err
}
