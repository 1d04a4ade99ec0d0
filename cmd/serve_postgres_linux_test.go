package cmd_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/procfs"

	"nodecompare/loadgen/sample"
	"nodecompare/servers/child"
	"nodecompare/servers/postgres"
	"nodecompare/thorough"
)

// With its PostgreSQL stopped, the loop still answers what asks for nothing there, while hundreds
// of others wait; they take no thread. Once the database runs again, all are answered.
func TestStoppedDatabase(t *testing.T) {
	thorough.Only(t)
	const asking = 400
	p := startServer(t, "--mode=async", "--db=postgres")
	database := below(t, p.PID, "postgres")
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	get := func(path string) string {
		r, err := client.Get(p.URL + path)
		if err != nil {
			return err.Error()
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		return fmt.Sprint(r.StatusCode, " ", string(body), err)
	}
	want := get("/db?id=7")
	if !strings.HasPrefix(want, `200 {"id":7,`) {
		t.Fatal(want)
	}
	signalAll(t, database, syscall.SIGSTOP)
	before := threads(t, p.PID)
	var waiting sync.WaitGroup
	var answered, wrong atomic.Int64
	for range asking {
		waiting.Go(func() {
			if got := get("/db?id=7"); got != want {
				wrong.Add(1)
			}
			answered.Add(1)
		})
	}
	for sockets(t, p.PID) < asking {
		time.Sleep(10 * time.Millisecond)
	}
	const most, attempts = 4, 20 // the loop's, and what Go's runtime has beside it, but for a collection
	for attempt := 1; ; attempt++ {
		ran, err := sample.Watch(p.PID, 20*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if got := get("/"); !strings.HasPrefix(got, "200 Hello") {
				t.Errorf("with the database stopped, / answered %s", got)
			}
		}
		w, err := ran.Stop()
		if err != nil {
			t.Fatal(err)
		}
		if w.ActiveThreads >= 1 && w.ActiveThreads <= most {
			break
		}
		if attempt == attempts {
			t.Fatalf("%d threads ran for 100 answers with %d requests waiting, want %d at most", w.ActiveThreads,
				asking, most)
		}
	}
	if n := threads(t, p.PID); n > before+2 { // of Go's runtime, which may start one more at any time
		t.Errorf("%d threads with %d requests that wait for the database, and %d before", n, asking, before)
	}
	if n := answered.Load(); n > 0 {
		t.Errorf("a database that is stopped answered %d", n)
	}
	signalAll(t, database, syscall.SIGCONT)
	waiting.Wait()
	if n := wrong.Load(); n > 0 {
		t.Errorf("%d of %d were not answered %s", n, asking, want)
	}
}

// In the user's own database a killed server leaves its schema, which the next one drops, and an
// orderly end none. What is not ours stays.
func TestUsersDatabaseIsSwept(t *testing.T) {
	thorough.Only(t)
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
	schemas := func() (names []string) {
		const ours = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'nodecompare%'"
		all, err := sql.Exec(t.Context(), ours).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range all[0].Rows {
			names = append(names, string(row[0]))
		}
		slices.Sort(names)
		return names
	}
	// one that has our name's form but is not ours
	const theirs = "nodecompare_0123456789abcdef"
	const make = "CREATE SCHEMA " + theirs + "; CREATE TABLE public.theirs (n int)"
	if _, err := sql.Exec(t.Context(), make).ReadAll(); err != nil {
		t.Fatal(err)
	}
	killed, err := child.Start(t.Context(), serveCommand("--mode=async", "--db="+c.URL))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(killed.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-killed.Done()
	for { // PostgreSQL learns of it by and by, and a schema belongs to who is connected
		const others = "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
		all, err := sql.Exec(t.Context(), others).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(all[0].Rows) == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	left := schemas()
	if len(left) != 2 {
		t.Errorf("after a SIGKILL there are %v, want one of ours", left)
	}
	next, err := child.Start(t.Context(), serveCommand("--mode=async", "--db="+c.URL))
	if err != nil {
		t.Fatal(err)
	}
	if now := schemas(); len(now) != 2 || slices.Equal(now, left) {
		t.Errorf("at the next start there are %v, want another one in the place of %v", now, left)
	}
	if err := next.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if now := schemas(); !slices.Equal(now, []string{theirs}) {
		t.Errorf("at the end there are %v, want only %s", now, theirs)
	}
	if _, err := sql.Exec(t.Context(), "SELECT n FROM public.theirs").ReadAll(); err != nil {
		t.Error(err)
	}
}

// A killed server leaves no database behind, in memory or on the disk.
func TestKilledServersDatabase(t *testing.T) {
	thorough.Only(t)
	p, err := child.Start(t.Context(), serveCommand("--mode=async", "--db=postgres"))
	if err != nil {
		t.Fatal(err)
	}
	gone := databaseOf(t, p.PID)
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	gone()
}

// Nor does a bench, however it ends.
func TestEndedBenchsDatabase(t *testing.T) {
	thorough.Only(t)
	for _, how := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(how.String(), func(t *testing.T) {
			t.Parallel()
			c, _, _ := command(t, "bench", "--profile=quick", "--rounds=2", "--modes=async", "--workloads=db",
				"--selftest=off", "--db=postgres")
			c.Stderr = nil
			stderr, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stderr)
			for !strings.HasPrefix(lines.Text(), "bench: 2 trials") {
				if !lines.Scan() {
					t.Fatal("it ended before it measured")
				}
			}
			gone := databaseOf(t, c.Process.Pid)
			if err := c.Process.Signal(how); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // to the end, so that nobody blocks
			}
			if err := c.Wait(); err == nil {
				t.Error("it ended as if nothing had been")
			}
			gone()
		})
	}
}

// databaseOf finds the private database under a process. gone waits until its processes and its
// folder are no more.
func databaseOf(t *testing.T, pid int) (gone func()) {
	t.Helper()
	database := below(t, pid, "postgres")
	folder := strings.TrimSuffix(argument(t, database[0], "-D"), "/data")
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			_, err := os.Stat(folder)
			left := slices.ContainsFunc(database, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
			if os.IsNotExist(err) && !left {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("left a minute after its end: processes %v, folder %v", left, err == nil)
			}
		}
	}
}

// below returns the processes of this name under another one, the first of them first.
func below(t *testing.T, root int, name string) (found []int) {
	t.Helper()
	all, err := procfs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	family := map[int]bool{root: true}
	slices.SortFunc(all, func(a, b procfs.Proc) int { return a.PID - b.PID })
	for range all { // until the youngest generation is found, whatever the order of the pids
		for _, p := range all {
			if s, err := p.Stat(); err == nil && family[s.PPID] && !family[p.PID] {
				family[p.PID] = true
				if s.Comm == name {
					found = append(found, p.PID)
				}
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("there is no %s under process %d", name, root)
	}
	return found
}

func argument(t *testing.T, pid int, behind string) string {
	t.Helper()
	p, err := procfs.NewProc(pid)
	if err != nil {
		t.Fatal(err)
	}
	line, err := p.CmdLine()
	i := slices.Index(line, behind)
	if err != nil || i < 0 {
		t.Fatalf("%q has no %s: %v", line, behind, err)
	}
	return line[i+1]
}

func signalAll(t *testing.T, pids []int, s syscall.Signal) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
}

// sockets counts the open sockets of a process.
func sockets(t *testing.T, pid int) (n int) {
	t.Helper()
	links, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
