package cmd_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"nodecompare/cmd"
	"nodecompare/servers/child"
	"nodecompare/thorough"
)

// mainEnv has a copy of this test binary be the nodecompare command.
const mainEnv = "NODECOMPARE_TEST_MAIN"

// TestMain has every copy of this binary that a test starts, or that the tool starts within a test,
// be the command.
func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		os.Exit(cmd.Main())
	}
	if err := os.Setenv(mainEnv, "1"); err != nil {
		panic(err)
	}
	// Most of these tests wait: more of them than there are CPUs may run at once.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"nodecompare": func() { os.Exit(cmd.Main()) },
	})
}

// TestScripts runs testdata/*.txtar, each of them a terminal session with the real command. They
// run beside each other.
func TestScripts(t *testing.T) {
	t.Parallel()
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 testdata,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			// The workloads' data folder is in the user's cache folder: one for all scripts saves
			// building it again.
			cache, err := os.UserCacheDir()
			e.Setenv("XDG_CACHE_HOME", cache)
			e.Values[serving{}] = new(*child.Process)
			e.Setenv("TESTDATA", testdata)
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, "state")) // where the last bench is kept
			return err
		},
		Condition: func(name string) (bool, error) {
			if name != "long" {
				return false, fmt.Errorf("unknown condition %q: the one of these scripts is long", name)
			}
			return thorough.On(), nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"serve": serve,
			"end":   end,
			"get":   get,
		},
	})
}

// exits CODE COMMAND...: the command ends with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", args[1], got, want)
	}
}

// serving is the key of a script's server, the one that serve started last, among the script's
// values.
type serving struct{}

// serve FLAGS...: starts 'nodecompare serve' on a free port and sets $URL, $PORT and $PID.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: serve FLAGS...")
	}
	p, err := child.Start(context.Background(), serveCommand(args...))
	ts.Check(err)
	ts.Defer(func() { ts.Check(p.Stop(context.Background())) })
	ts.Setenv("URL", p.URL)
	ts.Setenv("PORT", strconv.Itoa(p.Port))
	ts.Setenv("PID", strconv.Itoa(p.PID))
	*ts.Value(serving{}).(**child.Process) = p
}

// serveCommand is 'nodecompare serve' on a free loopback port, played by a copy of this test
// binary.
func serveCommand(flags ...string) child.Command {
	return child.Command{
		Name:         "nodecompare serve",
		Args:         append([]string{"serve", "--addr=127.0.0.1:0", "--upstream=none"}, flags...),
		ReadyTimeout: 2 * time.Minute,
		StopTimeout:  time.Minute,
	}
}

// end: ends the server and checks that it went with exit code 0.
func end(ts *testscript.TestScript, neg bool, args []string) {
	p := *ts.Value(serving{}).(**child.Process)
	if neg || len(args) > 0 || p == nil {
		ts.Fatalf("usage: end, after a serve")
	}
	ts.Check(p.Stop(context.Background()))
	exit, ok := p.Exit()
	if !ok || exit.Code != 0 || exit.Signal != 0 {
		ts.Fatalf("the server ended with %v, want exit code 0", exit)
	}
}

// get STATUS URL TEXT: the answer has that status, and a body that begins with the text.
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: get STATUS URL TEXT")
	}
	r, err := http.Get(args[1])
	ts.Check(err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	ts.Check(err)
	if strconv.Itoa(r.StatusCode) != args[0] || !strings.HasPrefix(string(body), args[2]) {
		ts.Fatalf("GET %s answered %s %q, want %s %q", args[1], r.Status, body, args[0], args[2])
	}
}
