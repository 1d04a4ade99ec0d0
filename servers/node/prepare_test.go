package node_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/servers/child"
	"nodecompare/servers/node"
)

// The programs that a test puts in the place of Node.js and npm.
const (
	node20 = "#!/bin/sh\necho v20.0.0\n"
	// npmMakes leaves a package in each folder that the lock file names, as npm does.
	npmMakes = `#!/bin/sh
all=$(/bin/sed -n '/^    "node_modules/{N;s/^    "\([^"]*\)".*"version": \(".*"\),.*/\1=\2/p;}' package-lock.json)
/bin/mkdir -p $(for p in $all; do echo ${p%%=*}; done)
for p in $all; do
	d=${p%%=*}
	echo "{\"version\": ${p#*=}}" >$d/package.json
	echo "npm http fetch GET 200 https://example.net/$d.tgz 12ms (cache miss)" >&2
done
/bin/cp package-lock.json node_modules/.package-lock.json
`
	npmOffline = `#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	echo "npm http cache $i@https://registry.npmjs.org/$i/-/$i.tgz 0ms (cache hit)" >&2
	echo "npm http fetch GET https://registry.npmjs.org/$i/-/$i.tgz attempt 2 failed with ENOTFOUND" >&2
done
echo "npm error code ENOTFOUND" >&2
echo "npm error network request to https://registry.npmjs.org/express failed, reason: getaddrinfo ENOTFOUND" >&2
exit 1
`
	npmNoFolder = `#!/bin/sh
echo "npm error code EACCES" >&2
echo "npm error syscall mkdir" >&2
echo "npm error path /nonexistent" >&2
exit 243
`
	// npmStuck tells its process and its child's to $PIDS.
	npmStuck = `#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
	echo "npm http fetch GET 200 https://example.net/$i.tgz 1ms (cache miss)" >&2
done
/bin/sleep 3600 &
echo $$ $! >${PIDS:-/dev/null}
wait
`
)

// install makes PATH a folder with these programs alone. "" is none.
func install(t *testing.T, node, npm string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{"node": node, "npm": npm} {
		if script == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func quiet(string) {}

// preparingEnv has a copy of this test binary prepare express in the folder that it names.
const preparingEnv = "NODECOMPARE_TEST_PREPARE"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == child.GuardCommand {
		status, err := child.Guard(os.Args[2], os.Args[3:]...)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(status)
	}
	if cache := os.Getenv(preparingEnv); cache != "" {
		_, err := node.Prepare(context.Background(), node.Express, cache, quiet)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := flag.Set("test.parallel", "4"); err != nil { // most of these tests wait
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

func TestPrepareSaysWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct {
		source    node.Source
		node, npm string
		want      []string
	}{
		"no Node.js": {node.HTTP, "", "",
			[]string{"looking for Node.js", "Node.js 20 or later", "apt-get install nodejs npm"}},
		"an old Node.js": {node.Express, "#!/bin/sh\necho v18.19.1\n", npmMakes,
			[]string{"v18.19.1", "too old", "Node.js 20 or later"}},
		"some other node": {node.HTTP, "#!/bin/sh\necho hello\n", "",
			[]string{`says "hello"`, "Node.js 20 or later"}},
		"a broken Node.js": {node.HTTP, "#!/bin/sh\nexit 127\n", "",
			[]string{"--version: exit status 127", "Node.js 20 or later"}},
		"no npm": {node.Express, node20, "", []string{"looking for npm", "apt-get install npm"}},
		"npm has no network": {node.Express, node20, npmOffline,
			[]string{"exit status 1", "code ENOTFOUND; network request to", "connect to the network"}},
		"npm has no folder": {node.Express, node20, npmNoFolder,
			[]string{"code EACCES; syscall mkdir; path /nonexistent", "npm config get cache"}},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t)
			install(t, test.node, test.npm)
			cache := t.TempDir()
			_, err := node.Prepare(t.Context(), test.source, cache, func(line string) {
				if strings.Contains(line, "fetched") {
					t.Errorf("progress says %q, and nothing was", line)
				}
			})
			var u *node.Unavailable
			if !errors.As(err, &u) || u.Mode != test.source.Name {
				t.Fatalf("got %v, want that %s is unavailable", err, test.source.Name)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than a line:\n%v", err)
			}
			isEmpty(t, cache)
		})
	}
}

func isEmpty(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("%s has %v left (%v), want nothing", dir, left, err)
	}
}

func TestPrepareNeedsAFolder(t *testing.T) {
	install(t, node20, "")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := node.Prepare(t.Context(), node.HTTP, file, quiet)
	if want := "putting its sources into " + file; !errors.As(err, new(*node.Unavailable)) ||
		!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "writable") {
		t.Errorf("got %v, want that it is unavailable, the folder and what to do", err)
	}
}

// What is run must not lie where another user could have put it.
func TestPrepareWithoutHome(t *testing.T) {
	install(t, node20, "")
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	_, err := node.Prepare(t.Context(), node.HTTP, "", quiet)
	if !errors.As(err, new(*node.Unavailable)) || !strings.Contains(err.Error(), "set HOME, or XDG_CACHE_HOME") {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// A package that is not the locked one, by what npm wrote down or by what it says itself, is not
// run.
func TestPrepareChecksPackages(t *testing.T) {
	install(t, node20, npmMakes)
	folder := t.TempDir()
	for _, change := range []struct{ file, old, new string }{
		{"node_modules/express/package.json", `"5.3.0"`, `"5.3.1"`},
		{"node_modules/.package-lock.json", `"version": "5.3.0"`, `"version": "5.3.1"`},
		{"node_modules/.package-lock.json", `"integrity": "sha512-5cvg6`, `"integrity": "sha512-5cvg7`},
		{"node_modules/.package-lock.json", `"node_modules/accepts"`,
			`"node_modules/more": {}, "node_modules/accepts"`},
	} {
		app, err := node.Prepare(t.Context(), node.Express, folder, quiet)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(app.Dir, change.file)
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bad := strings.Replace(string(good), change.old, change.new, 1)
		if bad == string(good) {
			t.Fatalf("%s has no %s", change.file, change.old)
		}
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := node.Prepare(t.Context(), node.Express, folder, quiet); err != nil {
			t.Fatal(err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(good) {
			t.Errorf("%s with %s was not made anew (%v)", change.file, change.new, err)
		}
	}
}

// TestPrepareOnce: what is there and whole is taken as it is, what is not is made anew, and nothing
// else lies about.
func TestPrepareOnce(t *testing.T) {
	for source, spoil := range map[node.Source][]string{
		node.HTTP:    {"node.js", "work/shop.js", "vendor/sql.js/dist/sql-wasm.wasm"},
		node.Express: {"express.js", "node_modules/express/package.json"},
	} {
		t.Run(source.Name, func(t *testing.T) {
			install(t, node20, npmMakes)
			cache := t.TempDir()
			var lines []string
			prepare := func() os.FileInfo {
				t.Helper()
				lines = nil
				app, err := node.Prepare(t.Context(), source, cache, func(line string) { lines = append(lines, line) })
				if err != nil {
					t.Fatal(err)
				}
				if app.Version != "v20.0.0" || app.Source != source {
					t.Errorf("it is %+v, want mode %s on v20.0.0", app, source.Name)
				}
				info, err := os.Stat(app.Dir)
				if err != nil {
					t.Fatal(err)
				}
				left, err := os.ReadDir(cache)
				if err != nil || len(left) != 1 {
					t.Errorf("the cache holds %v (%v), want one folder", left, err)
				}
				return info
			}
			made := prepare()
			if source == node.Express && (len(lines) < 4 ||
				!strings.Contains(lines[1], "packages fetched") ||
				!strings.Contains(lines[len(lines)-1], "installed in")) {
				t.Errorf("progress was %q, want the beginning, quarters and the end", lines)
			}
			if again := prepare(); !os.SameFile(made, again) || len(lines) > 0 {
				t.Errorf("a folder that was whole is made anew, with %q", lines)
			}
			for _, name := range spoil {
				path := filepath.Join(cache, made.Name(), name)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				made = prepare()
				if _, err := os.Stat(path); err != nil {
					t.Errorf("what was removed is not put back: %v", err)
				}
			}
		})
	}
}

func TestPrepareAtOnce(t *testing.T) {
	defer goleak.VerifyNone(t)
	install(t, node20, npmMakes)
	cache := t.TempDir()
	for _, how := range []string{"missing", "broken"} {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if _, err := node.Prepare(t.Context(), node.Express, cache, quiet); err != nil {
					t.Errorf("%s: %v", how, err)
				}
			})
		}
		all.Wait()
		made, err := filepath.Glob(filepath.Join(cache, "express-*", "node_modules", "express", "package.json"))
		if err != nil || len(made) != 1 {
			t.Fatalf("%s: made %v (%v), want one", how, made, err)
		}
		if err := os.Remove(made[0]); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(cache); err != nil || len(left) != 1 {
		t.Errorf("the cache holds %v (%v), want one folder", left, err)
	}
}

func TestPrepareEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	install(t, node20, npmStuck)
	cache := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := node.Prepare(ctx, node.Express, cache, func(line string) {
		if strings.Contains(line, "fetched") {
			cancel() // npm runs, with a child, and would never end
		}
	})
	if !errors.Is(err, context.Canceled) || errors.As(err, new(*node.Unavailable)) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	isEmpty(t, cache)
}

// TestNothingIsLeftOfNPM: neither npm nor a child of its outlives who called it.
func TestNothingIsLeftOfNPM(t *testing.T) {
	install(t, node20, npmStuck)
	pids := filepath.Join(t.TempDir(), "pids")
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), preparingEnv+"="+t.TempDir(), "PIDS="+pids)
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var npm, child int
	await(t, "npm runs", func() bool {
		text, err := os.ReadFile(pids)
		n, _ := fmt.Sscan(string(text), &npm, &child)
		return err == nil && n == 2
	})
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err == nil {
		t.Error("it ended well though it was killed")
	}
	for _, pid := range []int{npm, child} {
		await(t, fmt.Sprintf("process %d is gone", pid),
			func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
	}
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for over := time.After(20 * time.Second); !done(); {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("it never came that %s", what)
		}
	}
}

func TestCommandChecksItsOptions(t *testing.T) {
	install(t, node20, "")
	app, err := node.Prepare(t.Context(), node.HTTP, t.TempDir(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	good := node.Options{Addr: "[::1]:80", Upstream: "http://x/", Data: "/data",
		Database: "sqlite:/orders.db", Loops: 2, Workers: 3, Connections: 5, Env: []string{"PGPASSWORD=secret"}}
	for name, test := range map[string]struct {
		change func(*node.Options)
		want   string
	}{
		"no port":    {func(o *node.Options) { o.Addr = "localhost" }, `"localhost"`},
		"no loop":    {func(o *node.Options) { o.Loops = 0 }, "at least 1"},
		"no workers": {func(o *node.Options) { o.Workers = -1 }, "at least 1"},
	} {
		bad := good
		test.change(&bad)
		if _, err := app.Command(bad); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
	c, err := app.Command(good)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.Join(append(c.Env, c.Args...), " ")
	for _, want := range []string{"NODE_ENV=production UV_THREADPOOL_SIZE=3 PGPASSWORD=secret ",
		"/node.js --host=::1 --port=80 --loops=2 --data=/data " +
			"--db=sqlite:/orders.db --connections=5 --upstream=http://x/"} {
		if !strings.Contains(line, want) {
			t.Errorf("%s lacks %s", line, want)
		}
	}
}
