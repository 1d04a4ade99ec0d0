package cmd_test

import (
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

	"github.com/prometheus/procfs"

	"nodecompare/servers/child"
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
	for range 100 {
		if got := get("/"); !strings.HasPrefix(got, "200 Hello") {
			t.Errorf("with the database stopped, / answered %s", got)
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

// A killed server leaves no database behind, in memory or on the disk.
func TestKilledServersDatabase(t *testing.T) {
	thorough.Only(t)
	p, err := child.Start(t.Context(), serveCommand("--mode=async", "--db=postgres"))
	if err != nil {
		t.Fatal(err)
	}
	database := below(t, p.PID, "postgres")
	folder := strings.TrimSuffix(argument(t, database[0], "-D"), "/data")
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		_, err := os.Stat(folder)
		left := slices.ContainsFunc(database, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
		if os.IsNotExist(err) && !left {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("left a minute after the end of its server: processes %v, folder %v", left, err == nil)
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
