// Package loadtest is what tests of loads need beside them: a server that remembers, and a machine
// that is busy. Only tests import it.
package loadtest

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// Arrivals is a server's handler that keeps the requests in the order in which it got them. It
// answers with their path, and on /gone with 410.
type Arrivals struct {
	mu  sync.Mutex
	all []string
}

func (a *Arrivals) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, fmt.Sprintf("%s %s %s %s", r.Method, r.URL, r.Header.Get("X-Of"), body))
	if r.URL.Path == "/gone" {
		w.WriteHeader(http.StatusGone)
	}
	io.WriteString(w, r.URL.Path)
}

// Got is what has arrived so far: method, URL, the field X-Of and the body of each.
func (a *Arrivals) Got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// BusyCPUs has a process of somebody else's compute on each CPU until the test ends.
func BusyCPUs(t *testing.T) {
	for range runtime.NumCPU() {
		spin := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
		if err := spin.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { spin.Wait() }) // the context of the test has killed it
	}
}
