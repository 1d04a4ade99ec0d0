package cmd_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nodecompare/loadgen/loadtest"
)

// Both of vegeta's formats, on both engines and over TLS: what the server sees is what the file
// says, in turn.
func TestLoadTargets(t *testing.T) {
	dir := t.TempDir()
	body := filepath.Join(dir, "body")
	if err := os.WriteFile(body, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all loadtest.Arrivals
	tlsServer := httptest.NewUnstartedServer(&all)
	// of the connection that only looks whether there is a server
	tlsServer.Config.ErrorLog = log.New(io.Discard, "", 0)
	tlsServer.StartTLS()
	defer tlsServer.Close()
	trust(t, tlsServer)
	for name, c := range map[string]struct {
		engine, format string
		server         *httptest.Server
	}{
		"loop, HTTP": {"loop", "http", nil}, "vegeta, HTTP": {"vegeta", "http", nil},
		"loop, JSON": {"loop", "json", nil}, "vegeta, JSON": {"vegeta", "json", nil},
		"TLS": {"vegeta", "http", tlsServer},
	} {
		seen := new(loadtest.Arrivals)
		if c.server == nil {
			c.server = httptest.NewServer(seen)
			defer c.server.Close()
		} else {
			seen = &all
		}
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", ""))
		args := []string{"load", "--format=json", "--engine=" + c.engine, "--rate=200", "--connections=1",
			"--duration=100ms", "--targets=-"}
		text := fmt.Sprintf(
			"GET %[1]s/a\nX-Of: a\n\nPOST %[1]s/b\n@%s\n\n# again\nGET %[1]s/a\nX-Of: a\n\nGET %[1]s/gone\n",
			c.server.URL, body)
		if c.format == "json" {
			text = `{"method":"GET","url":"/a","header":{"X-Of":["a"]},"weight":2}` + "\n" +
				`{"method":"POST","url":"/b","body":"b2YgYSBmaWxl"}` + "\n" + `{"method":"GET","url":"/gone"}`
			args = append(args, c.server.URL)
		}
		want := []string{"GET /a a ", "POST /b  of a file", "GET /a a ", "GET /gone  "}
		// a weight of 2 takes the turns at a quarter and three quarters of the round, the others
		// the middle
		if c.format == "json" {
			want = []string{"GET /a a ", "POST /b  of a file", "GET /gone  ", "GET /a a "}
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd, out, errs := command(t, args...)
		cmd.Stdin, _ = os.Open(file)
		err := cmd.Run() // VOID on a slow machine, or so: the figures are there all the same
		var run struct {
			Method, URL      string
			Requests, Errors uint64
			Targets          []struct {
				Method, URL      string
				Targets          int
				Requests, Errors uint64
				Codes            map[string]uint64
				LatencyUS        struct{ P50 float64 } `json:"latency_us"`
			}
		}
		if jsonErr := json.Unmarshal(out.Bytes(), &run); jsonErr != nil {
			t.Fatalf("%s: %v, %v\n%s%s", name, err, jsonErr, out, errs)
		}
		got := seen.Got()
		if len(got) != int(run.Requests) || run.Requests < 4 || len(run.Targets) != 3 ||
			run.URL != c.server.URL || run.Method != "" {
			t.Fatalf("%s: the server saw %q\n%s%s", name, got, out, errs)
		}
		count := map[string]uint64{}
		for i, g := range got {
			if g != want[i%4] {
				t.Fatalf("%s: request %d was %q, want %q", name, i, g, want[i%4])
			}
			count[strings.Join(strings.Fields(g)[:2], " ")]++
		}
		for _, row := range run.Targets {
			path := strings.TrimPrefix(row.URL, c.server.URL)
			failed, code := uint64(0), "200"
			if path == "/gone" {
				failed, code = row.Requests, "410"
			}
			if row.Requests != count[row.Method+" "+path] || row.Errors != failed ||
				row.Codes[code] != row.Requests || (row.LatencyUS.P50 > 0) == (failed > 0) {
				t.Errorf("%s: %+v, of which the server saw %d", name, row, count[row.Method+" "+path])
			}
			if (path == "/a" && c.format == "http") != (row.Targets == 2) {
				t.Errorf("%s: %s stands for %d targets", name, path, row.Targets)
			}
		}
	}
}

// More targets than have rows: those that are sent most often have them, and the sums are the
// run's.
func TestLoadManyTargets(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	var text strings.Builder
	for i := range 30 {
		weight := 1
		if i == 25 {
			weight = 5
		}
		fmt.Fprintf(&text, `{"method":"GET","url":"/%d","weight":%d}`+"\n", i, weight)
	}
	c, out, errs := command(t, "load", s.URL, "--targets=/dev/stdin", "--duration=100ms", "--connections=2",
		"--max-errors=0")
	c.Stdin = strings.NewReader(text.String())
	if code := codeOf(t, c.Run()); code != 0 && code != 5 { // VOID, where the machine is busy
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	rows := 0
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "│ GET /") {
			rows++
		}
	}
	first, _, _ := strings.Cut(out.String(), "│ GET /0 ")
	if rows != 10 || !strings.Contains(first, "│ GET /25 ") ||
		!strings.Contains(out.String(), "│ the others: 20 targets │") ||
		!strings.Contains(out.String(), "\n30 targets of "+s.URL) {
		t.Errorf("%d rows\n%s", rows, out)
	}
}
