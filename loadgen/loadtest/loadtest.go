// Package loadtest helps tests of loads: a server that remembers requests, and a busy machine. Only
// tests import it.
package loadtest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// Arrivals is a handler that records requests in the order of their arrival. It answers with their
// path, and on /gone with 410.
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

// Got returns what has arrived so far: method, URL, the field X-Of and the body of each request.
func (a *Arrivals) Got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

// UnixServer returns a server on a Unix socket that answers with the host it was asked for, and the
// socket's path. Start it, and close it afterwards.
func UnixServer(t *testing.T) (s *httptest.Server, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host)
	}))
	s.Listener.Close()
	s.Listener = l
	return s, path
}

// BusyCPUs makes a separate process compute on each CPU until the test ends.
func BusyCPUs(t *testing.T) {
	for range runtime.NumCPU() {
		spin := exec.CommandContext(t.Context(), "sh", "-c", "while kill -0 $PPID; do :; done")
		if err := spin.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { spin.Wait() }) // the test's context has killed it
	}
}
