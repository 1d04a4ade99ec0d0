package servers_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"nodecompare/servers"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
	"nodecompare/thorough"
)

// cluster is the PostgreSQL that tests share: to make one takes seconds. TestMain stops it.
var cluster = sync.OnceValues(func() (*postgres.Cluster, error) {
	return postgres.StartCluster(context.Background(), 4*postgres.DefaultConnections)
})

var clusterUsed bool

// database returns the URL of a private PostgreSQL. The test is long.
func database(t *testing.T) string {
	t.Helper()
	thorough.Only(t)
	clusterUsed = true
	c, err := cluster()
	if err != nil {
		t.Fatal(err)
	}
	return c.URL
}

func stopCluster() error {
	if !clusterUsed {
		return nil
	}
	c, err := cluster()
	if err != nil {
		return nil // the test has said so
	}
	return c.Stop()
}

// asking are the conversations with the database, in a shop where nothing has been sold yet.
func asking(t *testing.T) []conversation {
	all := ordering()
	for _, c := range conversations(t) {
		if strings.Contains(c.name, "/db") || strings.Contains(c.name, "/login") {
			all = append(all, c)
		}
	}
	return all
}

// Every mode answers what it answers with SQLite.
func TestPostgresConformance(t *testing.T) {
	database(t)
	eachModeAlone(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		v := serve(t, mode, servers.Config{Database: l.Database()})
		for _, c := range asking(t) {
			want := strings.Join(c.want, "")
			if got := converse(v.dial(t), whole, c.send); got != want {
				t.Errorf("%s:\n%s", c.name, difference(got, want))
			}
		}
		v.stop()
		audited(t, l, 5)
	})
	eachNodeMode(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		p := startNodeOn(t, mode, "", l, 1)
		for _, c := range asking(t) {
			want := parse(t, c.send, strings.Join(c.want, ""), nil)
			got := parse(t, c.send, converse(connect(t, p), whole, c.send), ownFields[mode])
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%.2000s", c.name, d)
			}
		}
		stopNode(t, p)
		audited(t, l, 5)
	})
}

func TestPostgresOrdersAtOnce(t *testing.T) {
	database(t)
	eachModeAlone(t, func(t *testing.T, mode string) { orderAtOnce(t, mode, newLedger(t, database(t))) })
}

// eachOnPostgres runs f as a subtest for each of the six modes, with a server on a database of its
// own, in which there are as many orders in the end as f says.
func eachOnPostgres(t *testing.T,
	f func(t *testing.T, dial func(testing.TB) *client, l *workload.Ledger) (orders uint64)) {
	t.Helper()
	database(t)
	eachModeAlone(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		v := serve(t, mode, servers.Config{Database: l.Database(), PoolSize: 40})
		orders := f(t, v.dial, l)
		v.stop()
		audited(t, l, orders)
	})
	eachNodeMode(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		p := startNodeOn(t, mode, "", l, 1)
		orders := f(t, func(testing.TB) *client { return connect(t, p) }, l)
		stopNode(t, p)
		audited(t, l, orders)
	})
}

// A connection that ends in the middle of a query is replaced. The query is answered 503, and is
// not sent again: an order is not written down that nobody was told of.
func TestPostgresConnectionLost(t *testing.T) {
	for _, ask := range []asked{
		{"products", get("/db?id=7", closes), "HTTP/1.1 200 ", 0},
		{"inventory", request("POST", "/orders", `{"customer":7,"items":[{"product":3,"quantity":2}]}`,
			"Content-Type: application/json", closes), "HTTP/1.1 201 ", waitInLine + 1},
	} {
		eachOnPostgres(t, func(t *testing.T, dial func(testing.TB) *client, l *workload.Ledger) uint64 {
			ask.loseConnections(t, l, dial)
			return ask.orders
		})
	}
}

// asked is a request that waits while its table is locked, the begin of its answer, and the orders
// that there are in the end.
type asked struct {
	table, send, answer string
	orders              uint64
}

// waitInLine are the requests for which there is no connection at first, and which are answered all
// the same.
const waitInLine = 8

func (a asked) loseConnections(t *testing.T, l *workload.Ledger, dial func(testing.TB) *client) {
	sql, locker := sqlOn(t, l), sqlOn(t, l)
	locker("BEGIN; LOCK TABLE " + a.table)
	var clients []*client
	for range postgres.DefaultConnections + waitInLine {
		c := dial(t)
		c.send(a.send)
		clients = append(clients, c)
	}
	const ours = " FROM pg_stat_activity WHERE application_name = 'nodecompare server'"
	eventually(t, "all connections wait for the table", func() bool {
		return sql("SELECT count(*)"+ours+" AND wait_event_type = 'Lock'") == itoa(postgres.DefaultConnections)
	})
	sql("SELECT pg_terminate_backend(pid)" + ours)
	locker("COMMIT")
	lost := 0
	for _, c := range clients {
		switch got := c.rest(); {
		case strings.HasPrefix(got, a.answer):
		case strings.HasPrefix(got, "HTTP/1.1 503 ") && strings.Contains(got, postgres.ErrLost.Error()):
			lost++
		default:
			t.Errorf("answered %q", got)
		}
	}
	if lost != postgres.DefaultConnections {
		t.Errorf("%d of %d were answered 503, want %d", lost, len(clients), postgres.DefaultConnections)
	}
	c := dial(t)
	c.send(a.send)
	if got := c.rest(); !strings.HasPrefix(got, a.answer) {
		t.Errorf("afterwards it answers %q", got)
	}
}

// A key that comes again while its first order is on its way is told of that order, also where
// there is too little left for a second.
func TestPostgresKeyAgainMeanwhile(t *testing.T) {
	eachOnPostgres(t, func(t *testing.T, dial func(testing.TB) *client, l *workload.Ledger) uint64 {
		sql, first := sqlOn(t, l), sqlOn(t, l)
		first("BEGIN; SELECT FROM inventory WHERE product = 10000 FOR UPDATE; " +
			"INSERT INTO orders (customer, key, total_cents, tries) VALUES (7, 'k', 500, 1); " +
			"INSERT INTO order_lines (order_id, product, quantity, price_cents) " +
			"SELECT id, 10000, 2, 250 FROM orders; " +
			"UPDATE inventory SET stock = stock - 2 WHERE product = 10000")
		c := dial(t)
		c.send(request("POST", "/orders", `{"customer":7,"items":[{"product":10000,"quantity":2}]}`,
			"Content-Type: application/json", "Idempotency-Key: k", closes))
		eventually(t, "the second waits for the first", func() bool {
			return sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'nodecompare server' "+
				"AND wait_event_type = 'Lock'") == "1"
		})
		first("COMMIT")
		got := c.rest()
		if !strings.HasPrefix(got, "HTTP/1.1 200 ") || !strings.Contains(got, `"total":500`) {
			t.Errorf("answered %q", got)
		}
		return 1
	})
}

// Connections that the database ends while they are idle are in nobody's way later.
func TestPostgresIdleConnectionsEnd(t *testing.T) {
	eachOnPostgres(t, func(t *testing.T, dial func(testing.TB) *client, l *workload.Ledger) uint64 {
		const ours = " FROM pg_stat_activity WHERE application_name = 'nodecompare server'"
		sql := sqlOn(t, l)
		before := sql("SELECT max(backend_start)" + ours)
		sql("SELECT pg_terminate_backend(pid)" + ours)
		eventually(t, "all have ended", func() bool {
			return sql("SELECT count(*)"+ours+" AND backend_start <= '"+before+"'") == "0"
		})
		<-time.After(1100 * time.Millisecond) // idle, and not just used
		var clients []*client
		for range postgres.DefaultConnections {
			c := dial(t)
			c.send(get("/db?id=7", closes))
			clients = append(clients, c)
		}
		for _, c := range clients {
			if got := c.rest(); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
				t.Errorf("answered %q", got)
			}
		}
		return 0
	})
}

// A schema is in use for as long as a server is connected, whatever became of the connection that
// made it; and the books can still be read.
func TestPostgresSchemaOfALivingServer(t *testing.T) {
	eachOnPostgres(t, func(t *testing.T, dial func(testing.TB) *client, l *workload.Ledger) uint64 {
		sql := sqlOn(t, l)
		const made = " FROM pg_stat_activity WHERE application_name = 'nodecompare tables'"
		sql("SELECT pg_terminate_backend(pid)" + made)
		eventually(t, "it has ended", func() bool { return sql("SELECT count(*)"+made) == "0" })
		newLedger(t, database(t))
		c := dial(t)
		c.send(get("/db?id=7", closes))
		if got := c.rest(); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("answered %q", got)
		}
		audited(t, l, 0)
		return 0
	})
}

// A schema that was left behind, and of which somebody reads a table, holds nobody up, and is
// dropped later.
func TestPostgresSchemaInUseBySomebody(t *testing.T) {
	database(t)
	sql, reader := sqlOn(t, newLedger(t, database(t))), sqlOn(t, newLedger(t, database(t)))
	const left = "nodecompare_0123456789abcdef"
	sql("CREATE SCHEMA " + left + "; CREATE TABLE " + left + ".t (n int); COMMENT ON SCHEMA " + left +
		" IS 'made by nodecompare, which drops it'")
	there := func() string { return sql("SELECT count(*) FROM pg_namespace WHERE nspname = '" + left + "'") }
	reader("BEGIN; SELECT * FROM " + left + ".t")
	newLedger(t, database(t))
	if there() != "1" {
		t.Error("it was dropped")
	}
	reader("COMMIT")
	newLedger(t, database(t))
	if there() != "0" {
		t.Error("it was not dropped")
	}
}

// Queries that the loop asks together fail apart: one that the database cancels is answered 500,
// and those behind it, which it did not look at, as if nothing had been.
func TestPostgresReadingsTogether(t *testing.T) {
	l := newLedger(t, database(t))
	v := serve(t, "async", servers.Config{Database: l.Database()})
	sql, locker := sqlOn(t, l), sqlOn(t, l)
	locker("BEGIN; LOCK TABLE products")
	const asked = postgres.DefaultConnections + 40
	answers := make(chan string, asked)
	for range asked {
		c := v.dial(t)
		c.send(get("/db?id=7", closes))
		go func() { answers <- c.rest() }()
	}
	counts := map[string]int{}
	count := func(n int) {
		for range n {
			status, _, _ := strings.Cut(strings.TrimPrefix(<-answers, "HTTP/1.1 "), " ")
			counts[status]++
		}
	}
	const waiting = " FROM pg_stat_activity WHERE application_name = 'nodecompare server' AND wait_event_type = 'Lock'"
	for range 2 { // first of single queries, then of several
		eventually(t, "all connections wait for the table", func() bool {
			return sql("SELECT count(*)"+waiting) == itoa(postgres.DefaultConnections)
		})
		sql("SELECT pg_cancel_backend(pid)" + waiting)
		count(postgres.DefaultConnections)
	}
	locker("COMMIT")
	count(asked - 2*postgres.DefaultConnections)
	want := map[string]int{"500": 2 * postgres.DefaultConnections, "200": asked - 2*postgres.DefaultConnections}
	if d := cmp.Diff(want, counts); d != "" {
		t.Errorf("answers (-want +got):\n%s", d)
	}
}

// sqlOn is a test's own connection to the tables of a ledger.
func sqlOn(t *testing.T, l *workload.Ledger) func(query string) string {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), l.Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func(query string) (first string) {
		t.Helper()
		all, err := c.Exec(t.Context(), query).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if rows := all[len(all)-1].Rows; len(rows) > 0 {
			first = string(rows[0][0])
		}
		return first
	}
}
