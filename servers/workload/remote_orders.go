package workload

import (
	"errors"
	"slices"
	"strconv"

	"nodecompare/servers/postgres"
)

// mostTries bounds how often an order is begun.
const mostTries = 10

// placing is the talk that writes an order down, in one transaction: the products are locked, and
// then either all is written or nothing.
type placing struct {
	order Order
	p     placed
	err   error

	tries int64
	phase placingPhase
	batch []postgres.Query // that is being answered
	stock map[int64]inventory
}

type placingPhase int

const (
	locking placingPhase = iota
	writing              // and committing
	leaving              // with nothing written
)

func (t *placing) Row(query int, v [][]byte) {
	var err error
	switch t.batch[query].Statement {
	case "key":
		t.p.repeated = true
		err = numbers([]*int64{&t.p.id, &t.p.total}, v...)
	case "lock":
		var product int64
		var has inventory
		err = numbers([]*int64{&product, &has.price, &has.stock}, v...)
		t.stock[product] = has
	case "insert":
		err = numbers([]*int64{&t.p.id}, v...)
	}
	t.err = errors.Join(t.err, err)
}

func (t *placing) Next(complaint error) []postgres.Query {
	switch {
	case t.tries == 0:
		return t.begin(nil)
	case t.phase == leaving:
		return nil
	case undone(complaint) && t.tries < mostTries:
		return t.begin([]postgres.Query{{Statement: "rollback"}})
	case complaint != nil:
		t.err = complaint
	case t.phase == writing:
		return nil
	case t.err == nil && !t.p.repeated:
		if t.p = t.order.totals(t.stock); t.p.unknown == 0 && len(t.p.short) == 0 {
			return t.write()
		}
	}
	t.phase = leaving
	t.batch = []postgres.Query{{Statement: "rollback"}}
	return t.batch
}

// undone reports whether the database undid a transaction that may be begun anew: a deadlock, a
// conflict, or an order of the same key that another connection wrote meanwhile.
func undone(complaint error) bool {
	c, ok := errors.AsType[*postgres.Complaint](complaint)
	return ok && slices.Contains([]string{"40001", "40P01", "23505"}, c.Code)
}

// begin begins a transaction, after what ends an earlier one.
func (t *placing) begin(after []postgres.Query) []postgres.Query {
	t.tries++
	t.phase, t.p, t.err = locking, placed{}, nil
	t.stock = make(map[int64]inventory, len(t.order.Items))
	t.batch = append(after, postgres.Query{Statement: "begin"},
		postgres.Query{Statement: "lock", Args: [][]byte{t.array(Item.product)}})
	if t.order.key != "" {
		// behind the locks: the order of this key may be on its way, and has then been written
		t.batch = append(t.batch, postgres.Query{Statement: "key", Args: [][]byte{[]byte(t.order.key)}})
	}
	return t.batch
}

// write writes the order down and commits.
func (t *placing) write() []postgres.Query {
	t.phase = writing
	products, quantities := t.array(Item.product), t.array(Item.quantity)
	var key []byte
	if t.order.key != "" {
		key = []byte(t.order.key)
	}
	t.batch = append(t.batch[:0],
		postgres.Query{Statement: "insert", Args: [][]byte{number(t.order.Customer), key, number(t.p.total),
			number(t.tries), products, quantities, t.array(Item.price)}},
		postgres.Query{Statement: "take", Args: [][]byte{products, quantities}},
		postgres.Query{Statement: "commit"})
	return t.batch
}

func (i Item) product() int64  { return i.Product }
func (i Item) quantity() int64 { return i.Quantity }
func (i Item) price() int64    { return i.PriceCents }

// array is a number of each item, as the database's text of an array.
func (t *placing) array(of func(Item) int64) []byte {
	b := []byte{'{'}
	for n, i := range t.order.Items {
		if n > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, of(i), 10)
	}
	return append(b, '}')
}

func number(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

func (remote) place(x *Exchange, o Order, then func(*Exchange, placed, error)) {
	t := &placing{order: o}
	x.IO.Query(x, t, func(x *Exchange, err error) {
		if err == nil {
			err = t.err
		}
		then(x, t.p, err)
	})
}

// showing is the talk that looks an order up.
type showing struct {
	order Order
	batch []postgres.Query // nil before the talk
	found bool
	err   error
}

func (t *showing) Row(query int, v [][]byte) {
	if t.batch[query].Statement == "order" {
		t.found = true
		t.err = errors.Join(t.err, numbers([]*int64{&t.order.Customer, &t.order.Total}, v...))
		return
	}
	var i Item
	t.err = errors.Join(t.err, numbers([]*int64{&i.Product, &i.Quantity, &i.PriceCents}, v...))
	t.order.Items = append(t.order.Items, i)
}

func (t *showing) Next(error) []postgres.Query {
	if t.batch != nil {
		return nil
	}
	id := [][]byte{number(t.order.ID)}
	t.batch = []postgres.Query{{Statement: "order", Args: id}, {Statement: "lines", Args: id}}
	return t.batch
}

func (remote) order(x *Exchange, id int64, then func(*Exchange, Order, bool, error)) {
	t := &showing{order: Order{ID: id}}
	x.IO.Query(x, t, func(x *Exchange, err error) {
		if err == nil {
			err = t.err
		}
		then(x, t.order, t.found && err == nil, err)
	})
}
