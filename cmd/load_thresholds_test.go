package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// codeOf is the exit code of a command that has ended.
func codeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit == nil {
		return 0
	}
	return exit.ExitCode()
}

// undisturbed returns the exit code of a load, and skips the test where the load is VOID, as it is
// where other programs or machines have the CPUs.
func undisturbed(t *testing.T, err error, out *bytes.Buffer) int {
	t.Helper()
	code := codeOf(t, err)
	if code == 5 {
		t.Skipf("VOID: this machine is too slow, or busy\n%s", out)
	}
	return code
}

func TestLoadThresholds(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%4 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	for _, c := range []struct {
		limits string
		code   int
		shown  []string // in this order
		missed string
	}{
		{"--max-p50=1h --max-p90=1h --max-errors=30% --min-rate=0.1", 0,
			[]string{"✓ p50", "✓ p90", "✓ errors", ", at most 30%", "✓ rate"}, ""},
		{"--max-p50=1h --max-p999=1h", 3, []string{"✓ p50", "✗ p99.9", "it needs at least 1000 answers"},
			"1 of 2 thresholds missed: p99.9 "},
		{"--min-rate=1e9 --max-errors=0.1% --max-p99=1ns --max-p50=1h", 3,
			[]string{"✓ p50", "✗ p99", "✗ errors", ", at most 0.1%", "✗ rate"}, "3 of 4 thresholds missed: p99 "},
		{"--max-errors=0 --max-errors=26%", 0, []string{"✓ errors", ", at most 26%"}, ""}, // the last counts
	} {
		for _, engine := range []string{"loop", "vegeta"} {
			n.Store(0)
			args := append([]string{"load", s.URL, "--engine=" + engine, "--rate=400", "--duration=100ms",
				"--connections=200"}, strings.Fields(c.limits)...)
			cmd, out, errs := command(t, args...)
			code := codeOf(t, cmd.Run())
			if code == 5 {
				t.Logf("VOID: this machine is too slow\n%s", out)
				continue
			}
			rest, whole := out.String(), true
			for _, want := range c.shown {
				_, after, ok := strings.Cut(rest, want)
				rest, whole = after, whole && ok
			}
			if code != c.code || !whole || !strings.Contains(errs.String(), c.missed) ||
				(code == 0) != (errs.Len() == 0) {
				t.Errorf("%s, %s: exit code %d\n%s%s", engine, c.limits, code, out, errs)
			}
		}
	}
}

// What is VOID decides nothing, and ends as it would without thresholds. A run of which nothing
// succeeded is VOID too.
func TestLoadThresholdsOfNothing(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-time.After(100 * time.Millisecond)
		case "/bad":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	type threshold struct {
		Name, Unit string
		Limit      float64
		Value      *float64
		Met        *bool
	}
	run := func(args ...string) (all []threshold, code int) {
		cmd, out, errs := command(t, append([]string{"load", "--format=json"}, args...)...)
		code = codeOf(t, cmd.Run())
		var object struct{ Thresholds []threshold }
		if err := json.Unmarshal(out.Bytes(), &object); err != nil {
			t.Fatalf("%v\n%s%s", err, out, errs)
		}
		return object.Thresholds, code
	}
	all, code := run(s.URL+"/slow", "--rate=200", "--connections=1", "--duration=300ms", "--max-p99=1h",
		"--max-p50=1ns")
	if code != 5 || len(all) != 2 || all[0].Met != nil || all[1].Met != nil || all[0].Value == nil ||
		*all[0].Value <= 0 {
		t.Errorf("of a VOID run: exit code %d, %+v", code, all)
	}
	all, code = run(s.URL+"/bad", "--connections=1", "--duration=50ms", "--max-p99=1h", "--max-errors=100%")
	if code != 1 || len(all) != 2 || all[0].Value != nil || all[0].Met != nil || all[1].Met != nil ||
		*all[1].Value != 100 || all[0].Limit != 3.6e9 || all[0].Unit != "us" {
		t.Errorf("of no success: exit code %d, %+v", code, all)
	}
}
