package servers_test

import (
	"context"
	"strings"
	"sync"
	"testing"

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

// Every mode answers what it answers with SQLite.
func TestPostgresConformance(t *testing.T) {
	database(t)
	eachMode(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		v := serve(t, mode, servers.Config{Database: l.Database()})
		all := ordering()
		for _, c := range conversations(t) {
			if strings.Contains(c.name, "/db") || strings.Contains(c.name, "/login") {
				all = append(all, c)
			}
		}
		for _, c := range all {
			want := strings.Join(c.want, "")
			if got := converse(v.dial(t), whole, c.send); got != want {
				t.Errorf("%s:\n%s", c.name, difference(got, want))
			}
		}
		v.stop()
		audited(t, l, 5)
	})
}

func TestPostgresOrdersAtOnce(t *testing.T) {
	database(t)
	eachMode(t, func(t *testing.T, mode string) { orderAtOnce(t, mode, newLedger(t, database(t))) })
}

// A connection that ends in the middle of a query is replaced. The query is answered 503, and is
// not sent again.
func TestPostgresConnectionLost(t *testing.T) {
	database(t)
	eachMode(t, func(t *testing.T, mode string) {
		l := newLedger(t, database(t))
		v := serve(t, mode, servers.Config{Database: l.Database(), PoolSize: 40})
		sql, locker := sqlOn(t, l), sqlOn(t, l)
		// more than there are connections, so that some wait in line and are answered all the same
		const asked = postgres.DefaultConnections + 8
		locker("BEGIN; LOCK TABLE products")
		var clients []*client
		for range asked {
			c := v.dial(t)
			c.send(get("/db?id=7", closes))
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
			case got == soapDish:
			case strings.HasPrefix(got, "HTTP/1.1 503 ") && strings.Contains(got, postgres.ErrLost.Error()):
				lost++
			default:
				t.Errorf("answered %q", got)
			}
		}
		if lost != postgres.DefaultConnections {
			t.Errorf("%d of %d were answered 503, want %d", lost, asked, postgres.DefaultConnections)
		}
		v.dial(t).ask(get("/db?id=7", closes), soapDish)
	})
}

var soapDish = reply("200 OK", json, `{"id":7,"sku":"ME-00007","name":"Dunmore Large Soap Dish",`+
	`"category":"bath","price_cents":3665,"stock":45}`, closes)

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
