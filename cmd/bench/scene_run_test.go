package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/results/scene"
)

// sceneOf is the scene that a plan records, and what recording it came to.
func sceneOf(t *testing.T, p *bench.Plan) (*scene.Trace, error) {
	t.Helper()
	sceneErr := p.RecordScene(t.Context(), func(string) {})
	over, end := context.WithCancel(t.Context())
	end()
	r, err := bench.Run(over, p, bench.Silent{})
	if r == nil {
		t.Fatal(err)
	}
	checkNoChildren(t)
	return r.Scene, sceneErr
}

// A scene is of the modes of the bench and of the servers of its user, who say where they have its
// requests. One that fails is named, and the others are there.
func TestSceneOfTheServersOfABench(t *testing.T) {
	var mu sync.Mutex
	heard := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if strings.HasPrefix(r.URL.Path, "/app/") {
			mu.Lock()
			heard[user+":"+password+" "+r.URL.String()]++
			mu.Unlock()
		}
		if r.URL.Path == "/app/none" || r.URL.Path == "/bare/wait" || r.URL.Path == "/bare/cpu" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer s.Close()
	once := filepath.Join(t.TempDir(), "once") // is there when it was started, which is to find out what it serves
	gone := fmt.Sprintf("[ ! -e %s ] || exit 3; touch %[1]s; exec '%s' serve --mode=async --addr=127.0.0.1:$PORT "+
		"--upstream=none", once, os.Args[0])
	p, err := own(t, bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Scene: "mixed"},
		[]string{"mine=" + strings.Replace(s.URL, "http://", "http://me:secret@", 1) + "/app?key=1", "gone=" + gone,
			"bare=" + s.URL + "/bare"},
		[]string{"mine:wait=/slow", "mine:cpu=/none"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	clear(heard) // what was asked to find out whether it serves hello
	mu.Unlock()
	if p.SceneTakes() <= 0 {
		t.Error("the time of a scene is not planned")
	}
	made, err := sceneOf(t, p)
	if err == nil || !strings.Contains(err.Error(), "watch gone: ") || made == nil || len(made.Modes) != 2 ||
		len(made.Missing) != 2 || !strings.HasPrefix(made.Missing[0], "gone: ") ||
		!strings.HasPrefix(made.Missing[1], "bare: it answers GET /bare/wait with status 404; --path ") {
		t.Fatalf("a server that cannot be started, and one without such requests: %v, and the scene %+v", err, made)
	}
	async, mine := made.Modes[0], made.Modes[1]
	if !async.Recorded || len(async.Threads) != 1 || len(async.Requests) != 6 {
		t.Errorf("async: %+v", async)
	}
	if mine.Name != "mine" || mine.Recorded || len(mine.Requests) != 6 ||
		!strings.Contains(strings.Join(mine.Says, " "), "refused request 4: it answers GET /app/none with status 404") {
		t.Errorf("the user's server: %+v", mine)
	}
	mu.Lock()
	defer mu.Unlock()
	// each request of the scene, and before it at most four of a kind to warm up
	if heard["me:secret /app/slow?key=1"] != 5+4 || heard["me:secret /app/none?key=1"] != 1+1 || len(heard) != 2 {
		t.Errorf("the user's server was asked for %v", heard)
	}
}

// By itself a bench shows computing where its workloads compute, and waiting elsewhere.
func TestSceneFitsTheWorkloads(t *testing.T) {
	for _, c := range []struct {
		workload, want string
		null           bool
	}{{"hello", "waits", false}, {"cpu", "mixed", false}, {"hello", "", true}} {
		o := bench.Options{Modes: []string{"async"}, Workloads: []string{c.workload}, Profile: "quick",
			Scene: bench.Auto, Null: c.null}
		p, err := bench.NewPlan(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Prepare(t.Context(), func(string) {}); err != nil {
			t.Fatal(err)
		}
		made, err := sceneOf(t, p)
		switch {
		case err != nil:
			t.Error(err)
		case c.want == "" && made != nil || c.want != "" && (made == nil || made.Scene != c.want):
			t.Errorf("%+v: the scene is %+v", c, made)
		}
	}
	o := bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick", Scene: "nonsense"}
	if _, err := bench.NewPlan(o); err == nil || !strings.Contains(err.Error(), `unknown scene "nonsense"`) {
		t.Errorf("an unknown scene: %v", err)
	}
}
