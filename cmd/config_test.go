package cmd

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"nodecompare/cmd/bench"
)

// given is a command with flags of each kind, called with args.
func given(t *testing.T, args ...string) (c *cobra.Command, server, modes *[]string, rounds *int, quiet *bool) {
	t.Helper()
	c = &cobra.Command{}
	server = c.Flags().StringArray("server", nil, "")
	modes = c.Flags().StringSlice("modes", []string{"blocking", "async"}, "")
	rounds, quiet = c.Flags().Int("rounds", 6, ""), c.Flags().Bool("quiet", false, "")
	configurable(c)
	if err := c.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return c, server, modes, rounds, quiet
}

// A key is a flag, in whatever form TOML has for it; the order of a table's entries is that of the
// file.
func TestConfigure(t *testing.T) {
	for _, text := range []string{
		"rounds = 8\nquiet = true\nmodes = ['pool', \"async\"]\n[server]\nz = 'exec a --port=$PORT, b'\na.b " +
			"= \"http://x/?q=1\"",
		"server.z = 'exec a --port=$PORT, b'\nmodes = 'pool,async'\nrounds = 0x8\nserver.a.b = " +
			"'http://x/?q=1'\nquiet = true",
		"server = {z = 'exec a --port=$PORT, b', a = {b = 'http://x/?q=1'}}\nmodes = [\n'pool', # a " +
			"comment\n'async',\n]\nrounds = 8\nquiet = true",
		"server = ['z=exec a --port=$PORT, b', 'a:b=http://x/?q=1']\nmodes = ['pool','async']\n" +
			"rounds = 8\nquiet = true",
	} {
		c, server, modes, rounds, quiet := given(t)
		if err := configure(c, "x.toml", []byte(text)); err != nil {
			t.Errorf("%s\n%v", text, err)
			continue
		}
		if want := []string{"z=exec a --port=$PORT, b", "a:b=http://x/?q=1"}; !slices.Equal(*server, want) {
			t.Errorf("%s\n%q, want %q", text, *server, want)
		}
		if !slices.Equal(*modes, []string{"pool", "async"}) || *rounds != 8 || !*quiet || !c.Flags().Changed("modes") {
			t.Errorf("%s\n%q %d %v", text, *modes, *rounds, *quiet)
		}
	}
	c, server, modes, rounds, _ := given(t, "--modes=node", "--server=b=c", "--rounds=2")
	if err := configure(c, "x.toml", []byte("modes = []\nrounds = 8\nserver.a = 'x'")); err != nil {
		t.Error(err)
	}
	if !slices.Equal(*modes, []string{"node"}) || !slices.Equal(*server, []string{"b=c"}) || *rounds != 2 {
		t.Errorf("the command line's: %q %q %d", *modes, *server, *rounds)
	}
	c, _, modes, _, _ = given(t)
	if err := configure(c, "x.toml", []byte("modes = []")); err != nil || len(*modes) > 0 ||
		!c.Flags().Changed("modes") {
		t.Errorf("none: %q, %v", *modes, err)
	}
}

// The example of docs/servers.md is one.
func TestConfigureExample(t *testing.T) {
	doc, err := os.ReadFile("../docs/servers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```toml\n")
	text, _, ok := strings.Cut(rest, "```")
	c := benchCommand()
	if err := configure(c, "bench.toml", []byte(text)); err != nil || !ok {
		t.Fatal(text, err)
	}
	var got [][]string
	for _, name := range []string{"server", "path", "pid"} {
		values, err := c.Flags().GetStringArray(name)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, values)
	}
	servers, err := bench.ParseServers(got[0], got[1], got[2])
	if err != nil || len(servers) != 2 || servers[0].Paths["hello"] != "/health" ||
		servers[1].Paths["wait"] != "/slow?ms=50" || servers[1].PID != 1234 {
		t.Errorf("%+v, %v", servers, err)
	}
}

func TestConfigureRefuses(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"\nservers.a = 'x'", `x.toml:2: there is no flag --servers: did you mean "server"?`},
		{"rounds = 1\n\n[paths]\nhello = '/'", `x.toml:4: there is no flag --paths`},
		{"config = 'y.toml'", "x.toml:1: there is no flag --config"},
		{"rounds = 1\nrounds = 2", "x.toml:2: toml: "},
		{"rounds = 1\nmodes = [", "x.toml:2: toml: "},
		{"rounds = 'many'", `x.toml:1: --rounds=many: give a whole number`},
		{"rounds = [1]", "x.toml:1: --rounds has one value"},
		{"[rounds]\nof = 1", "x.toml:2: --rounds has one value"},
		{"modes = [['async']]", "x.toml:1: modes: a flag's value is a text"},
		{"modes = [{a = 1}]", "x.toml:1: modes: a flag's value is a text"},
		{"rounds = 2026-11-28", "x.toml:1: rounds: a flag's value is a text"},
		{"[server]\na = ['x', 'y']", "x.toml:2: server.a: an entry of a table has one value"},
		{"[[server]]\na = 'x'", "x.toml:1: [[server]] is no table of a flag: write [server]"},
		{"# " + strings.Repeat("x", mostConfig), "x.toml holds more than 1 MiB, which is the most"},
	} {
		c, _, _, _, _ := given(t)
		if err := configure(c, "x.toml", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80s\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
}
