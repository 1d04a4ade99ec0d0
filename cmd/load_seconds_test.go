package cmd_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// second is a line of --out.
type second struct {
	Time             time.Time
	DurationS        float64 `json:"duration_s"`
	Requests, Errors uint64
	ErrorKinds       map[string]uint64 `json:"error_kinds"`
	RateRPS          float64           `json:"rate_rps"`
	InFlight         int64             `json:"in_flight"`
	LatencyUS        *struct{ P50, P99, P999, Max float64 }
}

// A line a second comes while the load runs, and so do the metrics. After Ctrl-C the lines add up
// to the run.
func TestLoadSecondBySecond(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"loop", "vegeta"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			held := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				switch n.Add(1) % 5 {
				case 0:
					w.WriteHeader(http.StatusServiceUnavailable)
				case 1:
					if n.Load() == 1 {
						<-held // in flight all the time
					}
				}
			}))
			defer s.Close()
			defer close(held)
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			reader, err := os.OpenFile(pipe, os.O_RDWR, 0) // to have a reader from the beginning
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			c, out, _ := command(t, "load", s.URL, "--engine="+engine, "--rate=100", "--duration=1h",
				"--format=json", "--out="+pipe, "--metrics=0")
			c.Stderr = nil
			notes, err := c.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			said, err := bufio.NewReader(notes).ReadString('\n')
			metrics, ok := strings.CutPrefix(strings.TrimSpace(said), "nodecompare: metrics at http://127.0.0.1:")
			if err != nil || !ok {
				t.Fatalf("%q, %v", said, err)
			}
			lines := bufio.NewReader(reader)
			text, err := lines.ReadString('\n') // while the load runs
			if err != nil {
				t.Fatal(err)
			}
			checkMetrics(t, "http://127.0.0.1:"+metrics)
			if err := c.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			last, err := os.OpenFile(pipe, os.O_RDONLY|syscall.O_NONBLOCK, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer last.Close()
			if _, err := io.Copy(io.Discard, notes); err != nil {
				t.Error(err)
			}
			if code := codeOf(t, c.Wait()); code != 130 {
				t.Errorf("exit code %d, want 130", code)
			}
			if err := reader.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			var run struct{ Requests, Errors, Aborted uint64 }
			if err := json.Unmarshal(out.Bytes(), &run); err != nil {
				t.Fatal(err)
			}
			var requests, errors uint64
			for at := 0; ; at++ {
				var x second
				if err := json.Unmarshal([]byte(text), &x); err != nil {
					t.Fatalf("%q: %v", text, err)
				}
				requests, errors = requests+x.Requests, errors+x.Errors
				if x.Errors != x.ErrorKinds["status"] || x.DurationS <= 0 || x.Time.IsZero() ||
					x.RateRPS*x.DurationS-float64(x.Requests-x.Errors) > 0.01 ||
					at == 0 && (x.InFlight < 1 || x.Requests < 1) {
					t.Errorf("line %d: %s", at, text)
				}
				if requests == run.Requests {
					break
				}
				if text, err = lines.ReadString('\n'); err != nil {
					t.Fatalf("the lines have %d requests, the run %d: %v", requests, run.Requests, err)
				}
			}
			if errors != run.Errors || run.Aborted < 1 {
				t.Errorf("the lines have %d errors, the run %+v", errors, run)
			}
		})
	}
}

// checkMetrics reads the metrics with Prometheus's own parser.
func checkMetrics(t *testing.T, url string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	all, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil || expfmt.ResponseFormat(resp.Header) == expfmt.FmtUnknown {
		t.Fatalf("%v, %v", err, resp.Header)
	}
	requests := all["nodecompare_load_requests_total"].GetMetric()[0].GetCounter().GetValue()
	errors := 0.0
	for _, m := range all["nodecompare_load_errors_total"].GetMetric() {
		errors += m.GetCounter().GetValue()
	}
	latency := all["nodecompare_load_latency_seconds"].GetMetric()[0].GetSummary()
	inFlight := all["nodecompare_load_in_flight"].GetMetric()[0].GetGauge().GetValue()
	rate := all["nodecompare_load_rate"].GetMetric()[0].GetGauge().GetValue()
	if requests < 1 || errors >= requests || float64(latency.GetSampleCount()) != requests-errors ||
		latency.GetSampleSum() <= 0 ||
		len(latency.GetQuantile()) != 4 || latency.GetQuantile()[0].GetValue() <= 0 || inFlight < 1 || rate <= 0 {
		t.Errorf("%v", all)
	}
}

// A file that cannot be written is found before the load, and what was in it is gone with the first
// line.
func TestLoadOutFiles(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "seconds.jsonl")
	if err := os.WriteFile(file, []byte(strings.Repeat("of yesterday\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, _, errs := command(t, "load", s.URL, "--duration=50ms", "--connections=1", "--quiet", "--out="+file,
		"--metrics=127.0.0.1:0")
	if code := codeOf(t, c.Run()); code != 0 && code != 5 || code == 0 && errs.Len() > 0 {
		t.Errorf("exit code %d: %s", code, errs)
	}
	var x second
	if text, err := os.ReadFile(file); err != nil || json.Unmarshal(text, &x) != nil || x.Requests == 0 {
		t.Errorf("%v: %q", err, text)
	}
	for _, args := range [][]string{{"--out=" + dir, "it is a folder"},
		{"--metrics=192.0.2.1:1", "serve metrics at 192.0.2.1:1"}, {"--metrics=nonsense", "nonsense"}} {
		c, out, errs := command(t, "load", s.URL, "--duration=50ms", args[0])
		if code := codeOf(t, c.Run()); code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), args[1]) {
			t.Errorf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}
