package servers

import (
	"context"
	"errors"

	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// PrivateDatabase is the value of [Config].Database for a PostgreSQL of this program's own.
const PrivateDatabase = "postgres"

// usesPostgres reports whether the routes ask PostgreSQL.
func (c Config) usesPostgres() bool { return c.Database == PrivateDatabase || postgres.Is(c.Database) }

// openDatabase returns the database for [workload.Options], and a function to call at the end.
// PostgreSQL is a private one that is started, or the one at a URL, with tables in a schema that is
// made and dropped. A URL that names a schema is one of those, whose owner is somebody else.
func openDatabase(ctx context.Context, asked string, connections int) (l *workload.Ledger, stop func() error,
	err error) {
	if asked == PrivateDatabase {
		private, err := postgres.StartPrivate(ctx, connections)
		if err != nil {
			return nil, nil, err
		}
		l, stop, err := openLedger(private.URL)
		if err != nil {
			return nil, nil, errors.Join(err, private.Stop())
		}
		return l, func() error { return errors.Join(stop(), private.Stop()) }, nil
	}
	return openLedger(asked)
}

func openLedger(database string) (*workload.Ledger, func() error, error) {
	l, err := workload.NewLedger("", database)
	if err != nil {
		return nil, nil, err
	}
	return l, l.Remove, nil
}
