package cmd_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// command is this test binary as nodecompare, with its output in the two buffers.
func command(t testing.TB, args ...string) (c *exec.Cmd, out, errs *bytes.Buffer) {
	t.Helper()
	c = exec.CommandContext(t.Context(), os.Args[0], args...)
	out, errs = new(bytes.Buffer), new(bytes.Buffer)
	c.Stdout, c.Stderr = out, errs
	return c, out, errs
}

// loadJSON runs a load and reads its object; the exit code may be that of a void measurement, where
// the machine is slow.
func loadJSON(t *testing.T, args ...string) map[string]any {
	t.Helper()
	c, out, errs := command(t, append([]string{"load", "--format=json"}, args...)...)
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 5) {
		t.Fatalf("%v: %v\n%s", args, err, errs)
	}
	object := map[string]any{}
	if err := json.Unmarshal(out.Bytes(), &object); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return object
}

// The fields that docs/load.md promises to programs.
func TestLoadJSON(t *testing.T) {
	t.Parallel()
	p := startServer(t, "--mode=async")
	for _, args := range [][]string{
		{"--duration=200ms", "--connections=4"},
		{"--duration=200ms", "--connections=4", "--engine=vegeta"},
		{"--duration=200ms", "--rate=100"},
		{"--duration=200ms", "--rate=100", "--engine=loop"},
	} {
		o := loadJSON(t, append(args, p.URL+"/")...)
		for _, name := range []string{"requests", "errors", "duration_s", "rate_rps", "offered_rps",
			"generator_cpu_us_per_request", "unsent", "aborted", "retries", "bytes_in", "connections"} {
			if _, ok := o[name].(float64); !ok && !(name == "generator_cpu_us_per_request" && o[name] == nil) {
				t.Errorf("%v: %s is %v, want a number", args, name, o[name])
			}
		}
		for name, keys := range map[string][]string{
			"latency_us":     {"p50", "p90", "p99", "p999", "max"},
			"uncorrected_us": {"p50", "p90", "p99", "p999", "max"}, "send_lag_us": {"p50", "p99"},
		} {
			for _, key := range keys {
				figures, ok := o[name].(map[string]any)
				if v, has := figures[key].(float64); !ok || !has || v <= 0 && name != "send_lag_us" {
					t.Errorf("%v: %s.%s is %v", args, name, key, figures[key])
				}
			}
		}
		trust, _ := o["trust"].(map[string]any)
		if _, ok := trust["reasons"].([]any); !ok || trust["status"] == "" || o["url"] != p.URL+"/" ||
			o["method"] != "GET" {
			t.Errorf("%v: %v", args, o)
		}
	}
}

// https goes through the vegeta engine, closed too. The certificate is told to the command by the
// environment, as to any Go program.
func TestLoadHTTPS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "four"); err != nil {
			t.Error(err)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of the connection that only looks whether there is a server
	s.StartTLS()
	defer s.Close()
	trust(t, s)
	o := loadJSON(t, "--duration=200ms", "--connections=2", s.URL)
	if o["engine"] != "vegeta" || o["errors"] != 0.0 || o["bytes_in"] != 4*o["requests"].(float64) {
		t.Errorf("%v", o)
	}
}

// trust has commands trust the certificate of a server, until the test ends.
func trust(t *testing.T, s *httptest.Server) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(file,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
}

// Ctrl-C prints what there is, marks the saved results as partial, and exits as a shell expects.
func TestLoadInterrupted(t *testing.T) {
	t.Parallel()
	for _, rate := range []string{"--rate=200", "--connections=4"} {
		loaded := make(chan struct{})
		n := 0
		var mu sync.Mutex
		s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if n++; n == 50 {
				close(loaded)
			}
		}))
		file := filepath.Join(t.TempDir(), "results.gob")
		c, out, errs := command(t, "load", s.URL, "--duration=1h", rate, "--save-results="+file)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-loaded:
		case <-time.After(time.Minute):
			t.Error("no load within a minute")
		}
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 130 {
			t.Errorf("it ended with %v, want exit code 130", err)
		}
		s.Close()
		if !strings.Contains(out.String(), "PARTIAL: the load was interrupted") ||
			!strings.Contains(out.String(), "p99") {
			t.Errorf("standard output:\n%s", out)
		}
		if !strings.HasSuffix(errs.String(), "the results until then are in "+file+
			".partial\nnodecompare: interrupted\n") {
			t.Errorf("standard error:\n%s", errs)
		}
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the results have the name of whole ones: %v", err)
		}
	}
}

// A server that answers a few requests and then none as it should has not passed, on either engine.
func TestLoadOnAServerThatBreaks(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"vegeta", "loop"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if n.Add(1) > 20 {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}))
			defer s.Close()
			c, out, errs := command(t, "load", "--quiet", "--engine="+engine, "--rate=1000", "--duration=400ms", s.URL)
			var exit *exec.ExitError
			if err := c.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 ||
				strings.Contains(out.String(), "VALID") ||
				!strings.Contains(errs.String(),
					"only 20 of 400 requests were answered as they should be: 380 status (status 500)") {
				t.Errorf("%v\n%s%s", err, out, errs)
			}
		})
	}
}

// How long failures take is told, and is in no percentile of what succeeded.
func TestLoadErrorsApart(t *testing.T) {
	t.Parallel()
	const slow = 80 * time.Millisecond
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%10 == 0 {
			<-time.After(slow)
			w.WriteHeader(http.StatusGatewayTimeout)
		}
	}))
	defer s.Close()
	for _, args := range []string{"--engine=loop", "--engine=vegeta", "--engine=loop --rate=200",
		"--engine=vegeta --rate=200"} {
		o := loadJSON(t, append(strings.Fields(args), "--duration=300ms", "--connections=20", s.URL)...)
		p50 := func(name string) float64 {
			figures, ok := o[name].(map[string]any)
			if !ok {
				t.Fatalf("%s: %s is %v", args, name, o[name])
			}
			return figures["p50"].(float64)
		}
		if failed := p50("error_latency_us"); failed < 0.999*float64(slow.Microseconds()) ||
			failed <= p50("latency_us") {
			t.Errorf("%s: p50 of the errors %v, of the successes %v", args, failed, p50("latency_us"))
		}
	}
}
