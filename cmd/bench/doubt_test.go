package bench_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/cmd/bench"
)

// everyWorkload but hello.
var everyWorkload = []string{"wait", "api", "feed", "db", "file", "login", "orders", "cpu", "mix", "echo", "blast-cpu",
	"blast-wait", "overload"}

// prepared is how many trials of a round are left of a bench of one user's server, and what was
// said of the others.
func prepared(t *testing.T, server string, paths []string, workloads ...string) (trials int, said string) {
	t.Helper()
	o := bench.Options{Workloads: workloads, Profile: "quick", Rounds: 1}
	var err error
	if o.Servers, err = bench.ParseServers([]string{"mine=" + server}, paths, nil); err != nil {
		t.Fatal(err)
	}
	p, err := bench.NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	if err := p.Prepare(t.Context(), func(line string) { lines = append(lines, line) }); err != nil {
		t.Fatal(err)
	}
	return p.Trials(), strings.Join(lines, "\n")
}

// catchall answers every path alike, and keeps what it was sent.
func catchall(t *testing.T) (url string, bodies func() []string) {
	var mu sync.Mutex
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, string(body))
		io.WriteString(w, "hi")
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(got)
	}
}

// A server that answers all paths alike, at once, would win whatever it does not do.
func TestCatchAllIsLeftOut(t *testing.T) {
	t.Parallel()
	url, bodies := catchall(t)
	trials, said := prepared(t, url, nil, append([]string{"hello"}, everyWorkload...)...)
	if trials != 1 {
		t.Errorf("%d trials, want hello's alone: %s", trials, said)
	}
	for _, w := range everyWorkload {
		if !strings.Contains(said, "left out: server mine does not serve "+w+": ") ||
			!strings.Contains(said, "give --path mine:"+w+"=/its/path") {
			t.Errorf("%s is not named: %s", w, said)
		}
	}
	if !strings.Contains(said, "GET /wait?ms=50 was answered after ") ||
		!strings.Contains(said, ", and not after a wait of 50ms; if it has") {
		t.Error(said)
	}
	for _, body := range bodies() {
		if strings.Contains(body, "password") && body != `{"user":"mango","password":"engineers"}` {
			t.Errorf("it was sent %s", body)
		}
	}
}

func TestCatchAllInPython(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip(err)
	}
	if trials, said := prepared(t, "exec python3 testdata/catchall.py", nil, "hello", "wait", "db"); trials != 1 {
		t.Errorf("%d trials: %s", trials, said)
	}
}

// Whoever names a path says what it is: then it is only noted.
func TestNamedPathIsNotLeftOut(t *testing.T) {
	t.Parallel()
	url, _ := catchall(t)
	trials, said := prepared(t, url, []string{"wait=/slow", "db=/query", "blast-wait=/poison"}, "wait",
		"db", "blast-wait")
	if trials != 3 || strings.Contains(said, "left out") {
		t.Errorf("%d trials: %s", trials, said)
	}
	for _, want := range []string{
		"note: wait: Server mine: GET /slow was answered after ",
		"note: db: Server mine: GET /query is answered as a path that does not exist.",
		"note: blast-wait: Server mine: GET /poison was",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
}

// Nothing is said of a server that does what it is asked for, with a route's same answer each time,
// and of an echo at any path.
func TestHonestServerIsNotDoubted(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /wait", func(http.ResponseWriter, *http.Request) { time.Sleep(50 * time.Millisecond) })
	mux.HandleFunc("GET /db", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	if trials, said := prepared(t, s.URL, nil, "wait", "db", "echo"); trials != 3 || said != "" {
		t.Errorf("%d trials: %s", trials, said)
	}
}
