package workload_test

import (
	"database/sql"
	"strings"
	"testing"

	"nodecompare/servers/workload"
)

// An audit finds what a server has done wrong, and names it.
func TestAudit(t *testing.T) {
	for name, test := range map[string]struct {
		damage, breach string
		orders         uint64
	}{
		"nothing": {"", "", 2},
		"a lost order": {"DELETE FROM orders WHERE id = 2",
			"a line names order 2, which there is not: product 4", 1},
		"a lost line": {"DELETE FROM order_lines WHERE order_id = 2 AND product = 4",
			"order 2 has a total that is not that of its lines: 5744", 2},
		"taken twice": {"UPDATE inventory SET stock = stock - 1 WHERE product = 7",
			"of product 7, what was sold and what is left do not add up to what there was: 1 more is gone", 2},
		"not taken": {"UPDATE inventory SET stock = stock + 2 WHERE product = 7",
			"add up to what there was: -2 more is gone", 2},
		"sold too much": {"UPDATE inventory SET stock = -1, initial = -1 WHERE product = 10000",
			"product 10000 has less than nothing in stock: -1", 2},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := workload.NewLedger(seeded, "")
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Remove(); err != nil {
					t.Error(err)
				}
			}()
			c := dial(t, open(t, workload.Options{Database: l.Database()}))
			for range 2 {
				const two = `{"customer":1,"items":[{"product":7,"quantity":1},{"product":4,"quantity":1}]}`
				if a := c.post("/orders", json, two); a.Status != 201 {
					t.Fatalf("%+v", a)
				}
			}
			db, err := sql.Open("sqlite", l.File)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(test.damage); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			b, err := l.Audit()
			if err != nil || b.Orders != test.orders || (test.breach == "") != (b.Breaches == nil) ||
				!strings.Contains(strings.Join(b.Breaches, "; "), test.breach) {
				t.Errorf("%+v, %v: want %d orders, and %q", b, err, test.orders, test.breach)
			}
		})
	}
}
