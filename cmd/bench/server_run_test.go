package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// own plans a bench of users' servers, as the command line has them, and prepares it.
func own(t *testing.T, o bench.Options, servers, paths, pids []string) (*bench.Plan, error) {
	t.Helper()
	var err error
	if o.Servers, err = bench.ParseServers(servers, paths, pids); err != nil {
		t.Fatal(err)
	}
	o.Profile, o.Seed = "quick", 1
	p, err := bench.NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	return p, p.Prepare(t.Context(), func(line string) { t.Log(line) })
}

// measuredOwn is the record of a bench that went well.
func measuredOwn(t *testing.T, o bench.Options, servers, paths, pids []string) *results.Record {
	t.Helper()
	if testing.Short() {
		t.Skip("a whole bench, which others run too: -short")
	}
	defer bench.Compiled()()
	p, err := own(t, o, servers, paths, pids)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	if err := bench.Failed(r); err != nil {
		t.Fatal(err, r.Trials)
	}
	return r
}

// A server at a URL is driven as it is; what it does not serve is left out, by name, and the rest
// of the bench goes on.
func TestServerAtURL(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app/index", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	s := httptest.NewServer(mux)
	defer s.Close()
	pids := []string{"sampled=" + strconv.Itoa(os.Getpid())}
	r := measuredOwn(t, bench.Options{Modes: []string{"async"}, Workloads: []string{"hello", "echo"}, Rounds: 1},
		[]string{"plain=" + s.URL + "/app/", "sampled=" + s.URL},
		[]string{"plain:hello=/index", "sampled:hello=/app/index"}, pids)
	if len(r.Trials) != 4 { // two on echo are missing
		t.Errorf("%d trials", len(r.Trials))
	}
	for _, trial := range r.Trials {
		if trial.Standing != (trial.Mode != "async") {
			t.Errorf("%s: standing %v", trial.Mode, trial.Standing)
		}
		g, ok := trial.Rung(results.ClosedAt(64))
		if !ok || g.Requests == 0 || g.Errors > 0 || (g.Process != nil) != (trial.Mode != "plain") {
			t.Errorf("%s on %s: %v %+v", trial.Mode, trial.Workload, ok, g)
		}
	}
	if got := r.Settings.Missing; len(got) != 2 || got[0].Workload != "echo" ||
		!strings.Contains(got[0].Reason, "does not serve echo: POST /echo answered 404 Not Found") {
		t.Errorf("missing: %+v", got)
	}
	if m := r.Settings.Modes[1]; m.Name != "plain" || m.Server != s.URL+"/app" || m.Targets["hello"] != "/index" {
		t.Errorf("%+v", m)
	}
	for _, v := range r.Verdicts {
		want := map[string][]string{"hello": {"async", "plain", "sampled"}, "echo": {"async"}}[v.Workload]
		var got []string
		for _, w := range v.Findings[0].Words {
			got = append(got, w.Mode)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has words for %v, want %v", v.Workload, got, want)
		}
	}
}

// Where nothing can be measured that is told at once, and why.
func TestServerThatIsNotThere(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := httptest.NewServer(http.NotFoundHandler())
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	defer s.Close()
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer silent.Close()
	for name, test := range map[string]struct{ server, want string }{
		"nobody listens":    {"mine=" + closed.URL, "connection refused: is it running?"},
		"nothing is served": {"mine=" + s.URL, "nothing is left to measure"},
		"the command fails": {"mine=echo no luck >&2; exit 3",
			"exited with status 3 before it was ready; its last lines on standard error: no luck; " +
				"to see it by hand, run: PORT="},
		"there is no command":  {"mine=no-such-command-at-all", "no-such-command-at-all"},
		"it has a wrong route": {"mine=" + s.URL + "/nowhere", "nothing is left to measure"},
		"it says nothing":      {"mine=" + silent.URL, "nothing is left to measure"},
	} {
		if _, err := own(t, bench.Options{Workloads: []string{"hello"}}, []string{test.server}, nil,
			nil); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
		checkNoChildren(t)
	}
}

// A server that cannot be measured takes no other column along: it is named, and the bench ends as
// one with a failure.
func TestBenchGoesOnWithoutAServer(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // the connection ends without an answer
			panic(http.ErrAbortHandler)
		}
	}))
	defer s.Close()
	o := bench.Options{Modes: []string{"async"}, Workloads: []string{"hello", "echo"}, Profile: "quick"}
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		t.Fatal(err)
	}
	pids := []string{fmt.Sprintf("dead=%d", ended.Process.Pid)}
	var err error
	if o.Servers,
		err = bench.ParseServers([]string{"fails=exit 3", "half=" + s.URL, "closed=http://127.0.0.1:1",
		"dead=" + s.URL}, nil, pids); err != nil {
		t.Fatal(err)
	}
	p, err := bench.NewPlan(o)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	if err := p.Prepare(t.Context(), func(line string) { said = append(said, line) }); err != nil {
		t.Fatal(err)
	}
	if err := p.Failed(); err == nil ||
		!strings.Contains(err.Error(), "3 of the servers could not be measured: the notes below the table say why") {
		t.Errorf("got %v", err)
	}
	if n := p.Trials(); n != 6*3 { // async on both, half on one
		t.Errorf("%d trials", n)
	}
	for _, want := range []string{"server fails: pid ", "exited with status 3 before it was ready",
		"server half does not serve echo: POST /echo: EOF", "server closed at http://127.0.0.1:1: ",
		"dial tcp 127.0.0.1:1: connect: connection refused: is it running?", "server dead: --pid " + pids[0] + ": "} {
		if !strings.Contains(strings.Join(said, "\n"), want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	checkNoChildren(t)
}

// Poison that a server does not serve is none: such a workload is left out. Where it has another
// path, that is what is asked.
func TestPoisonOfAServer(t *testing.T) {
	defer goleak.VerifyNone(t)
	var poison atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("GET /app/home", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("GET /app/burn", func(w http.ResponseWriter, _ *http.Request) { poison.Add(1) })
	s := httptest.NewServer(mux)
	defer s.Close()
	o := bench.Options{Workloads: []string{"blast-cpu"}, Rounds: 1}
	servers, home := []string{"mine=" + s.URL + "/app"}, "hello=/home"
	if _, err := own(t, o, servers, []string{home}, nil); err == nil ||
		!strings.Contains(err.Error(), "server mine does not serve blast-cpu: GET /cpu?ms=200 answered 404 "+
			"Not Found; if it has another path for it, give --path mine:blast-cpu=/its/path") {
		t.Errorf("got %v", err)
	}
	thorough.Only(t)
	r := measuredOwn(t, o, servers, []string{home, "blast-cpu=/burn"}, nil)
	for _, g := range r.Trials[0].Rungs {
		if g.Load == results.Amid && (g.Poison == nil || g.Poison.Requests == 0 || g.Poison.Errors > 0) {
			t.Errorf("poison: %+v", g.Poison)
		}
	}
	if n := poison.Load(); n < 3 { // one of them when it was asked beforehand
		t.Errorf("%d requests of poison came", n)
	}
}
