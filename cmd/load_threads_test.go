package cmd_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Two threads share one number of requests and the turns of several targets, and the results say
// how many threads there were.
func TestLoadThreads(t *testing.T) {
	t.Parallel()
	p := startServer(t, "--mode=async")
	targets := filepath.Join(t.TempDir(), "targets")
	text := fmt.Sprintf("GET %s/\n\nGET %[1]s/db?id=7\n", p.URL)
	if err := os.WriteFile(targets, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := loadJSON(t, "--targets="+targets, "--requests=501", "--connections=5", "--load-threads=2")
	if o["requests"] != 501.0 || o["errors"] != 0.0 || o["load_threads"] != 2.0 {
		t.Errorf("%v", o)
	}
	for i, want := range []float64{251, 250} {
		if row, _ := o["targets"].([]any)[i].(map[string]any); row["requests"] != want {
			t.Errorf("%v, want %v requests", row, want)
		}
	}
	if o := loadJSON(t, p.URL, "--requests=3", "--connections=2", "--load-threads=7"); o["load_threads"] != 2.0 {
		t.Errorf("two connections have %v threads", o["load_threads"])
	}
	if o := loadJSON(t, p.URL, "--requests=3", "--load-threads=0", "--agents=0"); o["requests"] != 3.0 {
		t.Errorf("with threads for each CPU, on this machine: %v", o)
	}
	c, _, errs := command(t, "load", p.URL, "--load-threads=-1")
	if err := c.Run(); err == nil || c.ProcessState.ExitCode() != 2 ||
		!strings.Contains(errs.String(), "--load-threads=-1: it must be more than 0") {
		t.Errorf("%v, %s", err, errs)
	}
}
