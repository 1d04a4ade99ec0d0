package load_test

import (
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// What other processes compute beside a load is seen, and the server, in this very process, is not taken for them.
func TestOtherProcessesAreSuspect(t *testing.T) {
	for range runtime.NumCPU() {
		spin := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
		if err := spin.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { spin.Wait() }) // the context of the test has killed it
	}
	a := loadgen.Attack{
		Target: loadgen.Target{Method: http.MethodGet, URL: flaky(t)}, Connections: 4, Duration: 200 * time.Millisecond, Engine: loadgen.Loop,
	}
	r, err := load.Run(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if r.Trust.Status == results.Valid || !slices.Contains(r.Trust.Rules, "other processes") {
		t.Errorf("%+v", r.Trust)
	}
}
