package loadgen_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

// misbehave gives the URL of a raw TCP server that handles each connection with h, and closes it
// after that.
func misbehave(t *testing.T, h func(c *net.TCPConn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				h(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return "http://" + l.Addr().String()
}

// request reads one request; false at the end of the connection.
func request(in *bufio.Reader) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// answering handles a connection with one answer to its first request.
func answering(answer string) func(*net.TCPConn) {
	return func(c *net.TCPConn) {
		if request(bufio.NewReader(c)) {
			io.WriteString(c, answer)
		}
	}
}

func TestErrorKinds(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		_, nobody := bound(t)
		for _, c := range []struct {
			name string
			url  string
			kind string
		}{
			{"nothing listens", "http://" + nobody, loadgen.Refused},
			{"reset", misbehave(t, func(c *net.TCPConn) {
				request(bufio.NewReader(c))
				c.SetLinger(0)
			}), loadgen.Reset},
			{"closed with no answer", misbehave(t, answering("")), loadgen.Reset},
			{"closed within the header", misbehave(t, answering("HTTP/1.1 200 OK\r\nContent-Le")), loadgen.Reset},
			{"closed within the body",
				misbehave(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")), loadgen.Reset},
			{"no answer", misbehave(t, func(c *net.TCPConn) { io.Copy(io.Discard, c) }), loadgen.Timeout},
			{"an answer without end", misbehave(t, func(c *net.TCPConn) {
				in := bufio.NewReader(c)
				request(in)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n") // 80 s at 50 bytes/s
				gone := make(chan bool)
				go func() { io.Copy(io.Discard, in); close(gone) }()
				for tick := time.NewTicker(20 * time.Millisecond); ; {
					select {
					case <-tick.C:
						io.WriteString(c, "x")
					case <-gone:
						tick.Stop()
						return
					}
				}
			}), loadgen.Timeout},
			{"not found", misbehave(t, answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")),
				loadgen.Status},
			{"garbage", misbehave(t, answering("\x16\x03\x01 not HTTP at all\r\n\r\n")), loadgen.Malformed},
			{"a body over the limit",
				misbehave(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")), loadgen.Other},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				timeout := time.Minute
				if c.kind == loadgen.Timeout {
					timeout = 300 * time.Millisecond
				}
				res := whole(t, loadgen.Attack{
					Engine: engine,
					Target: loadgen.Target{URL: c.url}, Connections: 4, Rate: 40, Duration: 100 * time.Millisecond,
					Timeout: timeout, MaxBody: 4999,
				})
				if res.Requests != 4 || res.ErrorKinds[c.kind] != 4 {
					t.Errorf("%d requests, errors %v %v; want 4 of kind %s", res.Requests, res.ErrorKinds,
						res.ErrorExamples, c.kind)
				}
				if res.Latency.TotalCount() != 0 || res.Uncorrected.TotalCount() != 0 {
					t.Error("a failed request is in a latency histogram")
				}
				t.Log(res.ErrorExamples)
			})
		}
	})
}

func TestWantedStatus(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
			if r.URL.Path != "/" {
				t.Errorf("the redirect to %s was followed", r.URL)
			}
		})
		for want, errors := range map[int]uint64{0: 0, 302: 0, 200: 3} {
			res := whole(t,
				loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 1, Rate: 30,
					Duration: 100 * time.Millisecond, WantStatus: want})
			if res.Codes[302] != 3 || res.ErrorKinds[loadgen.Status] != errors {
				t.Errorf("wanting %d: codes %v, errors %v", want, res.Codes, res.ErrorKinds)
			}
		}
	})
}

// A server may close a kept-alive connection at any time. Where it does so just as a request is
// sent, the request is sent again if that can do no harm.
func TestStaleConnection(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for method, wantRetries := range map[string]uint64{"GET": 1, "DELETE": 1, "POST": 0} {
			t.Run(method, func(t *testing.T) {
				var connections atomic.Int64
				url := misbehave(t, func(c *net.TCPConn) {
					in := bufio.NewReader(c)
					first := connections.Add(1) == 1
					for request(in) {
						io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
						if first {
							request(in) // the second request on it: taken, and never answered
							return
						}
					}
				})
				res := whole(t,
					loadgen.Attack{Engine: engine, Target: loadgen.Target{Method: method, URL: url},
						Connections: 1, Rate: 40, Duration: 100 * time.Millisecond})
				if res.Requests != 4 || res.Retries != wantRetries ||
					res.ErrorKinds[loadgen.Reset] != 1-wantRetries || res.Errors != 1-wantRetries {
					t.Errorf("%d requests, %d retries, errors %v %v", res.Requests, res.Retries,
						res.ErrorKinds, res.ErrorExamples)
				}
				if connections.Load() != 2 {
					t.Errorf("%d connections, want 2", connections.Load())
				}
			})
		}
	})
}

// A connection that fails before its first answer is not a stale one: trying again would hide what
// the server does.
func TestFreshConnectionIsNotRetried(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		res := whole(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: misbehave(t, answering(""))},
				Connections: 1, Rate: 40, Duration: 100 * time.Millisecond})
		if res.Retries != 0 || res.ErrorKinds[loadgen.Reset] != 4 {
			t.Errorf("%d retries, errors %v", res.Retries, res.ErrorKinds)
		}
	})
}

// More bytes than the response has are not an answer to the next request.
func TestSurplusEndsTheConnection(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		var connections atomic.Int64
		url := misbehave(t, func(c *net.TCPConn) {
			connections.Add(1)
			in := bufio.NewReader(c)
			for request(in) {
				io.WriteString(c,
					"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Surplus\r\nContent-Length: 0\r\n\r\n")
			}
		})
		res := whole(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 1, Rate: 40,
				Duration: 100 * time.Millisecond})
		if res.Codes[200] != 4 || res.Errors != 0 || connections.Load() != 4 {
			t.Errorf("codes %v, errors %v, %d connections", res.Codes, res.ErrorKinds, connections.Load())
		}
	})
}

// A server that refuses a large request answers before it has read it, and closes: the answer
// counts.
func TestEarlyAnswer(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		url := misbehave(t, func(c *net.TCPConn) {
			if _, err := c.Read(make([]byte, 1000)); err != nil {
				return
			}
			io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			c.CloseWrite()
			io.Copy(io.Discard, c) // as a careful server does, so that its answer is not lost to a reset
		})
		res := whole(t, loadgen.Attack{
			Engine:      engine,
			Target:      loadgen.Target{Method: "POST", URL: url, Body: make([]byte, 8<<20)},
			Connections: 1, Rate: 20, Duration: 100 * time.Millisecond,
		})
		if res.Codes[413] != 2 || res.ErrorKinds[loadgen.Status] != 2 {
			t.Errorf("codes %v, errors %v %v", res.Codes, res.ErrorKinds, res.ErrorExamples)
		}
	})
}
