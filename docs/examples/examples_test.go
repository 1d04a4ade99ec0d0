package examples_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"nodecompare/cmd"
	"nodecompare/servers/child"
	"nodecompare/thorough"
)

// asMain makes this test the program itself, which starts itself again to guard a server.
const asMain = "NODECOMPARE_EXAMPLES_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		os.Exit(cmd.Main())
	}
	if err := errors.Join(os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin"), // where nginx is
		flag.Set("test.parallel", "4")); err != nil { // for they wait
		panic(err)
	}
	os.Exit(m.Run())
}

// soonStarted has a JVM compile no more than it takes to answer a few requests.
const soonStarted = "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

// needs says what runs each example, and where Debian has it.
var needs = map[string]struct{ program, packages string }{
	"python_threads.py":       {"python3", "python3"},
	"python_asyncio.py":       {"python3", "python3"},
	"JavaThreads.java":        {"java", "default-jdk-headless"},
	"JavaVirtualThreads.java": {"java", "openjdk-21-jdk-headless"},
	"nginx.conf":              {"nginx", "nginx-light"},
	"nethttp.go":              {"go", "golang"},
	"node_cluster.js":         {"node", "nodejs"},
	"node_workers.js":         {"node", "nodejs"},
}

var (
	benchLine    = regexp.MustCompile(`(?m)^\W*(nodecompare bench .*--server \w+='(.*)')$`)
	workloadFlag = regexp.MustCompile(`--workloads=(\S+)`)
)

// command is the bench that stands at the head of an example, and the server's part of it.
func command(t *testing.T, file string) (bench, server string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := benchLine.FindStringSubmatch(string(text))
	if m == nil {
		t.Fatalf("%s has no bench at its head", file)
	}
	return m[1], m[2]
}

// prepare returns a PATH that has what an example needs, or skips the test. In CI only what no
// package of its Debian has is skipped.
func prepare(t *testing.T, file string) string {
	t.Helper()
	n := needs[file]
	if n.program == "java" {
		thorough.Only(t) // a JVM takes seconds to start
	}
	if file == "JavaVirtualThreads.java" {
		bin := newestJava(t)
		if bin == "" {
			t.Skipf("needs Java 21 or later: apt-get install %s, or https://adoptium.net", n.packages)
		}
		return bin + ":" + os.Getenv("PATH")
	}
	if _, err := exec.LookPath(n.program); err != nil {
		thorough.Lacks(t, fmt.Sprintf("needs %s: apt-get install %s", n.program, n.packages))
	}
	return os.Getenv("PATH")
}

// newestJava is the folder of the java that is newest, of those from 21 on; "" where there is none.
func newestJava(t *testing.T) (bin string) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/jvm/*/bin/java")
	if err != nil {
		t.Fatal(err)
	}
	if path, err := exec.LookPath("java"); err == nil {
		found = append(found, path)
	}
	newest := 20
	for _, java := range found {
		out, err := exec.Command(java, "--version").Output()
		if m := regexp.MustCompile(`^\S+ (\d+)`).FindSubmatch(out); err == nil && m != nil {
			if v, err := strconv.Atoi(string(m[1])); err == nil && v > newest {
				newest, bin = v, filepath.Dir(java)
			}
		}
	}
	return bin
}

// Each example is started as bench starts it, by the line at its head, and serves what that line
// says.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	manual, err := os.ReadFile("../servers.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			if _, known := needs[file]; !known {
				t.Fatal("this test does not know what it needs")
			}
			bench, server := command(t, file)
			if !strings.Contains(string(manual), "(examples/"+file+")") {
				t.Error("docs/servers.md does not list it")
			}
			path := prepare(t, file)
			p, err := child.Start(t.Context(),
				child.Command{Name: file, Shell: server, Env: []string{asMain + "=1", soonStarted, "PATH=" + path}})
			if err != nil {
				t.Fatal(err)
			}
			for _, workload := range strings.Split(workloadFlag.FindStringSubmatch(bench)[1], ",") {
				checkRoute(t, p.URL, workload)
			}
			if err := p.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// checkRoute asks five times on one connection, and on a busy machine until an answer is no longer
// late. The first may take its time; that a second write waits for the client's delayed ACK of the
// first, 40 ms, would show in each of the others.
func checkRoute(t *testing.T, base, workload string) {
	t.Helper()
	target, took, late := "/", time.Duration(0), 35*time.Millisecond
	switch workload {
	case "wait":
		// 49: Node.js's timers count whole milliseconds, and one begun late in its own ends early
		target, took, late = "/wait?ms=50", 49*time.Millisecond, 85*time.Millisecond
	case "cpu":
		// its loop was measured when the machine was at another speed
		target, took, late = "/cpu?ms=5", time.Millisecond, time.Second
	}
	client := http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	const usual, most = 5, 200
	best := time.Hour
	for i := 0; i < usual || best > late && i < most; i++ {
		reused := false
		trace := httptrace.WithClientTrace(t.Context(),
			&httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) { reused = c.Reused }})
		q, err := http.NewRequestWithContext(trace, http.MethodGet, base+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		r, err := client.Do(q)
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(r.Body)
		best = min(best, time.Since(start))
		if closeErr := r.Body.Close(); err != nil || closeErr != nil || r.StatusCode != http.StatusOK ||
			r.ContentLength != int64(len(body)) {
			t.Errorf("%s: %s %q %v %v", target, r.Status, body, err, closeErr)
		}
		if reused != (i > 0) {
			t.Errorf("%s, request %d: the connection was reused: %v", target, i, reused)
		}
	}
	if best < took || best > late {
		t.Errorf("%s took %v at best, want %v to %v", target, best, took, late)
	}
	r, err := client.Get(base + "/nowhere")
	if err != nil {
		t.Error(err)
		return
	}
	if err := r.Body.Close(); err != nil || r.StatusCode != http.StatusNotFound {
		t.Errorf("/nowhere: %s %v", r.Status, err)
	}
}

// The line at an example's head is a bench that works.
func TestBenchOfAnExample(t *testing.T) {
	thorough.Only(t)
	const file = "python_asyncio.py"
	prepare(t, file)
	bench, _ := command(t, file)
	bench = workloadFlag.ReplaceAllString(strings.Replace(bench, "nodecompare", os.Args[0], 1), "--workloads=hello")
	c := exec.Command("sh", "-c", bench+" --profile=quick --rounds=1 --modes= --selftest=off")
	c.Env = append(os.Environ(), asMain+"=1")
	out, err := c.CombinedOutput()
	// 5: a noisy machine
	if code := c.ProcessState.ExitCode(); code != 0 && code != 5 || !strings.Contains(string(out), " a request") {
		t.Errorf("%v: %s", err, out)
	}
}
