package bench_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/procfs"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"nodecompare/cmd/bench"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/servers/child"
	"nodecompare/servers/postgres"
	"nodecompare/thorough"
)

// onDatabase runs one round of orders on a database.
func onDatabase(t *testing.T, url string, steps on, modes ...string) *results.Record {
	t.Helper()
	p, err := bench.NewPlan(bench.Options{Modes: modes, Workloads: []string{"orders"}, Profile: "quick", Rounds: 1,
		Seed: 1, Database: url, Pin: cpuset.Pin{Auto: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := p.Prepare(t.Context(), func(s string) { t.Log(s) }); err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, steps)
	if err != nil || bench.Failed(r) != nil {
		t.Fatal(err, r.Trials)
	}
	return r
}

// clusters are the first processes of the private clusters that this process started, itself or by
// a child: other tests have clusters too.
func clusters(t *testing.T) (pids []int) {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if line, err := p.CmdLine(); err == nil && len(line) > 1 && strings.HasSuffix(line[0], "/postgres") &&
			line[1] == "-D" && child.Descends(p.PID, []int{os.Getpid()}) {
			pids = append(pids, p.PID)
		}
	}
	return pids
}

// A bench has one cluster, on the load's CPUs, counted apart; all orders are in it. When it dies,
// the trial is made anew on another one.
func TestBenchOnPostgres(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	defer bench.Compiled()()
	var seen []int
	var said []string
	killed := ""
	r := onDatabase(t, "postgres", on{step: func(int) {
		for _, pid := range clusters(t) {
			if slices.Contains(seen, pid) {
				continue
			}
			seen = append(seen, pid)
			var cpus unix.CPUSet
			if err := unix.SchedGetaffinity(pid, &cpus); err != nil || cpus.Count() != 1 {
				t.Errorf("%v: PostgreSQL may run on %d CPUs, want the load's", err, cpus.Count())
			}
			if killed == "" {
				killed = fmt.Sprint(pid)
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
		}
	}, say: func(text string) { said = append(said, text) }}, "async", "blocking", "node")
	if len(seen) != 2 {
		t.Errorf("clusters %v, want one, and another in the place of that which died", seen)
	}
	if !slices.ContainsFunc(said, func(s string) bool {
		return strings.Contains(s, "VOID, and made anew: the database: the private PostgreSQL ended")
	}) {
		t.Errorf("said %q", said)
	}
	if d := r.Settings.Database; d == nil || d.Place != "" || d.Version == "" || d.Connections != 16 {
		t.Errorf("database %+v", d)
	}
	for _, trial := range r.Trials {
		b := trial.Books
		if b == nil || !b.Audited || b.Placed == 0 || b.Orders < b.Placed || b.Orders > b.Placed+b.Lost ||
			b.Breaches != nil || b.Deadlocks > 0 {
			t.Errorf("%s: %+v", trial.Mode, b)
		}
		for _, rung := range trial.Rungs {
			if rung.Answered() != rung.Codes[http.StatusCreated] || rung.Database == nil ||
				rung.Database.CPUS <= 0 || rung.Database.CPUUSPerRequest <= 0 {
				t.Errorf("%s, %d connections: %+v, %+v", trial.Mode, rung.Connections, rung.Codes, rung.Database)
			}
		}
	}
	checkNoChildren(t)
	for _, pid := range seen {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("cluster %d is left: %v", pid, err)
		}
	}
}

// In the user's own database all is in schemas that are gone at the end. An order that vanishes
// from it is a breach: the trial is VOID, and says which.
func TestBenchOnUsersPostgres(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	c, err := postgres.StartCluster(t.Context(), 2*postgres.DefaultConnections)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	}()
	sql, err := pgconn.Connect(t.Context(), c.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer sql.Close(context.Background())
	ask := func(query string) string {
		all, err := sql.Exec(t.Context(), query).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if rows := all[len(all)-1].Rows; len(rows) > 0 {
			return string(rows[0][0])
		}
		return ""
	}
	ask("CREATE TABLE theirs (n int)")
	const schemas = "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname LIKE 'nodecompare%'"
	done := false
	r := onDatabase(t, c.URL, on{step: func(connections int) {
		if !done {
			done = true
			ask("DELETE FROM " + ask(schemas) + ".orders WHERE id = 1")
		}
	}}, "async")
	trial := r.Trials[0]
	if trial.Trust.Status != results.Void || !slices.Contains(trial.Trust.Rules, "books") ||
		!strings.Contains(strings.Join(trial.Trust.Reasons, " "), "a line names order 1, which there is not") {
		t.Errorf("an order vanished: %+v, %+v", trial.Trust, trial.Books)
	}
	if d := r.Settings.Database; d == nil || !strings.HasPrefix(d.Place, "postgres at ") {
		t.Errorf("database %+v", d)
	}
	if left := ask(schemas); left != "" {
		t.Errorf("schemas %s are left", left)
	}
	ask("SELECT n FROM theirs")
	if trial.Rungs[0].Database != nil {
		t.Errorf("the CPU of the user's own database is %+v", trial.Rungs[0].Database)
	}
}

// What cannot be is refused before anything starts.
func TestDatabaseOptions(t *testing.T) {
	for _, test := range []struct{ db, workload, want string }{
		{"mysql", "db", "--db=mysql: give sqlite, postgres, or a URL"},
		{"postgres://u@h/db?search_path=nodecompare_0123456789abcdef", "orders", "is a schema of another nodecompare"},
		{"postgres", "hello", "no server of this bench asks a database: name a workload that does, of db, "},
		{"postgres://h/n?sslmode=require", "db", "sslmode=require"},
	} {
		_, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{test.workload},
			Profile: "quick", Database: test.db})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s on %s: %v, want %s", test.workload, test.db, err, test.want)
		}
	}
}
