package workload

import (
	"encoding/hex"
	"strconv"
	"strings"

	"nodecompare/servers/postgres"
)

// remote is PostgreSQL, as far as the routes see it.
type remote struct{}

// statements are prepared on each connection. Their names are those of the talks below.
var statements = []postgres.Statement{
	{Name: "product", SQL: "SELECT id, sku, name, category, price_cents, stock FROM products WHERE id = $1"},
	{Name: "user", SQL: "SELECT salt, hash FROM users WHERE name = $1"},
}

// lookup asks for one row. row takes it in, and reports whether it can be read.
type lookup struct {
	query [1]postgres.Query
	args  [1][]byte
	asked bool
	row   func(values [][]byte) error
	found bool
	err   error // of row
}

func (l *lookup) Row(_ int, values [][]byte) {
	l.found = true
	l.err = l.row(values)
}

func (l *lookup) Next(error) []postgres.Query {
	if l.asked {
		return nil
	}
	l.asked = true
	return l.query[:]
}

// one looks up a row by a key.
func one(x *Exchange, statement string, key []byte, row func([][]byte) error,
	then func(x *Exchange, found bool, err error)) {
	l := &lookup{row: row}
	l.args[0] = key
	l.query[0] = postgres.Query{Statement: statement, Args: l.args[:]}
	x.IO.Query(x, l, func(x *Exchange, err error) {
		if err == nil {
			err = l.err
		}
		then(x, l.found && err == nil, err)
	})
}

func (remote) product(x *Exchange, id int64, then func(*Exchange, product, bool, error)) {
	var p product
	one(x, "product", strconv.AppendInt(nil, id, 10), func(v [][]byte) error {
		p.SKU, p.Name, p.Category = string(v[1]), string(v[2]), string(v[3])
		return numbers([]*int64{&p.ID, &p.PriceCents, &p.Stock}, v[0], v[4], v[5])
	}, func(x *Exchange, found bool, err error) { then(x, p, found, err) })
}

// numbers reads texts of numbers.
func numbers(to []*int64, texts ...[]byte) (err error) {
	for i := 0; i < len(to) && err == nil; i++ {
		*to[i], err = strconv.ParseInt(string(texts[i]), 10, 64)
	}
	return err
}

func (remote) user(x *Exchange, name string, then func(*Exchange, user, bool, error)) {
	if strings.ContainsRune(name, 0) { // which no text of the database holds
		then(x, user{}, false, nil)
		return
	}
	var u user
	one(x, "user", []byte(name), func(v [][]byte) (err error) {
		if u.salt, err = bytea(v[0]); err == nil {
			u.hash, err = bytea(v[1])
		}
		return err
	}, func(x *Exchange, found bool, err error) { then(x, u, found, err) })
}

// bytea reads bytes in the database's text form: \x and hexadecimal digits.
func bytea(text []byte) ([]byte, error) {
	if len(text) < 2 {
		return nil, hex.ErrLength
	}
	b := make([]byte, hex.DecodedLen(len(text)-2))
	_, err := hex.Decode(b, text[2:])
	return b, err
}

func (remote) close() error { return nil }

// orderStatements are those of orders. Every transaction locks its products in the order of their
// numbers, so that no two wait for each other.
var orderStatements = []postgres.Statement{
	{Name: "begin", SQL: "BEGIN"},
	{Name: "commit", SQL: "COMMIT"},
	{Name: "rollback", SQL: "ROLLBACK"},
	{Name: "key", SQL: "SELECT id, total_cents FROM orders WHERE key = $1"},
	{Name: "lock", SQL: `SELECT product, price_cents, stock FROM inventory WHERE product = ANY($1::bigint[])
		ORDER BY product FOR UPDATE`},
	{Name: "insert", SQL: `WITH o AS (
			INSERT INTO orders (customer, key, total_cents, tries) VALUES ($1, $2, $3, $4) RETURNING id
		), l AS (
			INSERT INTO order_lines (order_id, product, quantity, price_cents)
				SELECT o.id, i.* FROM o, unnest($5::bigint[], $6::bigint[], $7::bigint[]) i
		) SELECT id FROM o`},
	{Name: "take", SQL: `UPDATE inventory SET stock = stock - i.quantity
		FROM unnest($1::bigint[], $2::bigint[]) i (product, quantity) WHERE inventory.product = i.product`},
	{Name: "order", SQL: "SELECT customer, total_cents FROM orders WHERE id = $1"},
	{Name: "lines", SQL: "SELECT product, quantity, price_cents FROM order_lines WHERE order_id = $1 ORDER BY product"},
}
