package load_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/loadgen/loadtest"
	"nodecompare/results"
)

// What other processes compute beside a load is seen, and the server, in this very process, is not
// taken for them.
func TestOtherProcessesAreSuspect(t *testing.T) {
	loadtest.BusyCPUs(t)
	a := loadgen.Attack{
		Target: loadgen.Target{Method: http.MethodGet, URL: flaky(t)}, Connections: 4,
		Duration: 200 * time.Millisecond, Engine: loadgen.Loop,
	}
	r, err := load.Run(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if r.Trust.Status == results.Valid || !slices.Contains(r.Trust.Rules, "other processes") {
		t.Errorf("%+v", r.Trust)
	}
}
