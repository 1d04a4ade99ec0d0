package workload

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"nodecompare/servers/cache"
	"nodecompare/servers/postgres"
)

// A database answers what the routes ask of it. Each method leads to one call of then, by way of
// x's IO.
type database interface {
	product(x *Exchange, id int64, then func(x *Exchange, p product, found bool, err error))
	user(x *Exchange, name string, then func(x *Exchange, u user, found bool, err error))
	place(x *Exchange, o Order, then func(x *Exchange, p placed, err error))
	order(x *Exchange, id int64, then func(x *Exchange, o Order, found bool, err error))
	close() error
}

// failed ends the exchange with a database's error.
func (x *Exchange) failed(err error, doing string, args ...any) {
	status := http.StatusInternalServerError
	if errors.Is(err, postgres.ErrLost) {
		status = http.StatusServiceUnavailable
	}
	x.fail(status, "%s: %v", fmt.Sprintf(doing, args...), err)
}

// embedded is SQLite, as far as the routes see it: its calls block. Products and users are read
// from the file of all servers, orders are kept in one of this server's own.
type embedded struct {
	*store
	products, file string

	mu    sync.Mutex
	books *ledger // opened by the first order; nil before that
}

// openEmbedded opens the databases of a data folder; named is as in [Options].
func openEmbedded(dir, named string) (*embedded, error) {
	file, err := ledgerFile(named)
	if err != nil {
		return nil, err
	}
	products := filepath.Join(dir, databaseName)
	s, err := openStore(products)
	if err != nil {
		return nil, err
	}
	return &embedded{store: s, products: products, file: file}, nil
}

// ledger opens the orders' database, for the first who wants it. A later request tries again what
// failed.
func (e *embedded) ledger() (*ledger, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.books != nil {
		return e.books, nil
	}
	l, err := openLedger(e.products, e.file)
	if err == nil {
		e.books = l
	}
	return l, err
}

func (e *embedded) product(x *Exchange, id int64, then func(*Exchange, product, bool, error)) {
	var (
		p     product
		found bool
		err   error
	)
	x.IO.Offload(x, func() { p, found, err = e.store.product(id) }, func(x *Exchange) { then(x, p, found, err) })
}

func (e *embedded) user(x *Exchange, name string, then func(*Exchange, user, bool, error)) {
	var (
		u     user
		found bool
		err   error
	)
	x.IO.Offload(x, func() { u, found, err = e.store.user(name) }, func(x *Exchange) { then(x, u, found, err) })
}

func (e *embedded) place(x *Exchange, o Order, then func(*Exchange, placed, error)) {
	var (
		p   placed
		err error
	)
	x.IO.Offload(x, func() {
		var l *ledger
		if l, err = e.ledger(); err == nil {
			p, err = l.place(o)
		}
	}, func(x *Exchange) { then(x, p, err) })
}

func (e *embedded) order(x *Exchange, id int64, then func(*Exchange, Order, bool, error)) {
	var (
		o     Order
		found bool
		err   error
	)
	x.IO.Offload(x, func() {
		var l *ledger
		if l, err = e.ledger(); err == nil {
			o, found, err = l.order(id)
		}
	}, func(x *Exchange) { then(x, o, found, err) })
}

func (e *embedded) close() error {
	err := e.store.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.books != nil {
		err = errors.Join(err, e.books.close())
	}
	return err
}

// ledger is the orders' SQLite database. One connection writes: SQLite has one writer at a time,
// and who waits for a connection is not told SQLITE_BUSY.
type ledger struct {
	db      *sql.DB
	private *privateFolder // that the file lies in; nil where it is kept

	byKey, stock, take, insert, line, find, lines *sql.Stmt
}

// ledgerPragmas are those of every connection to it. synchronous(OFF) leaves it to the system when
// to write to the disk, in all modes alike: sql.js of Node.js could do no better, and a disk's time
// would hide the models'. A database that survives a power failure is PostgreSQL's part here.
const ledgerPragmas = "_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=busy_timeout(10000)&_txlock=immediate"

// openLedger opens the orders' database in file, which is made when it is missing; "" is a private
// one.
func openLedger(products, file string) (l *ledger, err error) {
	l = &ledger{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("opening the orders' database: %w", err), l.close())
		}
	}()
	if file == "" {
		if l.private, err = cache.NewPrivate(); err != nil {
			return l, err
		}
		file = filepath.Join(l.private.Dir, "orders.db")
	}
	if l.db, err = createLedger(file, products); err != nil {
		return l, err
	}
	for _, s := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&l.byKey, "SELECT id, total_cents FROM orders WHERE key = ?"},
		{&l.stock, "SELECT price_cents, stock FROM inventory WHERE product = ?"},
		{&l.take, "UPDATE inventory SET stock = stock - ? WHERE product = ?"},
		{&l.insert, "INSERT INTO orders (customer, key, total_cents) VALUES (?, ?, ?)"},
		{&l.line, "INSERT INTO order_lines (order_id, product, quantity, price_cents) VALUES (?, ?, ?, ?)"},
		{&l.find, "SELECT customer, total_cents FROM orders WHERE id = ?"},
		{&l.lines, "SELECT product, quantity, price_cents FROM order_lines WHERE order_id = ? ORDER BY product"},
	} {
		if *s.to, err = l.db.Prepare(s.query); err != nil {
			return l, err
		}
	}
	return l, nil
}

// ledgerTables makes the tables, where they are not there yet. initial is what was in stock at
// first, so that an audit can tell.
const ledgerTables = `
	CREATE TABLE IF NOT EXISTS inventory (
		product     INTEGER PRIMARY KEY,
		price_cents INTEGER NOT NULL,
		stock       INTEGER NOT NULL,
		initial     INTEGER NOT NULL
	) STRICT;
	CREATE TABLE IF NOT EXISTS orders (
		id          INTEGER PRIMARY KEY AUTOINCREMENT,
		customer    INTEGER NOT NULL,
		key         TEXT UNIQUE,
		total_cents INTEGER NOT NULL
	) STRICT;
	CREATE TABLE IF NOT EXISTS order_lines (
		order_id    INTEGER NOT NULL,
		product     INTEGER NOT NULL,
		quantity    INTEGER NOT NULL,
		price_cents INTEGER NOT NULL,
		PRIMARY KEY (order_id, product)
	) STRICT, WITHOUT ROWID;`

// createLedger opens the database in a file, with its tables, which are made and filled from the
// products where they are missing.
func createLedger(file, products string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", databaseURI(file, ledgerPragmas))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	err = fillLedger(db, products)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), db.Close())
	}
	return db, nil
}

func fillLedger(db *sql.DB, products string) (err error) {
	ctx := context.Background()
	c, err := db.Conn(ctx) // ATTACH is of one connection
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	fill := fmt.Sprintf(`BEGIN IMMEDIATE; %s
		INSERT OR IGNORE INTO inventory (product, price_cents, stock, initial)
			SELECT id, price_cents, s, s FROM (
				SELECT id, price_cents, CASE WHEN id >= %d THEN %d ELSE %d END AS s FROM shop.products
			) WHERE NOT EXISTS (SELECT 1 FROM inventory);
		COMMIT;`, ledgerTables, scarceFrom, scarce, plenty)
	if _, err := c.ExecContext(ctx, "ATTACH ? AS shop", databaseURI(products, "mode=ro&immutable=1")); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, fill); err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, "DETACH shop")
	return err
}

func (l *ledger) close() (err error) {
	if l.db != nil {
		err = l.db.Close()
	}
	if l.private != nil {
		err = errors.Join(err, l.private.Remove())
	}
	return err
}

// place writes an order down in one transaction, or nothing.
func (l *ledger) place(o Order) (p placed, err error) {
	tx, err := l.db.Begin()
	if err != nil {
		return p, err
	}
	p, err = l.placeIn(tx, o)
	if err != nil || p.id == 0 || p.repeated {
		return p, errors.Join(err, tx.Rollback())
	}
	return p, tx.Commit()
}

func (l *ledger) placeIn(tx *sql.Tx, o Order) (p placed, err error) {
	if o.key != "" {
		err := tx.Stmt(l.byKey).QueryRow(o.key).Scan(&p.id, &p.total)
		if !errors.Is(err, sql.ErrNoRows) {
			p.repeated = true
			return p, err
		}
	}
	stock := map[int64]inventory{}
	for _, i := range o.Items {
		var has inventory
		switch err := tx.Stmt(l.stock).QueryRow(i.Product).Scan(&has.price, &has.stock); {
		case err == nil:
			stock[i.Product] = has
		case !errors.Is(err, sql.ErrNoRows):
			return p, err
		}
	}
	if p = o.totals(stock); p.unknown != 0 || len(p.short) > 0 {
		return p, nil
	}
	key := sql.NullString{String: o.key, Valid: o.key != ""}
	r, err := tx.Stmt(l.insert).Exec(o.Customer, key, p.total)
	if err == nil {
		p.id, err = r.LastInsertId()
	}
	for _, i := range o.Items {
		if err != nil {
			return p, err
		}
		if _, err = tx.Stmt(l.take).Exec(i.Quantity, i.Product); err == nil {
			_, err = tx.Stmt(l.line).Exec(p.id, i.Product, i.Quantity, i.PriceCents)
		}
	}
	return p, err
}

// order looks an order up with its items.
func (l *ledger) order(id int64) (o Order, found bool, err error) {
	o.ID = id
	err = l.find.QueryRow(id).Scan(&o.Customer, &o.Total)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	if err != nil {
		return o, false, err
	}
	rows, err := l.lines.Query(id)
	if err != nil {
		return o, false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var i Item
		if err := rows.Scan(&i.Product, &i.Quantity, &i.PriceCents); err != nil {
			return o, false, err
		}
		o.Items = append(o.Items, i)
	}
	return o, true, rows.Err()
}

// The values of [Options].Database.
const (
	SQLite     = "sqlite"  // orders in a private file that is removed at the end
	sqliteFile = "sqlite:" // and a name: orders in that file, which is kept
)

// ledgerFile is the file that orders are kept in, "" for a private one.
func ledgerFile(database string) (string, error) {
	if file, ok := strings.CutPrefix(database, sqliteFile); ok && file != "" {
		return file, nil
	}
	if database == "" || database == SQLite {
		return "", nil
	}
	return "", fmt.Errorf("the database %q: give sqlite, sqlite:FILE, postgres, or a URL postgres://user@host/name",
		database)
}
