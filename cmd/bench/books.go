package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/servers/workload"
)

// books are kept of a server that asks a database, or writes orders down: what its clients were
// told of these, to be held against what its database holds.
type books struct {
	ledger *workload.Ledger // nil for a user's server, whose database is its own
	orders bool

	mu   sync.Mutex // loads of an overload run side by side
	told results.Books
}

// openBooks makes a database for the slot's server; nil where it writes no orders, and asks no
// PostgreSQL.
func (d *database) openBooks(s slot) (b *books, err error) {
	b = &books{orders: s.workload.Orders}
	switch {
	case d != nil:
		b.ledger, err = d.ledger()
	case !b.orders:
		return nil, nil
	case s.mode.user == nil:
		b.ledger, err = workload.NewLedger("", "")
	}
	return b, err
}

// add takes in what a run of load was answered.
func (b *books) add(r *loadgen.Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told.Placed += r.Codes[http.StatusCreated]
	b.told.Conflicts += r.Codes[http.StatusConflict]
	b.told.Lost += r.Aborted + r.Errors - r.ErrorKinds[loadgen.Status] - r.ErrorKinds[loadgen.Body]
}

// audit holds the database of a server that has ended against what its clients were told.
func (b *books) audit() error {
	if b.ledger == nil || !b.orders {
		return nil
	}
	found, err := b.ledger.Audit()
	if err != nil {
		return err
	}
	t := &b.told
	t.Audited, t.Orders, t.Breaches = true, found.Orders, found.Breaches
	t.Retries, t.Deadlocks = found.Retries, found.Deadlocks
	if t.Orders < t.Placed || t.Orders > t.Placed+t.Lost {
		t.Breaches = append(t.Breaches, fmt.Sprintf("%d orders are in the database, and %d were confirmed to "+
			"clients; %d requests were left without an answer", t.Orders, t.Placed, t.Lost))
	}
	return nil
}

// close removes the database.
func (b *books) close() error {
	if b == nil || b.ledger == nil {
		return nil
	}
	return b.ledger.Remove()
}

// readBack audits a user's server, of whose database nothing is known: a few orders more are placed
// and read again at their own path, which is the order's number behind that of all orders. A server
// whose answers name no order is not audited.
func (b *books) readBack(ctx context.Context, server running, s slot) error {
	const some = 5
	for _, body := range s.workload.Bodies[:some] {
		t := s.target("")
		t.Body = []byte(body)
		first, err := ask(ctx, server, t)
		if err != nil {
			return err
		}
		var placed struct{ Order *int64 }
		if json.Unmarshal(first.body, &placed) != nil || placed.Order == nil {
			return nil
		}
		path, query, _ := strings.Cut(t.URL, "?")
		path += "/" + strconv.FormatInt(*placed.Order, 10)
		shown := loadgen.Target{Method: http.MethodGet, URL: path, Header: s.mode.header()}
		if query != "" {
			shown.URL += "?" + query
		}
		b.told.Audited = true
		b.told.Orders++
		second, err := ask(ctx, server, shown)
		breach := ""
		switch {
		case err != nil:
			breach = err.Error()
		case !sameOrder([]byte(body), second.body):
			breach = fmt.Sprintf("%s shows another one: %.200s", path, second.body)
		default:
			continue
		}
		b.told.Breaches = append(b.told.Breaches, fmt.Sprintf("order %d was confirmed, and %s", *placed.Order, breach))
	}
	return nil
}

// sameOrder says that an order that is shown is of the customer and the items that were asked for.
func sameOrder(asked, shown []byte) bool {
	var a, b workload.Order
	if json.Unmarshal(asked, &a) != nil || json.Unmarshal(shown, &b) != nil {
		return false
	}
	quantities := map[int64]int64{}
	for _, i := range a.Items {
		quantities[i.Product] += i.Quantity
	}
	for _, i := range b.Items {
		quantities[i.Product] -= i.Quantity
	}
	for _, left := range quantities {
		if left != 0 {
			return false
		}
	}
	return a.Customer == b.Customer
}

// enter puts the audit into the trial, whose runs are all VOID where it found a breach.
func (b *books) enter(t *results.Trial) {
	if !b.told.Audited {
		return
	}
	told := b.told
	t.Books = &told
	broken := results.Weigh(results.Evidence{Breaches: told.Breaches})
	if broken.Status == results.Valid {
		return
	}
	for _, runs := range [][]results.Rung{t.Rungs, t.Between} {
		for i, r := range runs {
			if r.Trust != nil {
				trust := r.Trust.And(broken)
				runs[i].Trust = &trust
			}
		}
	}
}
