package workload

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"nodecompare/servers/postgres"
)

// Books are what an audit found in the database of a shop.
type Books struct {
	Orders   uint64   // that were written down
	Breaches []string // of what must always hold, a few of each kind; nil where all holds

	// Of PostgreSQL: transactions that it undid and servers began anew, and deadlocks that it found
	// since the ledger was made, in the whole database.
	Retries, Deadlocks uint64
}

// auditQueries find what must not be, some of it, as text; each with what it means.
var auditQueries = []struct{ breach, query string }{
	{"product %s has less than nothing in stock: %s",
		"SELECT CAST(product AS TEXT), CAST(stock AS TEXT) FROM inventory WHERE stock < 0 ORDER BY product LIMIT 3"},
	{"of product %s, what was sold and what is left do not add up to what there was: %s",
		`SELECT CAST(i.product AS TEXT), CAST(i.initial - i.stock - coalesce(s.sold, 0) AS TEXT) || ' more is gone'
			FROM inventory i LEFT JOIN (SELECT product, sum(quantity) AS sold FROM order_lines GROUP BY product) s
			ON s.product = i.product WHERE i.initial <> i.stock + coalesce(s.sold, 0) ORDER BY i.product LIMIT 3`},
	{"order %s has a total that is not that of its lines: %s",
		`SELECT CAST(o.id AS TEXT), CAST(o.total_cents AS TEXT) FROM orders o LEFT JOIN
			(SELECT order_id, sum(quantity * price_cents) AS total FROM order_lines GROUP BY order_id) l
			ON l.order_id = o.id WHERE l.total IS NULL OR l.total <> o.total_cents ORDER BY o.id LIMIT 3`},
	{"a line names order %s, which there is not: product %s",
		`SELECT CAST(l.order_id AS TEXT), CAST(l.product AS TEXT) FROM order_lines l
			WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id) ORDER BY l.order_id LIMIT 3`},
}

const countOrders = "SELECT CAST(count(*) AS TEXT), '' FROM orders"

// Audit looks through the database, of which no server has a transaction open any more.
func (l *Ledger) Audit() (b Books, err error) {
	if l.schema != nil {
		return l.auditSchema()
	}
	db, err := sql.Open("sqlite", databaseURI(l.File, "_pragma=busy_timeout(10000)"))
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return audit(func(query string) (pairs [][2]string, err error) {
		rows, err := db.Query(query)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			var p [2]string
			if err := rows.Scan(&p[0], &p[1]); err != nil {
				return nil, err
			}
			pairs = append(pairs, p)
		}
		return pairs, rows.Err()
	})
}

// auditTime bounds an audit in PostgreSQL.
const auditTime = time.Minute

const countRetries = "SELECT CAST(coalesce(sum(tries - 1), 0) AS TEXT), '' FROM orders"

// deadlocks counts those that the database has found so far.
func deadlocks(ctx context.Context, s *postgres.Schema) (n uint64, err error) {
	rows, err := s.Ask(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	if err == nil && len(rows) == 1 {
		_, err = fmt.Sscan(rows[0][0], &n)
	}
	return n, err
}

func (l *Ledger) auditSchema() (b Books, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), auditTime)
	defer cancel()
	ask := func(query string) (pairs [][2]string, err error) {
		rows, err := l.schema.Ask(ctx, query)
		for _, r := range rows {
			pairs = append(pairs, [2]string{r[0], r[1]})
		}
		return pairs, err
	}
	if b, err = audit(ask); err != nil {
		return b, err
	}
	retries, err := ask(countRetries)
	if err == nil {
		_, err = fmt.Sscan(retries[0][0], &b.Retries)
	}
	if err != nil {
		return b, err
	}
	now, err := deadlocks(ctx, l.schema)
	b.Deadlocks = now - min(now, l.deadlocks) // they begin anew after a crash
	return b, err
}

// audit asks a database, by queries whose rows are two texts.
func audit(ask func(query string) ([][2]string, error)) (b Books, err error) {
	counted, err := ask(countOrders)
	if err == nil && len(counted) == 1 {
		_, err = fmt.Sscan(counted[0][0], &b.Orders)
	}
	if err != nil {
		return b, fmt.Errorf("counting the orders: %w", err)
	}
	for _, q := range auditQueries {
		found, err := ask(q.query)
		if err != nil {
			return b, fmt.Errorf("auditing the orders: %w", err)
		}
		for _, pair := range found {
			b.Breaches = append(b.Breaches, fmt.Sprintf(q.breach, pair[0], pair[1]))
		}
	}
	return b, nil
}
