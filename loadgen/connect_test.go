package loadgen_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
	"nodecompare/loadgen/loadtest"
)

// server is a real server that counts its connections and the protocols of its requests.
type server struct {
	*httptest.Server
	opened   atomic.Int64
	requests [3]atomic.Int64 // by the major version of HTTP
	most     atomic.Int64    // in flight at once
	full     int64           // so many must have been in flight at once before the first is answered
	filled   chan struct{}   // closed then
}

// speaking starts a server of those protocols, over TLS or not, which must see so many requests at
// once.
func speaking(t *testing.T, full int, secure bool, protocols ...string) *server {
	t.Helper()
	s := &server{full: int64(full), filled: make(chan struct{})}
	var inFlight atomic.Int64
	fill := sync.OnceFunc(func() { close(s.filled) })
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests[r.ProtoMajor].Add(1)
		n := inFlight.Add(1)
		defer inFlight.Add(-1)
		for m := s.most.Load(); n > m && !s.most.CompareAndSwap(m, n); m = s.most.Load() {
		}
		if n >= s.full {
			fill()
		}
		select {
		case <-s.filled:
		case <-r.Context().Done():
		}
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(w, "hello")
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that go
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.opened.Add(1)
		}
	}
	s.Config.Protocols = new(http.Protocols)
	for _, p := range protocols {
		switch {
		case p == "1":
			s.Config.Protocols.SetHTTP1(true)
		case secure:
			s.Config.Protocols.SetHTTP2(true)
			s.EnableHTTP2 = true
		default:
			s.Config.Protocols.SetUnencryptedHTTP2(true)
		}
	}
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// trusting is a configuration of TLS that trusts the server.
func trusting(s *server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots}
}

// What is spoken follows from the URL, the server, and what was asked for; connections are as many
// as were asked for.
func TestProtocols(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		secure  bool
		offers  []string
		connect loadgen.Connect
		spoken  loadgen.Protocol // "" where there is none in common
	}{
		{"http", false, []string{"1", "2"}, loadgen.Connect{}, loadgen.HTTP1},
		{"https agrees on the newer", true, []string{"1", "2"}, loadgen.Connect{}, loadgen.HTTP2},
		{"https with an older server", true, []string{"1"}, loadgen.Connect{}, loadgen.HTTP1},
		{"https with a newer server", true, []string{"2"}, loadgen.Connect{}, loadgen.HTTP2},
		{"https that is not to be newer", true, []string{"1", "2"},
			loadgen.Connect{Protocol: loadgen.HTTP1}, loadgen.HTTP1},
		{"https that must be newer", true, []string{"1", "2"}, loadgen.Connect{Protocol: loadgen.HTTP2}, loadgen.HTTP2},
		{"https without anything in common", true, []string{"1"}, loadgen.Connect{Protocol: loadgen.HTTP2}, ""},
		{"streams", true, []string{"1", "2"}, loadgen.Connect{Streams: 4}, loadgen.HTTP2},
		{"prior knowledge", false, []string{"1", "2"}, loadgen.Connect{Protocol: loadgen.HTTP2}, loadgen.HTTP2},
		{"prior knowledge and streams", false, []string{"2"},
			loadgen.Connect{Protocol: loadgen.HTTP2, Streams: 3}, loadgen.HTTP2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			streams := max(c.connect.Streams, 1)
			s := speaking(t, 2*streams, c.secure, c.offers...)
			if c.secure {
				c.connect.TLS = trusting(s)
			}
			a := loadgen.Attack{
				Target:   loadgen.Target{Method: "POST", URL: s.URL, Body: []byte("you said ")},
				WantBody: []byte("you said hello"),
				Connect:  c.connect, Connections: 2, Requests: 50,
			}
			res := run(t, a)
			opened := s.opened.Load()
			if spoken, err := loadgen.Reach(t.Context(), a); spoken != c.spoken || (err == nil) != (c.spoken != "") {
				t.Errorf("reaching it: %q, %v; want %q", spoken, err, c.spoken)
			}
			if c.spoken == "" {
				if res.ErrorKinds[loadgen.TLS] != res.Requests || res.Requests == 0 {
					t.Errorf("%d requests, errors %v %v", res.Requests, res.ErrorKinds, res.ErrorExamples)
				}
				return
			}
			major := 1
			if c.spoken == loadgen.HTTP2 {
				major = 2
			}
			if res.Errors != 0 || res.Requests != uint64(s.requests[major].Load()) || res.BytesIn != 14*res.Requests {
				t.Errorf("%d requests, errors %v; the server saw %d", res.Requests, res.ErrorExamples,
					s.requests[major].Load())
			}
			if opened != 2 || s.most.Load() != int64(2*streams) {
				t.Errorf("%d connections, want 2; %d requests at once, want %d", opened, s.most.Load(), 2*streams)
			}
		})
	}
}

// Each request has a connection, and its latency has the connecting in it: on both engines, in both
// shapes, over TLS too.
func TestNewConnections(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{loadgen.Vegeta, loadgen.Loop} {
		for _, rate := range []float64{0, 100} {
			for _, secure := range []bool{false, true} {
				if secure && engine == loadgen.Loop {
					continue
				}
				t.Run(fmt.Sprint(engine, rate, secure), func(t *testing.T) {
					t.Parallel()
					s := speaking(t, 1, secure, "1", "2")
					a := loadgen.Attack{
						Engine: engine, Target: loadgen.Target{URL: s.URL},
						Connect: loadgen.Connect{New: true}, Rate: rate,
						Connections: 3, Duration: 60 * time.Millisecond,
					}
					if rate == 0 {
						a.Duration, a.Requests = 0, 20
					}
					if secure {
						a.Connect.TLS = trusting(s)
					}
					res := run(t, a)
					if res.Errors != 0 || res.Requests == 0 || s.opened.Load() != int64(res.Requests) ||
						s.most.Load() > 3 {
						t.Errorf("%d requests, errors %v, over %d connections, %d at once", res.Requests,
							res.ErrorExamples, s.opened.Load(), s.most.Load())
					}
				})
			}
		}
	}
}

// A server that takes its time to accept shows in the latency of a request whose connection is new.
func TestNewConnectionsCountConnecting(t *testing.T) {
	t.Parallel()
	s := speaking(t, 1, true, "1")
	slow := s.TLS.Clone()
	slow.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		<-time.After(20 * time.Millisecond) // the handshake's own length
		return nil, nil
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", slow)
	if err != nil {
		t.Fatal(err)
	}
	go s.Config.Serve(l) // ends with the server
	for _, fresh := range []bool{true, false} {
		res := whole(t, loadgen.Attack{
			Target:      loadgen.Target{URL: "https://" + l.Addr().String()},
			Connect:     loadgen.Connect{TLS: trusting(s), New: fresh, Protocol: loadgen.HTTP1},
			Connections: 1, Rate: 50, Duration: 100 * time.Millisecond,
		})
		if quickest := time.Duration(res.Uncorrected.Min()); res.Errors != 0 ||
			fresh && quickest < 20*time.Millisecond {
			t.Errorf("new connections %v: the quickest of %d took %v, errors %v", fresh, res.Requests,
				quickest, res.ErrorExamples)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	s, path := loadtest.UnixServer(t)
	s.Start()
	defer s.Close()
	for _, rate := range []float64{0, 100} {
		a := loadgen.Attack{
			Target: loadgen.Target{URL: "http://any.host"}, Connect: loadgen.Connect{Socket: path},
			WantBody:    []byte("any.host"),
			Connections: 2, Rate: rate, Requests: 5,
		}
		if _, err := loadgen.Reach(t.Context(), a); err != nil {
			t.Error(err)
		}
		if res := run(t, a); res.Requests != 5 || res.Errors != 0 {
			t.Errorf("%d requests, errors %v", res.Requests, res.ErrorExamples)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	a := loadgen.Attack{Target: loadgen.Target{URL: "http://any.host"},
		Connect: loadgen.Connect{Socket: path}, Connections: 1}
	if _, err := loadgen.Reach(t.Context(), a); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a socket that is not there: %v", err)
	}
}

func TestWhatCannotBeConnected(t *testing.T) {
	for _, c := range []struct {
		attack loadgen.Attack
		want   string
	}{
		{loadgen.Attack{Target: loadgen.Target{URL: "http://h"}, Connect: loadgen.Connect{Streams: 2}},
			"possible in HTTP/2 only"},
		{loadgen.Attack{Target: loadgen.Target{URL: "https://h"},
			Connect: loadgen.Connect{Streams: 2, New: true}}, "only one of them"},
		{loadgen.Attack{Target: loadgen.Target{URL: "http://h"},
			Connect: loadgen.Connect{Protocol: "HTTP/3"}}, `"HTTP/3" is not known`},
		{loadgen.Attack{Target: loadgen.Target{URL: "http://h"},
			Connect: loadgen.Connect{Protocol: loadgen.HTTP2},
			Engine:  loadgen.Loop}, "cannot do HTTP/2: choose the vegeta engine"},
		{loadgen.Attack{Target: loadgen.Target{URL: "http://h"}, Connect: loadgen.Connect{Socket: "s"},
			Engine: loadgen.Loop}, "cannot do a Unix socket"},
		{loadgen.Attack{Target: loadgen.Target{URL: "http://h"}, Follow: true, Engine: loadgen.Loop},
			"cannot do following redirects"},
	} {
		c.attack.Connections = 1
		if _, err := open(c.attack); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.attack, err, c.want)
		}
	}
}

func TestReach(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	a := loadgen.Attack{Target: loadgen.Target{URL: s.URL}, Connections: 1}
	if _, err := loadgen.Reach(t.Context(), a); err != nil {
		t.Error(err)
	}
	s.Close()
	if _, err := loadgen.Reach(t.Context(), a); err == nil ||
		!strings.Contains(err.Error(), "cannot be reached (refused)") {
		t.Errorf("a server that is not there: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := loadgen.Reach(ended, a); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}
