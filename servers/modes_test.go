package servers_test

import (
	"slices"
	"strings"
	"testing"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/thorough"
)

func TestCommandOfOurs(t *testing.T) {
	async := modeNamed(t, "async")
	c, err := async.Command(servers.NoUpstream, nil, 1)
	if want := []string{"serve", "--mode=async", "--addr=127.0.0.1:0", "--upstream=none"}; err != nil ||
		c.Path != "" || !slices.Equal(c.Args, want) {
		t.Errorf("%q %q, %v", c.Path, c.Args, err)
	}
}

// A machine without Node.js has the other modes all the same, and is told once of each mode that it
// has not.
func TestPrepareWithoutNode(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var all []*servers.Mode
	for _, m := range servers.Modes {
		all = append(all, &m)
	}
	unable, err := servers.Prepare(t.Context(), append(all, all...), func(line string) { t.Errorf("said %q", line) })
	if err != nil || len(unable) != 2 || unable[0].Mode != "node" || unable[1].Mode != "express" {
		t.Errorf("%v, %v", unable, err)
	}
}

func TestPrepareAndStartNode(t *testing.T) {
	if testing.Short() {
		t.Skip("another process, which the race detector does not see: -short")
	}
	node := modeNamed(t, "node")
	unable, err := servers.Prepare(t.Context(), []*servers.Mode{&node}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(unable) > 0 {
		thorough.Lacks(t, unable[0])
	}
	c, err := node.Command(servers.NoUpstream, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil || !strings.HasPrefix(node.Runtime, "v") {
		t.Errorf("version %q, %v", node.Runtime, err)
	}
}
