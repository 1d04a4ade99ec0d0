package bench_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/thorough"
)

// need finds a program. Without it the test is skipped, which CI does not have.
func need(t *testing.T, program, packages string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	path = filepath.Join("/usr/sbin", program)
	if _, err := os.Stat(path); err != nil {
		thorough.Lacks(t, fmt.Sprintf("needs %s: apt-get install %s", program, packages))
	}
	return path
}

// folder is one that every user may read, as servers that give up root's rights must.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("hello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func source(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "own", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// The models of servers that know nothing of this program, as their processes tell them. The
// commands are those of docs/servers.md, but for their folders.
func TestModelsOfRealServers(t *testing.T) {
	thorough.Only(t)
	for _, test := range []struct {
		name, path  string
		command     func(t *testing.T) string
		model       string
		least, most int // threads
	}{
		{"nginx", "/", func(t *testing.T) string {
			return fmt.Sprintf(
				`sed "s|PORT|$PORT|; s|FOLDER|%[1]s|" %[2]s >%[1]s/nginx.conf && exec %[3]s -e stderr -c `+
					`%[1]s/nginx.conf`,
				folder(t), source(t, "nginx.conf"), need(t, "nginx", "nginx-light"))
		}, results.EventLoop, 1, 1},
		{"script", "/", func(t *testing.T) string {
			return fmt.Sprintf("exec %s %s", need(t, "node", "nodejs"), source(t, "hello.js"))
		}, results.EventLoop, 1, 1},
		{"go", "/", func(t *testing.T) string {
			program := filepath.Join(t.TempDir(), "hello")
			if out, err := exec.Command("go", "build", "-o", program,
				source(t, "hello/main.go")).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			return "exec " + program
		}, results.EventLoop, 1, 4 + runtime.NumCPU()},
		{"python", "/", func(t *testing.T) string {
			return fmt.Sprintf("cd %s && exec %s %s 2>/dev/null", folder(t), need(t, "python3", "python3"),
				source(t, "server.py"))
		}, results.ThreadPerRequest, 0, 0},
		{"apache", "/index.html", func(t *testing.T) string { // with no module that would find index.html for /
			return fmt.Sprintf("exec env FOLDER=%s %s -DFOREGROUND -f %s", folder(t),
				need(t, "apache2", "apache2-bin"), source(t, "apache.conf"))
		}, results.ThreadPool, 45, 60},
	} {
		t.Run(test.name, func(t *testing.T) {
			command, m := test.command(t), results.Model{}
			for range 3 { // on a busy machine it may be undecided, but not another model
				r := measuredOwn(t, bench.Options{Workloads: []string{"hello"}, Rounds: 1},
					[]string{test.name + "=" + command}, []string{"hello=" + test.path}, nil)
				if m = r.Verdicts[0].Findings[0].Models[0]; m.Name != "" {
					break
				}
			}
			if m.Name != test.model || m.Threads < test.least || m.Threads > test.most {
				t.Errorf("%q of %d threads: %s\n%+v", m.Name, m.Threads, m.Why, m.Steps)
			}
		})
	}
}

// Python's server as it comes. It takes a minute and more, most of which is the system trying again
// what the backlog had no room for.
func TestModelOfPythonsServer(t *testing.T) {
	if os.Getenv("NODECOMPARE_LONG") == "" {
		t.Skip("it takes a minute and more, and its backlog decides: set NODECOMPARE_LONG=1")
	}
	command := fmt.Sprintf("exec %s -m http.server --bind 127.0.0.1 --directory %s $PORT 2>/dev/null",
		need(t, "python3", "python3"), folder(t))
	r := measuredOwn(t, bench.Options{Workloads: []string{"hello"}, Rounds: 1}, []string{"python=" + command}, nil, nil)
	if m := r.Verdicts[0].Findings[0].Models[0]; m.Name != results.ThreadPerRequest {
		t.Errorf("%q of %d threads: %s\n%+v", m.Name, m.Threads, m.Why, m.Steps)
	}
}

// Our own modes, by the same rules.
func TestModelsOfOurModes(t *testing.T) {
	thorough.Only(t)
	want := map[string]string{"blocking": results.ThreadPerRequest, "pool": results.ThreadPool,
		"async": results.EventLoop, "goroutine": results.EventLoop}
	var modes []string
	for _, m := range servers.Modes {
		if m.Compiles > 0 { // Node.js
			continue
		}
		modes = append(modes, m.Name)
	}
	r := measuredOwn(t, bench.Options{Modes: modes, Workloads: []string{"hello"}, Rounds: 1}, nil, nil, nil)
	for _, m := range r.Verdicts[0].Findings[0].Models {
		if m.Name != want[m.Mode] {
			t.Errorf("%s: %q, want %q: %s\n%+v", m.Mode, m.Name, want[m.Mode], m.Why, m.Steps)
		}
	}
}

// A tree of processes: what all of them use is the server's.
func TestTreeIsSampled(t *testing.T) {
	thorough.Only(t)
	command :=
		fmt.Sprintf(
			`sed "s|PORT|$PORT|; s|FOLDER|%[1]s|; s|worker_processes 1|worker_processes 3|" %[2]s >%[1]s/nginx.conf; `+
				`%[3]s -e stderr -c %[1]s/nginx.conf; :`,
			folder(t), source(t, "nginx.conf"), need(t, "nginx", "nginx-light"))
	r := measuredOwn(t, bench.Options{Workloads: []string{"hello"}, Rounds: 1}, []string{"nginx=" + command}, nil, nil)
	g, ok := r.Trials[0].Rung(results.ClosedAt(64))
	if !ok || g.Process == nil || g.Process.Processes != 5 || g.Process.Threads != 5 ||
		g.Process.CPUUSPerRequest < 1 || g.Process.Files < 64 || g.Process.RSSBytes < 1<<20 {
		t.Errorf("%v %+v", ok, g.Process) // a shell, the master, three workers
	}
	if s := r.Settings.Modes[0]; !strings.Contains(s.Server, "nginx") {
		t.Errorf("%+v", s)
	}
}
