package workload

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"nodecompare/servers/cache"
	"nodecompare/servers/postgres"
)

// privateFolder is one of this process's own, removed at the end; what a killed process left is
// removed when the next one is made.
type privateFolder = cache.Build

// Ledger is a database for orders that this process keeps for servers that it starts. In PostgreSQL
// it has the products and users too.
type Ledger struct {
	File   string         // of SQLite; "" in PostgreSQL
	folder *privateFolder // that it lies in; nil where it is kept

	schema      *postgres.Schema // in PostgreSQL
	Connections int              // of a server to that; 0 is the usual number
	deadlocks   uint64           // that it had found before
}

// NewLedger makes one, with nothing sold yet; or opens the file that is named. dir and database are
// as in [Options], but a URL names no schema: the ledger makes one. Remove must follow.
func NewLedger(dir, database string) (*Ledger, error) {
	if postgres.Is(database) {
		c, err := postgres.Parse(database)
		if err != nil {
			return nil, err
		}
		if c.Ours() {
			return &Ledger{schema: postgres.Others(c)}, nil
		}
		l := &Ledger{}
		if l.schema, err = postgres.NewSchema(context.Background(), c, fillShop); err != nil {
			return nil, err
		}
		if l.deadlocks, err = deadlocks(context.Background(), l.schema); err != nil {
			return nil, errors.Join(err, l.Remove())
		}
		return l, nil
	}
	data, err := Data(dir)
	if err != nil {
		return nil, err
	}
	l := &Ledger{}
	if l.File, err = ledgerFile(database); err != nil {
		return nil, err
	}
	if l.File == "" {
		if l.folder, err = cache.NewPrivate(); err != nil {
			return nil, fmt.Errorf("a folder for orders: %w", err)
		}
		l.File = filepath.Join(l.folder.Dir, "orders.db")
	} else if l.File, err = filepath.Abs(l.File); err != nil {
		return nil, fmt.Errorf("the orders' database: %w", err)
	}
	db, err := createLedger(l.File, filepath.Join(data, databaseName))
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a database for orders: %w", err), l.Remove())
	}
	return l, nil
}

// Database is what a server is started with, to keep its orders there.
func (l *Ledger) Database() string {
	if l.schema != nil {
		return l.schema.Config.URL()
	}
	return sqliteFile + l.File
}

// Secret is Database with the password, if there is one.
func (l *Ledger) Secret() string {
	if l.schema != nil {
		return l.schema.Config.Secret()
	}
	return l.Database()
}

// Env is the environment that a server needs beside Database.
func (l *Ledger) Env() []string {
	if l.schema != nil {
		return l.schema.Config.Env()
	}
	return nil
}

// Remove removes what is private.
func (l *Ledger) Remove() error {
	if l.schema != nil {
		return l.schema.Drop()
	}
	if l.folder == nil {
		return nil
	}
	return l.folder.Remove()
}
