package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"nodecompare/results"
	"nodecompare/thorough"
)

var (
	joinLine = regexp.MustCompile(`nodecompare (agent --join=\S+ --token=\S+ --fingerprint=\S+)`)
	portLine = regexp.MustCompile(`port (\d+)`)
)

// Hosts of a field: agents have those between.
const (
	coordinatorHost = 0
	firstAgent      = 1
)

// field is a load of several hosts, each a namespace where that is possible, or all of them this
// one. The last host has the server.
type field struct {
	lan                 *lan
	mark                string // in the environment of all its processes
	coordinator, server *exec.Cmd
	agents              []*exec.Cmd
	url                 string
	out                 *bytes.Buffer
	notes               *bufio.Scanner
	joining             string // what the coordinator said until all were there
}

func (f *field) serverHost() int { return firstAgent + len(f.agents) }

// start starts a command on a host, with the field's mark.
func (f *field) start(t *testing.T, host int, c *exec.Cmd) *exec.Cmd {
	t.Helper()
	c.Env = append(os.Environ(), f.mark)
	c = f.lan.on(host, c)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.ProcessState == nil {
			c.Process.Kill() // whatever a failed test left
			c.Wait()
		}
	})
	return c
}

// newField starts a server on the last host of so many beside the coordinator's.
func newField(t *testing.T, agents int) *field {
	t.Helper()
	f := &field{lan: newLAN(t, agents+2), mark: fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid()),
		agents: make([]*exec.Cmd, agents)}
	at := f.serverHost()
	c, _, _ := command(t, "serve", "--mode=async", "--upstream=none", "--addr="+f.lan.address(at)+":0")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	t.Cleanup(func() { r.Close() })
	c.Stdout = w
	f.server = f.start(t, at, c)
	lines := bufio.NewScanner(r)
	if !lines.Scan() || portLine.FindStringSubmatch(lines.Text()) == nil {
		t.Fatalf("the server does not say where it is: %q", lines.Text())
	}
	f.url = "http://" + net.JoinHostPort(f.lan.address(at), portLine.FindStringSubmatch(lines.Text())[1])
	return f
}

// coordinate starts a load, calls before with the line that agents join by, and has them join.
func (f *field) coordinate(t *testing.T, path string, before func(join []string), args ...string) {
	t.Helper()
	f.lead(t, len(f.agents), func(join []string) {
		if before != nil {
			before(join)
		}
		for i := range f.agents {
			a, _, _ := command(t, append(join[:len(join):len(join)], fmt.Sprintf("--name=host-%d", i))...)
			f.agents[i] = f.start(t, firstAgent+i, a)
		}
	}, append([]string{"load", f.url + path}, args...)...)
}

// lead starts a coordinator of so many agents, and calls join with each line that agents join by,
// until all are there.
func (f *field) lead(t *testing.T, agents int, join func(line []string), args ...string) {
	t.Helper()
	c, out, _ := command(t, append(args, fmt.Sprintf("--agents=%d", agents),
		"--listen="+f.lan.address(coordinatorHost)+":0")...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	c.Stderr, f.out = w, out
	f.coordinator = f.start(t, coordinatorHost, c)
	w.Close()
	f.notes = bufio.NewScanner(r)
	for f.notes.Scan() && !strings.Contains(f.notes.Text(), fmt.Sprintf("%d of %[1]d agents", agents)) {
		f.joining += f.notes.Text() + "\n"
		if m := joinLine.FindStringSubmatch(f.notes.Text()); m != nil {
			join(strings.Fields(m[1]))
		}
	}
}

// said returns what the coordinator says until its end.
func (f *field) said() string {
	var all strings.Builder
	for f.notes.Scan() {
		all.WriteString(f.notes.Text() + "\n")
	}
	return all.String()
}

// result returns what a load came to.
func (f *field) result(t *testing.T) results.LoadRun {
	t.Helper()
	notes := f.said()
	err := f.coordinator.Wait()
	if code := f.coordinator.ProcessState.ExitCode(); code != 0 && code != 5 {
		t.Fatalf("%v: %s", err, notes) // 5: of a machine that stood still
	}
	var r results.LoadRun
	if err := json.Unmarshal(f.out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s%s", err, f.out, notes)
	}
	return r
}

// ended ends the server, and looks for what is left of anything.
func (f *field) ended(t *testing.T, began time.Time) {
	t.Helper()
	f.server.Process.Kill() // it may have ended
	f.server.Wait()
	f.finished(t, began)
}

// finished waits for the agents, and looks for what is left of anything.
func (f *field) finished(t *testing.T, began time.Time) {
	t.Helper()
	for _, a := range f.agents {
		a.Wait() // how it ends is the coordinator's doing
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the agents took %v to end", took)
	}
	if all := left(t, f.mark); len(all) > 0 {
		t.Errorf("left: %q", all)
	}
}

// A load of two agents has the counts of both, and a block for each. Who does not belong to it gets
// nothing, and a line.
func TestLoadOfAgents(t *testing.T) {
	t.Parallel()
	f := newField(t, 2)
	f.coordinate(t, "/", func(join []string) {
		address := strings.TrimPrefix(join[1], "--join=nats://")
		garbage := exec.Command("sh", "-c", `exec 3<>/dev/tcp/`+strings.Replace(address, ":", "/", 1)+
			`; printf 'GET / HTTP/1.1\r\n\r\n' >&3; cat <&3`)
		garbage.Args[0], garbage.Path = "bash", "/bin/bash"
		if f.lan == nil {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\n\r\n")
			io.ReadAll(c) // however it is refused
		} else if f.lan.on(firstAgent, garbage).Run(); t.Failed() {
			return
		}
		stranger := append([]string(nil), join...)
		stranger[2] += "X"
		c, _, errs := command(t, stranger...)
		c = f.lan.on(firstAgent, c)
		if err := c.Run(); err == nil || !strings.Contains(errs.String(), "does not know the token") {
			t.Errorf("a wrong token: %v: %s", err, errs)
		}
	}, "--connections=3", "--rate=50", "--duration=2s", "--format=json")
	r := f.result(t)
	if !strings.Contains(f.joining, "nodecompare: refused: ") {
		t.Errorf("nothing is said of who was refused: %s", f.joining)
	}
	if len(r.Hosts) != 2 || r.Requests != r.Hosts[0].Requests+r.Hosts[1].Requests || r.Requests+r.Unsent != 100 ||
		r.Connections != 3 || r.Hosts[0].Connections+r.Hosts[1].Connections != 3 || r.Reduced["requests"] != "sum" {
		t.Errorf("not the sum of its parts: %s", f.out)
	}
	for _, a := range f.agents {
		if err := a.Wait(); err != nil {
			t.Errorf("an agent ended with %v", err)
		}
	}
}

// Three hosts agree with one: on counts exactly, and on the percentiles of a server with a known
// delay within what the selftest allows.
func TestHostsAgreeWithOne(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	const attempts, allowed = 5, 1000. // µs: the larger of 2% of 50 ms and the selftest's tail
	quiet := false                     // in some attempt
	for attempt := 1; ; attempt++ {
		f := newField(t, 3)
		args := []string{"--connections=30", "--rate=150", "--duration=2s", "--format=json"}
		f.coordinate(t, "/wait?ms=50", nil, args...)
		several := f.result(t)
		c, out, errs := command(t, append([]string{"load", f.url + "/wait?ms=50"}, args...)...)
		c = f.lan.on(firstAgent, c)
		var one results.LoadRun
		if err := c.Run(); err != nil && c.ProcessState.ExitCode() != 5 {
			t.Fatalf("%v: %s", err, errs)
		}
		if err := json.Unmarshal(out.Bytes(), &one); err != nil {
			t.Fatal(err)
		}
		f.ended(t, time.Now())
		if a, b := several.Requests+several.Unsent, one.Requests+one.Unsent; a != b || a != 300 {
			t.Fatalf("%d requests of three hosts, %d of one, want 300", a, b)
		}
		off := max(math.Abs(several.LatencyUS.P50-one.LatencyUS.P50), math.Abs(several.LatencyUS.P90-one.LatencyUS.P90))
		t.Logf("three hosts %+v, one %+v", several.LatencyUS, one.LatencyUS)
		if off <= allowed && several.LatencyUS.P50 >= 50_000 {
			return
		}
		quiet = quiet || several.Trust.Status == results.Valid && one.Trust.Status == results.Valid
		switch {
		case attempt == attempts && quiet:
			t.Fatalf("three hosts and one differ by %v µs", off)
		case attempt == attempts:
			t.Skipf("others used the CPUs in each of %d attempts, and they differ by %v µs", attempts, off)
		}
	}
}

// Whoever is lost in the midst of a load makes it VOID within three seconds, and nothing is left.
func TestLostInALoad(t *testing.T) {
	thorough.Only(t)
	signal := func(who func(*field) *exec.Cmd, s syscall.Signal) func(*testing.T, *field) {
		return func(t *testing.T, f *field) {
			if err := who(f).Process.Signal(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	agent := func(i int) func(*field) *exec.Cmd { return func(f *field) *exec.Cmd { return f.agents[i] } }
	coordinator := func(f *field) *exec.Cmd { return f.coordinator }
	server := func(f *field) *exec.Cmd { return f.server }
	cut := func(host int) func(*testing.T, *field) {
		return func(t *testing.T, f *field) {
			if f.lan == nil {
				t.Skip("SKIP: there is no link to cut")
			}
			f.lan.cut(t, host)
		}
	}
	for _, test := range []struct {
		name string
		fail func(*testing.T, *field)
		code int
		says string
	}{
		{"agent killed", signal(agent(1), syscall.SIGKILL), 5, "VOID: lost host-1"},
		{"agent stopped", signal(agent(0), syscall.SIGSTOP), 5, "VOID: lost host-0"},
		{"agent ended", signal(agent(0), syscall.SIGTERM), 5, "VOID: lost host-0"},
		{"agent's link cut", cut(firstAgent), 5, "VOID: lost host-0"},
		{"server killed", signal(server, syscall.SIGKILL), 1, "were answered as they should be"},
		{"coordinator killed", signal(coordinator, syscall.SIGKILL), -1, ""},
		{"coordinator ended", signal(coordinator, syscall.SIGINT), 130, "interrupted"},
		{"coordinator's link cut", cut(coordinatorHost), 5, "VOID: lost host-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newField(t, 2)
			duration := "--duration=30s"
			if test.name == "server killed" {
				duration = "--duration=4s" // it goes on: what the server does is what is measured
			}
			f.coordinate(t, "/", nil, "--rate=50", duration, "--timeout=1s")
			time.Sleep(1500 * time.Millisecond)
			began := time.Now()
			test.fail(t, f)
			notes := f.said()
			err := f.coordinator.Wait()
			took, code := time.Since(began), f.coordinator.ProcessState.ExitCode()
			if code != test.code || !strings.Contains(notes, test.says) || took > 8*time.Second {
				t.Errorf("after %v: %v, exit code %d: %s%s", took, err, code, notes, f.out)
			}
			t.Logf("after %.2f s: %s", took.Seconds(), notes)
			for _, a := range f.agents {
				a.Process.Signal(syscall.SIGCONT) // who was stopped may end now
			}
			f.ended(t, began)
		})
	}
}

// A link that takes 20 ms more makes the clocks' uncertainty larger, and nothing wrong.
func TestSlowLink(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	f := newField(t, 2)
	if f.lan == nil || !f.lan.delay(t, firstAgent) {
		t.Skip("SKIP: no tc netem here")
	}
	f.coordinate(t, "/", nil, "--rate=50", "--duration=2s", "--format=json")
	r := f.result(t)
	if r.Requests+r.Unsent != 100 || max(r.Hosts[0].RoundTripUS, r.Hosts[1].RoundTripUS) < 20_000 {
		t.Errorf("%s", f.out)
	}
	f.ended(t, time.Now())
}

// At a NATS server of the user's own, coordinator and agents meet under the token, and whoever may
// not connect says so.
func TestLoadByOwnNATS(t *testing.T) {
	t.Parallel()
	nats, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true,
		NoLog: true, Username: "us", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	go nats.Start()
	defer func() { nats.Shutdown(); nats.WaitForShutdown() }()
	if !nats.ReadyForConnections(20 * time.Second) {
		t.Fatal("NATS does not listen")
	}
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	at := nats.Addr().String()
	start := func(args ...string) (c *exec.Cmd, out, errs *bytes.Buffer) {
		c, out, errs = command(t, args...)
		c.Env = append(os.Environ(), "NODECOMPARE_TOKEN=ours")
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		return c, out, errs
	}
	c, out, errs := start("load", target.URL, "--agents=1", "--nats=nats://us:secret@"+at, "--rate=20", "--duration=2s",
		"--connections=2", "--format=json")
	a, _, said := start("agent", "--join=nats://us:secret@"+at)
	stranger, _, refused := start("agent", "--join=nats://us:wrong@"+at)
	if err := stranger.Wait(); err == nil || !strings.Contains(refused.String(), "it refuses these credentials") {
		t.Errorf("a wrong password: %v: %s", err, refused)
	}
	if err := c.Wait(); err != nil && c.ProcessState.ExitCode() != 5 {
		t.Fatalf("%v: %s", err, errs)
	}
	if err := a.Wait(); err != nil {
		t.Errorf("the agent: %v: %s", err, said)
	}
	var r results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || len(r.Hosts) != 1 || r.Requests+r.Unsent != 40 {
		t.Errorf("%v: %s%s", err, out, errs)
	}
}
