package workload

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite", in pure Go
)

// A product is a row of the products table, and /db's answer.
type product struct {
	ID         int64  `json:"id"`
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	Category   string `json:"category"`
	PriceCents int64  `json:"price_cents"`
	Stock      int64  `json:"stock"`
}

// A store reads the database. It is safe for concurrent use.
type store struct {
	db       *sql.DB
	products *sql.Stmt
	users    *sql.Stmt
}

// storeConnections bounds the connections to the database, as a server's pool does: of a thousand
// threads that ask, the others wait. As many connections may be idle, because database/sql would
// otherwise open and close them, and parse the schema each time.
const storeConnections = 32

// openStore opens a database built by seed, as immutable: nobody writes to the file, and a rebuild
// replaces it. So SQLite need neither lock it nor look for a journal at each query, which takes 4
// µs instead of 12.
func openStore(name string) (*store, error) {
	db, err := sql.Open("sqlite", databaseURI(name, "mode=ro&immutable=1"))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	db.SetMaxOpenConns(storeConnections)
	db.SetMaxIdleConns(storeConnections)
	s := &store{db: db}
	s.products, err = db.Prepare("SELECT id, sku, name, category, price_cents, stock FROM products WHERE id = ?")
	if err == nil {
		s.users, err = db.Prepare("SELECT salt, hash FROM users WHERE name = ?")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", name, err), db.Close())
	}
	return s, nil
}

// close closes all connections with their statements.
func (s *store) close() error { return s.db.Close() }

// product looks up a row. found is false, and err nil, if there is no such id.
func (s *store) product(id int64) (p product, found bool, err error) {
	err = s.products.QueryRow(id).Scan(&p.ID, &p.SKU, &p.Name, &p.Category, &p.PriceCents, &p.Stock)
	if errors.Is(err, sql.ErrNoRows) {
		return product{}, false, nil
	}
	return p, err == nil, err
}

// user looks up a row. found is false, and err nil, if there is no such name.
func (s *store) user(name string) (u user, found bool, err error) {
	err = s.users.QueryRow(name).Scan(&u.salt, &u.hash)
	if errors.Is(err, sql.ErrNoRows) {
		return user{}, false, nil
	}
	return u, err == nil, err
}

// databaseURI returns the file as an SQLite URI (https://sqlite.org/uri.html), with ?, # and % in
// its name escaped.
func databaseURI(name, query string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(name), RawQuery: query}).String()
}
