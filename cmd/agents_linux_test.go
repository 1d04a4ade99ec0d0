package cmd_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/results"
	"nodecompare/thorough"
)

var joinLine = regexp.MustCompile(`nodecompare (agent --join=\S+ --token=\S+ --fingerprint=\S+)`)

// onAgents starts a load on two agents, and returns the three processes once all have joined.
func onAgents(t *testing.T, mark string, args ...string) (coordinator *exec.Cmd, out *bytes.Buffer, said func() string,
	agents []*exec.Cmd) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	args = append([]string{"load", server.URL, "--agents=2", "--listen=127.0.0.1:0"}, args...)
	coordinator, out, _ = command(t, args...)
	coordinator.Stderr = nil
	coordinator.Env = append(os.Environ(), mark)
	stderr, err := coordinator.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := coordinator.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "2 of 2 agents") {
		if m := joinLine.FindStringSubmatch(lines.Text()); m != nil {
			for i := range 2 {
				a, _, _ := command(t, append(strings.Fields(m[1]), fmt.Sprintf("--name=host-%d", i))...)
				a.Env = append(os.Environ(), mark)
				if err := a.Start(); err != nil {
					t.Fatal(err)
				}
				agents = append(agents, a)
			}
		}
	}
	rest := make(chan string, 1)
	go func() {
		var all strings.Builder
		for lines.Scan() {
			all.WriteString(lines.Text() + "\n")
		}
		rest <- all.String()
	}()
	return coordinator, out, func() string { return <-rest }, agents
}

// A load of two agents has the counts of both, and a block for each.
func TestLoadOfAgents(t *testing.T) {
	t.Parallel()
	c, out, said, agents := onAgents(t, "MARK=none", "--connections=3", "--rate=50", "--duration=2s", "--format=json")
	notes := said()
	if err := c.Wait(); c.ProcessState.ExitCode() != 0 && c.ProcessState.ExitCode() != 5 {
		t.Fatalf("%v: %s", err, notes) // 5: of a machine that stood still
	}
	var r results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out, notes)
	}
	if len(r.Hosts) != 2 || r.Requests != r.Hosts[0].Requests+r.Hosts[1].Requests || r.Requests+r.Unsent != 100 ||
		r.Connections != 3 || r.Hosts[0].Connections+r.Hosts[1].Connections != 3 || r.Reduced["requests"] != "sum" {
		t.Errorf("not the sum of its parts: %s", out)
	}
	for _, a := range agents {
		if err := a.Wait(); err != nil {
			t.Errorf("an agent ended with %v", err)
		}
	}
}

// Whoever is lost in the midst of a load makes it VOID within three seconds, and nothing is left.
func TestLostInALoad(t *testing.T) {
	thorough.Only(t)
	const coordinator = 2
	for _, test := range []struct {
		name string
		who  int // the agent, or the coordinator
		how  syscall.Signal
		code int
		says string
	}{
		{"agent killed", 1, syscall.SIGKILL, 5, "VOID: lost host-1"},
		{"agent stopped", 0, syscall.SIGSTOP, 5, "VOID: lost host-0"},
		{"agent ended", 0, syscall.SIGTERM, 5, "VOID: lost host-0"},
		{"coordinator killed", coordinator, syscall.SIGKILL, -1, ""},
		{"coordinator ended", coordinator, syscall.SIGINT, 130, "interrupted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			mark := fmt.Sprintf("MARK=%s-%d", t.Name(), os.Getpid())
			c, _, said, agents := onAgents(t, mark, "--rate=50", "--duration=30s")
			time.Sleep(1500 * time.Millisecond)
			victim, began := append(agents, c)[test.who], time.Now()
			if err := victim.Process.Signal(test.how); err != nil {
				t.Fatal(err)
			}
			notes := said()
			err := c.Wait()
			took, code := time.Since(began), c.ProcessState.ExitCode()
			if code != test.code || !strings.Contains(notes, test.says) || took > 5*time.Second {
				t.Errorf("after %v: %v, exit code %d: %s", took, err, code, notes)
			}
			if test.how == syscall.SIGSTOP {
				if err := victim.Process.Signal(syscall.SIGCONT); err != nil {
					t.Fatal(err)
				}
			}
			for _, a := range agents {
				a.Wait() // how it ends is the coordinator's doing
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("the agents took %v to end", took)
			}
			if all := left(t, mark); len(all) > 0 {
				t.Errorf("left: %q", all)
			}
		})
	}
}
