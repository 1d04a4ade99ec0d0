package loadgen_test

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// What both engines must do is asked of net/http's connections here, in both protocols.
func TestStandardTransport(t *testing.T) {
	t.Parallel()
	for _, spoken := range []loadgen.Protocol{loadgen.HTTP1, loadgen.HTTP2} {
		t.Run(string(spoken), func(t *testing.T) {
			t.Parallel()
			holds := make(chan bool, 4)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					if r.URL.Path == "/cancel" {
						holds <- true
					}
					<-r.Context().Done()
				}
				if _, err := io.Copy(w, r.Body); err != nil && r.Context().Err() == nil {
					t.Error(err)
				}
			}))
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			s.EnableHTTP2 = true
			s.StartTLS()
			defer s.Close()
			a := loadgen.Attack{
				Target:      loadgen.Target{Method: "POST", URL: s.URL + "/", Body: []byte("hello")},
				Connect:     loadgen.Connect{TLS: trusting(&server{Server: s}), Protocol: spoken},
				Connections: 2, Requests: 5,
			}
			for want, errors := range map[string]uint64{"hello": 0, "hallo": 5, "hell": 5} {
				a.WantBody = []byte(want)
				if res := run(t, a); res.ErrorKinds[loadgen.Body] != errors || res.Errors != errors ||
					res.Requests != 5 || res.BytesIn != 25 {
					t.Errorf("wanting the body %q: %+v", want, res)
				}
			}
			a.WantBody, a.MaxBody = nil, 4
			if res := run(t, a); res.ErrorKinds[loadgen.Other] != 5 {
				t.Errorf("over the body limit: %+v", res)
			}
			held := loadgen.Attack{Target: loadgen.Target{URL: s.URL + "/hold"}, Connect: a.Connect,
				Connections: 2, Requests: 2, Timeout: 50 * time.Millisecond}
			if res := run(t, held); res.ErrorKinds[loadgen.Timeout] != 2 {
				t.Errorf("timeout: %+v", res)
			}
			held.Target.URL, held.Requests, held.Timeout, held.Duration = s.URL+"/cancel", 0, time.Hour, time.Hour
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				<-holds
				<-holds
				cancel()
			}()
			if res, err := drive(ctx, held); err != context.Canceled || res.Aborted != 2 || res.Requests != 0 {
				t.Errorf("cancelled: %+v, %v", res, err)
			}
		})
	}
}

// A server that closes a connection after so many requests, as nginx does, costs a connection and
// no error: of HTTP/1.1 as of HTTP/2, where it says GOAWAY.
func TestStandardTransportOpensAgain(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"1", "2"} {
		s := speaking(t, 1, true, protocol)
		served := s.Config.Handler
		s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close") // net/http's server says GOAWAY for it
			served.ServeHTTP(w, r)
		})
		res := run(t, loadgen.Attack{
			Target: loadgen.Target{URL: s.URL}, Connect: loadgen.Connect{TLS: trusting(s)}, Connections: 2,
			Requests: 10,
		})
		if res.Requests != 10 || res.Errors != 0 || s.opened.Load() < 3 {
			t.Errorf("HTTP/%s: %d requests, errors %v, %d connections", protocol, res.Requests,
				res.ErrorExamples, s.opened.Load())
		}
	}
}

// A stream that the server resets is what it answers to that request: it is an error, and the
// request is not sent again on the connection, which goes on.
func TestResetStreamIsNotRetried(t *testing.T) {
	t.Parallel()
	s := speaking(t, 1, true, "2")
	var asked atomic.Int64
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%5 == 0 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "hello")
	})
	res := run(t, loadgen.Attack{Engine: loadgen.Vegeta, Target: loadgen.Target{URL: s.URL},
		Connect: loadgen.Connect{TLS: trusting(s)}, Connections: 2, Requests: 50})
	if res.Requests != 50 || res.Errors != 10 || res.Retries != 0 || asked.Load() != 50 {
		t.Errorf("%d requests, %d errors, %d retries; %d came", res.Requests, res.Errors, res.Retries, asked.Load())
	}
}

// A redirect may lead to a server that speaks another protocol than the first.
func TestFollowToAnotherProtocol(t *testing.T) {
	t.Parallel()
	for _, protocols := range [][2]string{{"2", "1"}, {"1", "2"}} {
		there := speaking(t, 1, true, protocols[1])
		first := speaking(t, 1, true, protocols[0])
		first.Config.Handler = http.RedirectHandler(there.URL, http.StatusFound)
		roots := trusting(first)
		roots.RootCAs.AddCert(there.Certificate())
		a := loadgen.Attack{Engine: loadgen.Vegeta, Target: loadgen.Target{URL: first.URL}, Follow: true,
			Connect: loadgen.Connect{TLS: roots}, Connections: 1, Requests: 3}
		spoken, err := loadgen.Reach(t.Context(), a)
		if err != nil {
			t.Fatal(err)
		}
		a.Connect.Protocol = spoken // as the command does
		if res := run(t, a); res.Requests != 3 || res.Errors != 0 {
			t.Errorf("from HTTP/%s to HTTP/%s: %v", protocols[0], protocols[1], res.ErrorExamples)
		}
	}
}

// A request that follows redirects is one, from the first byte to the last answer's end; its
// password stays with the host that it is for.
func TestFollow(t *testing.T) {
	t.Parallel()
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusTeapot)
		}
		io.WriteString(w, "there")
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil || user != "user" || password != "pw":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/":
			http.Redirect(w, r, "/next", http.StatusFound)
		case r.URL.Path == "/keep":
			http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
		case r.URL.Path == "/away":
			http.Redirect(w, r, strings.Replace(other.URL, "127.0.0.1", "localhost", 1), http.StatusFound)
		case r.URL.Path == "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			io.WriteString(w, r.Method+string(body))
		}
	})
	for _, c := range []struct {
		path, method, body, want string
		follow                   bool
		code                     int
	}{
		{"/", "GET", "", "", false, http.StatusFound},
		{"/", "GET", "", "GET", true, http.StatusOK},
		{"/", "POST", "x", "GET", true, http.StatusOK},
		{"/keep", "POST", "x", "POSTx", true, http.StatusOK},
		{"/away", "GET", "", "there", true, http.StatusOK},
	} {
		a := loadgen.Attack{
			Target: loadgen.Target{Method: c.method,
				URL: strings.Replace(s.URL, "//", "//user:pw@", 1) + c.path, Body: []byte(c.body)},
			Follow: c.follow, Connections: 2, Requests: 6,
		}
		if c.want != "" {
			a.WantBody = []byte(c.want)
		}
		if res := run(t, a); res.Errors != 0 || res.Codes[c.code] != 6 {
			t.Errorf("%+v: codes %v, errors %v", c, res.Codes, res.ErrorExamples)
		}
	}
	res := run(t,
		loadgen.Attack{Target: loadgen.Target{URL: strings.Replace(s.URL, "//", "//user:pw@", 1) + "/loop"},
			Follow: true, Connections: 1, Requests: 2})
	if res.Errors != 2 || !strings.Contains(res.ErrorExamples[loadgen.Other], "10 redirects") {
		t.Errorf("in a circle: %v %v", res.ErrorKinds, res.ErrorExamples)
	}
}
