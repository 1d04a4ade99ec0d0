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

// lookup asks for one row. A connection of a client has one, which it uses again and again.
type lookup struct {
	query [1]postgres.Query
	args  [1][]byte
	key   []byte
	asked bool
	found bool
	err   error // of reading the row

	product     product
	text        []byte
	thenProduct func(*Exchange, product, bool, error)
	user        user
	thenUser    func(*Exchange, user, bool, error)
}

// lookup returns the exchange's own, empty, for a query by a key that the caller appends.
func (x *Exchange) lookup(statement string) *lookup {
	if x.look == nil {
		x.look = &lookup{}
	}
	*x.look = lookup{key: x.look.key[:0], text: x.look.text[:0]}
	x.look.query[0].Statement = statement
	return x.look
}

func (l *lookup) Row(_ int, v [][]byte) {
	l.found = true
	if l.thenUser != nil {
		if l.user.salt, l.err = bytea(v[0]); l.err == nil {
			l.user.hash, l.err = bytea(v[1])
		}
		return
	}
	p := &l.product
	l.text = append(append(append(l.text[:0], v[1]...), v[2]...), v[3]...)
	all := string(l.text) // one allocation for three texts
	name, category := len(v[1]), len(v[1])+len(v[2])
	p.SKU, p.Name, p.Category = all[:name], all[name:category], all[category:]
	if p.ID, l.err = strconv.ParseInt(string(v[0]), 10, 64); l.err == nil {
		if p.PriceCents, l.err = strconv.ParseInt(string(v[4]), 10, 64); l.err == nil {
			p.Stock, l.err = strconv.ParseInt(string(v[5]), 10, 64)
		}
	}
}

// Ask makes it a [postgres.Reading].
func (l *lookup) Ask() postgres.Query {
	l.args[0] = l.key
	l.query[0].Args = l.args[:]
	return l.query[0]
}

func (l *lookup) Next(error) []postgres.Query {
	if l.asked {
		return nil
	}
	l.asked = true
	l.Ask()
	return l.query[:]
}

func (remote) product(x *Exchange, id int64, then func(*Exchange, product, bool, error)) {
	l := x.lookup("product")
	l.key, l.thenProduct = strconv.AppendInt(l.key, id, 10), then
	x.IO.Query(x, l, lookedUp)
}

// lookedUp goes on with what was found.
func lookedUp(x *Exchange, err error) {
	l := x.look
	if err == nil {
		err = l.err
	}
	if l.thenUser != nil {
		l.thenUser(x, l.user, l.found && err == nil, err)
		return
	}
	l.thenProduct(x, l.product, l.found && err == nil, err)
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
	l := x.lookup("user")
	l.key, l.thenUser = append(l.key, name...), then
	x.IO.Query(x, l, lookedUp)
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
