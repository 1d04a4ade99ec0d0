package bench

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseServers(t *testing.T) {
	got, err := ParseServers(
		[]string{"mine=./server --port=$PORT", "web=http://localhost:8080/app/", "q=curl 'http://x' | y"},
		[]string{"wait=/slow", "web:wait=/slower?s=1", "mine:hello=/index.html"}, []string{"web=12"})
	if err != nil {
		t.Fatal(err)
	}
	want := []Server{
		{Name: "mine", Command: "./server --port=$PORT",
			Paths: map[string]string{"wait": "/slow", "hello": "/index.html"}},
		{Name: "web", URL: "http://localhost:8080/app", PID: 12, Paths: map[string]string{"wait": "/slower?s=1"}},
		{Name: "q", Command: "curl 'http://x' | y", Paths: map[string]string{"wait": "/slow"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// The order of the paths does not matter.
	got, err = ParseServers([]string{"a=x"}, []string{"a:wait=/one", "wait=/all"}, nil)
	if err != nil || got[0].Paths["wait"] != "/one" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A server's password goes along with all that it is asked, and stands nowhere else.
func TestLoginOfAServer(t *testing.T) {
	all, err := ParseServers([]string{"a=http://me:s3cret@localhost:8080/?x=é"}, nil, nil)
	if err != nil || all[0].String() != "http://localhost:8080?x=%C3%A9" {
		t.Fatalf("%+v, %v", all, err)
	}
	w, err := workloadNamed("blast-cpu")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range (slot{mode: &mode{user: &all[0]}, workload: w}).questions() {
		if got := q.target.Header.Get("Authorization"); got != "Basic bWU6czNjcmV0" {
			t.Errorf("%s: %q", q.target.URL, got)
		}
	}
}

// A server's own query goes along with all that it is asked, poison and paths that nobody has
// included.
func TestQueryOfAServer(t *testing.T) {
	all, err := ParseServers([]string{"web=https://localhost:8443/app/?key=a%20b&v=2",
		"plain=http://[::1]:80/?"}, []string{"web:hello=/home", "wait=/slow?s=1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	web, plain := &mode{user: &all[0]}, &mode{user: &all[1]}
	for _, test := range []struct {
		mode           *mode
		workload       string
		target, poison string
	}{
		{web, "hello", "/home?key=a%20b&v=2", ""}, {web, "wait", "/slow?s=1&key=a%20b&v=2", ""},
		{web, "blast-cpu", "/home?key=a%20b&v=2", "/cpu?ms=200&key=a%20b&v=2"}, {plain, "hello", "/", ""},
	} {
		w, err := workloadNamed(test.workload)
		if err != nil {
			t.Fatal(err)
		}
		s := slot{mode: test.mode, workload: w}
		asked := s.questions()
		if got := asked[0].target.URL; got != test.target || len(asked) > 1 != (test.poison != "") {
			t.Errorf("%s of %s: %s, %d questions, want %s", test.workload, test.mode.user, got, len(asked), test.target)
		}
		if len(asked) > 1 && asked[1].target.URL != test.poison {
			t.Errorf("poison: %s, want %s", asked[1].target.URL, test.poison)
		}
		if nowhere := asked[0].nowhere; strings.HasSuffix(nowhere, "?key=a%20b&v=2") != (test.mode == web) {
			t.Errorf("a path that nobody has: %s", nowhere)
		}
	}
	if got := all[0].String(); got != "https://localhost:8443/app?key=a%20b&v=2" || !web.secure() || plain.secure() {
		t.Errorf("%s, %v, %v", got, web.secure(), plain.secure())
	}
	if d := web.described("web"); d.Server != all[0].String() {
		t.Errorf("%+v", d)
	}
}

// Of a blast, the victim requests go where hello is, and the poison where the blast's own path
// is.
func TestPathsOfSpecialWorkloads(t *testing.T) {
	all, err := ParseServers([]string{"a=x", "b=y"},
		[]string{"hello=/home", "a:blast-cpu=/burn", "a:overload=/work"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		server         int
		name           string
		target, poison string
	}{
		{0, "blast-cpu", "/home", "/burn"}, {0, "blast-wait", "/home", "/wait?ms=2000"},
		{1, "blast-cpu", "/home", "/cpu?ms=200"},
		{0, "overload", "/work", ""}, {0, "hello", "/home", ""},
	} {
		w, err := workloadNamed(test.name)
		if err != nil {
			t.Fatal(err)
		}
		m := &mode{user: &all[test.server]}
		if target, poison := m.target(w), m.poison(w); target != test.target || poison != test.poison {
			t.Errorf("%s of %s: %s and %q, want %s and %q", test.name, all[test.server].Name, target,
				poison, test.target, test.poison)
		}
	}
}

func TestParseServersRefuses(t *testing.T) {
	for _, test := range []struct {
		servers, paths, pids []string
		want                 string
	}{
		{servers: []string{"python3"}, want: "give NAME=URL, or NAME='command …'"},
		{servers: []string{"a="}, want: "give NAME=URL"},
		{servers: []string{"a b=x"}, want: "a name is letters"},
		{servers: []string{"async=x"}, want: "server async: that is a mode of this program"},
		{servers: []string{"a=x", "a=y"}, want: "server a is named twice"},
		{servers: []string{"a=ws://localhost/chat"}, want: `server a: ws://localhost/chat is a chat: give`},
		{servers: []string{"a=ftp://localhost"},
			want: `server a: load target "ftp://localhost": the URL must begin with http://, https:// or ws://`},
		{servers: []string{"a=http://me:secret@localhost:x"},
			want: `server a: load target "http://me:xxxxx@localhost:x"`},
		{servers: []string{"a=http://me:secret@localhost#top"},
			want: "server a: http://me:xxxxx@localhost#top is not of the form"},
		{servers: []string{"a=http://localhost/#top"}, want: "http://host:port"},
		{servers: []string{"a=http://:80"}, want: "names no host"},
		{servers: []string{"a=http://"}, want: "names no host"},
		{servers: []string{"a=localhost:8080"},
			want: "server a: localhost:8080 is not a command: for the server that runs there, " +
				"give http://localhost:8080"},
		{paths: []string{"wait=/slow"}, want: "it is for a --server, and there is none"},
		{servers: []string{"a=x"}, paths: []string{"wait=slow"}, want: "give WORKLOAD=/its/path"},
		{servers: []string{"a=x"}, paths: []string{"nap=/slow"}, want: `unknown workload "nap"`},
		{servers: []string{"a=x"}, paths: []string{"b:wait=/slow"},
			want: `no --server is named "b": the known ones are a`},
		{servers: []string{"a=x"}, pids: []string{"a=1"}, want: "server a is a command"},
		{servers: []string{"a=http://x"}, pids: []string{"a=me"}, want: "give NAME=PID"},
		{servers: []string{"a=http://x"}, pids: []string{"b=1"}, want: `no --server is named "b"`},
	} {
		if got, err := ParseServers(test.servers, test.paths, test.pids); err == nil ||
			!strings.Contains(err.Error(), test.want) {
			t.Errorf("%q %q %q: got %+v, %v; want %q", test.servers, test.paths, test.pids, got, err, test.want)
		}
	}
}

// A server behind TLS on workloads that need the loop engine is left out with its reason, and what
// is beside it is measured.
func TestSecureServerOfNoWorkload(t *testing.T) {
	all, err := ParseServers([]string{"mine=https://127.0.0.1:1"}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Modes: []string{"async"}, Servers: all, Workloads: []string{"live"}, Profile: "quick", Rounds: 1}
	p := planned(t, o, plenty)
	if err := p.prepareModes(t.Context(), func(string) {}); err != nil {
		t.Error(err)
	}
	o.Modes = nil
	if _, err := newPlan(o, plenty); err == nil || !strings.Contains(err.Error(), "has no TLS") {
		t.Errorf("alone: %v", err)
	}
}
