package child_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"nodecompare/servers/child"
)

// shellLine starts a line for sh -c, in which $SERVER is a copy of this test binary that plays the
// part in $NODECOMPARE_TEST_CHILD.
func shellLine(line string) child.Command {
	return child.Command{Name: "own", Shell: line, Env: []string{"SERVER=" + os.Args[0]},
		ReadyTimeout: time.Minute, StopTimeout: time.Minute}
}

const plain = childEnv + `=plain exec "$SERVER"`

// A server that knows nothing of this program: it finds its port in the environment, and answers
// with whatever status.
func TestShellLine(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"itself":                 plain,
		"below a shell":          childEnv + `=plain "$SERVER"; exit 3`,
		"in the background":      childEnv + `=plain "$SERVER" & wait`,
		"as a daemon":            childEnv + `=plain "$SERVER" & exit 0`,
		"with nothing at /":      childEnv + `=answers-500 exec "$SERVER"`,
		"elsewhere from /":       childEnv + `=redirects exec "$SERVER"`,
		"without our descriptor": `test -z "$NODECOMPARE_PARENT_FD" && ! (: <&3) 2>/dev/null && ` + plain,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, shellLine(line))
			stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			client := http.Client{CheckRedirect: stay}
			r, err := client.Get(p.URL + "/")
			if err != nil {
				t.Fatal(err)
			}
			r.Body.Close()
			client.CloseIdleConnections()
			gone := hold(t, p.Port)
			if err := p.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			gone()
		})
	}
}

func TestShellLineThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		line    string
		timeout time.Duration // 0 where it ends by itself
		want    []string
	}{
		"no such command": {"exec no-such-server", 0,
			[]string{"exited with status 127 before it was ready", "no-such-server"}},
		"ends": {"echo 'no luck' >&2; exit 4", 0,
			[]string{"exited with status 4", "no luck; to see it by hand, run: PORT=",
				` sh -c 'echo '\''no luck'\'' >&2; exit 4'`}},
		"by a signal":   {"kill -KILL $$", 0, []string{"exited with status 137"}},
		"never listens": {"sleep 1000", time.Second, []string{"was not ready within 1s: "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shellLine(test.line)
			if test.timeout > 0 {
				c.ReadyTimeout = test.timeout
			}
			p, err := child.Start(t.Context(), c)
			if err == nil {
				t.Fatalf("started, pid %d", p.PID)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		})
	}
}

// One that dies under load is a failure of its own, not of those who asked it.
func TestShellLineThatDies(t *testing.T) {
	t.Parallel()
	p := start(t, shellLine(plain))
	if r, err := http.Get(p.URL + "/die"); err == nil {
		r.Body.Close()
	}
	<-p.Done()
	if err := p.Stop(t.Context()); !errors.As(err, new(*child.Failure)) ||
		!strings.Contains(err.Error(), "exited with status 7 though nobody asked") {
		t.Errorf("got %v", err)
	}
}

// A server that does not end by SIGTERM is killed; that is not held against it.
func TestShellLineIsKilled(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"after a while": 100 * time.Millisecond, "at once": 0} {
		c := shellLine(childEnv + `=stubborn exec "$SERVER"`)
		c.StopTimeout = wait
		p := start(t, c)
		gone := hold(t, p.Port)
		ctx, cancel := context.WithCancel(t.Context())
		if wait == 0 {
			cancel()
		}
		if err := p.Stop(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
		gone()
	}
}
