package bench_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/loadgen"
	"nodecompare/results"
	"nodecompare/thorough"
)

// A server behind TLS is measured like the others, by vegeta and over HTTP/1.1, and only where it
// is trusted. Its query is in each request.
func TestServerAtHTTPS(t *testing.T) {
	defer goleak.VerifyNone(t)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("key") != "v" || r.ProtoMajor != 1 {
			http.Error(w, r.Proto+" "+r.RequestURI, http.StatusBadRequest)
			return
		}
		io.WriteString(w, r.URL.Path)
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of a handshake that we end
	s.StartTLS()
	defer s.Close()
	servers := []string{"own=" + s.URL + "/?key=v"}
	o := bench.Options{Workloads: []string{"hello"}, Rounds: 1}
	if _, err := own(t, o, servers, nil, nil); err == nil ||
		!strings.Contains(err.Error(), "server own at "+s.URL+
			": GET /?key=v: tls: failed to verify certificate: x509: certificate signed by unknown "+
			"authority: name its authority by --cacert") {
		t.Errorf("got %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	o.TLS = &tls.Config{RootCAs: roots}
	if _, err := own(t, o, servers, nil, nil); err != nil {
		t.Error(err)
	}
	thorough.Only(t)
	o.Profile, o.Modes = "quick", []string{"async"}
	r := measuredOwn(t, o, servers, nil, nil)
	for _, trial := range r.Trials {
		for _, g := range trial.Rungs {
			want := loadgen.Loop
			if trial.Mode == "own" || g.Load != results.Closed && g.OfferedRPS <= loadgen.VegetaRate {
				want = loadgen.Vegeta
			}
			if g.Engine != want || g.Requests == 0 || g.Errors > 0 {
				t.Errorf("%s at %d connections: by %s, %d errors of %d: %v", trial.Mode, g.Connections,
					g.Engine, g.Errors, g.Requests, g.ErrorExamples)
			}
		}
	}
	if note := r.Settings.Workloads[0].Note; !strings.Contains(note, "Server own is behind TLS") ||
		r.Settings.Modes[1].Server != s.URL+"?key=v" {
		t.Errorf("%q, %+v", note, r.Settings.Modes[1])
	}
}
