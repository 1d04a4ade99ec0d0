package servers_test

import (
	"context"
	"strings"
	"sync"
	"testing"

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

// A connection that ends in the middle of a query is replaced. The query is answered 503, and is
// not sent again: an order is not written down that nobody was told of.
func TestPostgresConnectionLost(t *testing.T) {
	database(t)
	for _, ask := range []asked{
		{"products", get("/db?id=7", closes), "HTTP/1.1 200 ", 0},
		{"inventory", request("POST", "/orders", `{"customer":7,"items":[{"product":3,"quantity":2}]}`,
			"Content-Type: application/json", closes), "HTTP/1.1 201 ", waitInLine + 1},
	} {
		eachModeAlone(t, func(t *testing.T, mode string) {
			l := newLedger(t, database(t))
			v := serve(t, mode, servers.Config{Database: l.Database(), PoolSize: 40})
			ask.loseConnections(t, l, v.dial)
			v.stop()
			audited(t, l, ask.orders)
		})
		eachNodeMode(t, func(t *testing.T, mode string) {
			l := newLedger(t, database(t))
			p := startNodeOn(t, mode, "", l, 1)
			ask.loseConnections(t, l, func(testing.TB) *client { return connect(t, p) })
			stopNode(t, p)
			audited(t, l, ask.orders)
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
