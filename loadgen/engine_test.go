package loadgen_test

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/loadgen"
)

func TestAuto(t *testing.T) {
	at := func(url string, rate float64) loadgen.Attack {
		return loadgen.Attack{Target: loadgen.Target{URL: url}, Rate: rate}
	}
	for _, c := range []struct {
		attack loadgen.Attack
		most   float64
		want   string
	}{
		{at("http://h", 0), math.Inf(1), loadgen.Loop}, {at("http://h", 1), math.Inf(1), loadgen.Vegeta},
		{at("http://h", 1e6), math.Inf(1), loadgen.Vegeta},
		{at("", 5000), loadgen.VegetaRate, loadgen.Vegeta},
		{at("", 5001), loadgen.VegetaRate, loadgen.Loop}, {at("h:80", 0), 1, loadgen.Loop},
		{at("https://h", 0), math.Inf(1), loadgen.Vegeta}, {at("HTTPS://h", 5001), loadgen.VegetaRate, loadgen.Vegeta},
		{loadgen.Attack{Connect: loadgen.Connect{Protocol: loadgen.HTTP2}}, 1, loadgen.Vegeta},
		{loadgen.Attack{Connect: loadgen.Connect{Socket: "s"}}, 1, loadgen.Vegeta},
		{loadgen.Attack{Connect: loadgen.Connect{New: true}}, 1, loadgen.Loop},
		{loadgen.Attack{Follow: true}, 1, loadgen.Vegeta},
		{at("http://[fe80::1%25eth0]:80/", 0), 1, loadgen.Vegeta},
	} {
		if got := loadgen.Auto(c.attack, c.most); got != c.want {
			t.Errorf("%+v, vegeta up to %v: %s, want %s", c.attack, c.most, got, c.want)
		}
	}
}

func TestWantedBody(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		for _, c := range []struct {
			name   string
			answer string
			want   string
			errors uint64
		}{
			{"the same", "Content-Length: 5\r\n\r\nhello", "hello", 0},
			{"the same in chunks", "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello", 0},
			{"none", "Content-Length: 0\r\n\r\n", "", 0},
			{"another", "Content-Length: 5\r\n\r\nhallo", "hello", 3},
			{"the beginning", "Content-Length: 4\r\n\r\nhell", "hello", 3},
			{"more", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello", 3},
			{"something for nothing", "Content-Length: 1\r\n\r\nx", "", 3},
		} {
			url := misbehave(t, func(conn *net.TCPConn) {
				for in := bufio.NewReader(conn); request(in); {
					io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+c.answer)
				}
			})
			res := run(t, loadgen.Attack{
				Engine: engine, Target: loadgen.Target{URL: url}, WantBody: []byte(c.want),
				Connections: 1, Requests: 3, Duration: time.Minute,
			})
			if res.Requests != 3 || res.ErrorKinds[loadgen.Body] != c.errors || res.Errors != c.errors ||
				res.Codes[200] != 3 {
				t.Errorf("%s: %d requests, codes %v, errors %v %v; want %d errors", c.name, res.Requests,
					res.Codes, res.ErrorKinds, res.ErrorExamples, c.errors)
			}
		}
	})
}

// A result says when its clock started: no request was sent before, and in an open load the first
// was due then.
func TestStart(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		for _, rate := range []float64{0, 100} {
			var all []loadgen.Outcome
			before := time.Now()
			res := whole(t, loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 3,
				Rate: rate, Duration: 50 * time.Millisecond, Each: func(x *loadgen.Outcome) { all = append(all, *x) }})
			if res.Start.Before(before) {
				t.Errorf("rate %v: it started at %v, and was ordered at %v", rate, res.Start, before)
			}
			for _, x := range all {
				if x.Sent.Before(res.Start) || rate > 0 && x.Seq == 0 && !x.Due.Equal(res.Start) {
					t.Errorf("rate %v: the start is %v, request %d was due at %v and sent at %v", rate, res.Start,
						x.Seq, x.Due, x.Sent)
				}
			}
		}
	})
}

// What a wrong status says comes before what its body says: an error page is not a wrong body.
func TestStatusComesBeforeBody(t *testing.T) {
	onAllEngines(t, func(t *testing.T, engine string) {
		s := serve(t, http.NotFound)
		res := whole(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, WantBody: []byte("x"),
				Connections: 1, Rate: 30, Duration: 100 * time.Millisecond})
		if res.ErrorKinds[loadgen.Status] != 3 || res.Errors != 3 {
			t.Errorf("errors %v", res.ErrorKinds)
		}
	})
}

// Little's law, exactly: each connection of a closed load has a request in flight from the start
// until the duration has passed, so its latencies add up to no less than that (but for the
// generator's own pauses between an answer and the next request), and to no more than the time
// until the last answer.
func TestLittlesLaw(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		const connections, delay, duration = 20, 20 * time.Millisecond, 500 * time.Millisecond
		s := serve(t, func(http.ResponseWriter, *http.Request) { <-time.After(delay) })
		g, err := open(loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL},
			Connections: connections})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		// vegeta's engine opens its connections within the first requests
		if _, err := g.Run(t.Context(), delay); err != nil {
			t.Fatal(err)
		}
		res, err := g.Run(t.Context(), duration)
		if err != nil {
			t.Fatal(err)
		}
		each := time.Duration(res.Latency.Mean() * float64(res.Requests) / connections)
		if each < duration*95/100 || each > res.Elapsed*1005/1000 {
			t.Errorf("the latencies of a connection add up to %v, in a load of %v that took %v", each,
				duration, res.Elapsed)
		}
		if low := time.Duration(res.Latency.Min()); low < delay*99/100 {
			t.Errorf("an answer after %v from a server that waits for %v", low, delay)
		}
	})
}

// A server that ends the connection with each answer, and says so, makes no errors.
func TestConnectionClose(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		var connections atomic.Uint64
		url := misbehave(t, func(c *net.TCPConn) {
			connections.Add(1)
			answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")(c)
		})
		for _, rate := range []float64{0, 200} {
			connections.Store(0)
			res := run(t,
				loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Rate: rate, Connections: 3,
					Duration: 50 * time.Millisecond})
			if res.Requests < 4 || res.Errors != 0 || res.Retries != 0 || connections.Load() < res.Requests {
				t.Errorf("rate %v: %d requests, %d connections, %d retries, errors %v %v", rate,
					res.Requests, connections.Load(), res.Retries, res.ErrorKinds, res.ErrorExamples)
			}
		}
	})
}

// A server that answers some requests and then resets the connection in the midst of an answer:
// each of those is an error, and the load goes on.
func TestResetInMidResponse(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		var cut, served atomic.Uint64
		url := misbehave(t, func(c *net.TCPConn) {
			in := bufio.NewReader(c)
			for n := 1; request(in); n++ {
				if n == 5 {
					cut.Add(1)
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf")
					return
				}
				served.Add(1)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		res := run(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 4,
				Requests: 200, Duration: time.Minute})
		if res.ErrorKinds[loadgen.Reset] != cut.Load() || res.Errors != cut.Load() ||
			res.Codes[200] != served.Load() || cut.Load() == 0 {
			t.Errorf("errors %v %v, %d answered; the server cut %d, answered %d", res.ErrorKinds,
				res.ErrorExamples, res.Codes[200], cut.Load(), served.Load())
		}
	})
}

// Connections that the server closes between two runs are no errors of the second.
func TestConnectionsClosedBetweenRuns(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		g, err := open(loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: s.URL}, Connections: 5})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close()
		for range 3 {
			res, err := g.Run(t.Context(), 50*time.Millisecond)
			if err != nil || res.Errors != 0 || res.Requests < 5 {
				t.Fatalf("%d requests, errors %v %v; %v", res.Requests, res.ErrorKinds, res.ErrorExamples, err)
			}
			s.CloseClientConnections()
		}
	})
}

// "localhost" may have two addresses, of which the server has one.
func TestEachAddressIsTried(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		s := serve(t, func(http.ResponseWriter, *http.Request) {})
		url := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
		res := run(t,
			loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 2,
				Duration: 50 * time.Millisecond})
		if res.Errors != 0 || res.Requests == 0 {
			t.Errorf("%s: %d requests, errors %v %v", url, res.Requests, res.ErrorKinds, res.ErrorExamples)
		}
	})
}

func TestMoreConnectionsThanDescriptors(t *testing.T) {
	_, err := open(loadgen.Attack{Target: loadgen.Target{URL: "http://127.0.0.1:1"},
		Connections: math.MaxInt32})
	if err == nil || !strings.Contains(err.Error(), "RLIMIT_NOFILE") ||
		!strings.Contains(err.Error(), fmt.Sprint(math.MaxInt32)) {
		t.Errorf("got %v; want the numbers and what to do", err)
	}
}

// openFiles counts this process's file descriptors.
func openFiles(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

func TestDescriptorsAreGivenBack(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		url := misbehave(t, func(c *net.TCPConn) {
			for in := bufio.NewReader(c); request(in); {
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
		})
		attack := loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url}, Connections: 10,
			Duration: 20 * time.Millisecond}
		run(t, attack) // Go's own poller opens its descriptors with the first
		before := openFiles(t)
		for range 5 {
			run(t, attack)
		}
		// The server's ends of the connections are this process's as well, and it may see their end
		// a little later.
		for deadline := time.Now().Add(time.Minute); openFiles(t) > before; {
			if time.Now().After(deadline) {
				t.Fatalf("%d files open after five loads, %d before", openFiles(t), before)
			}
			time.Sleep(time.Millisecond)
		}
	})
}

// A run may begin while the connections of the one before are still being closed.
func TestRunsFollowAtOnce(t *testing.T) {
	onEachEngine(t, func(t *testing.T, engine string) {
		url := misbehave(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"))
		for _, rate := range []float64{0, 5000} {
			g, err := open(loadgen.Attack{Engine: engine, Target: loadgen.Target{URL: url},
				Rate: rate, Connections: 10})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			for range 25 {
				res, err := g.Run(t.Context(), 4*time.Millisecond)
				if err != nil || res.Errors != 0 || (rate > 0 && res.Requests != 20) {
					t.Fatalf("%d requests at rate %v, errors %v %v; %v", res.Requests, rate, res.ErrorKinds,
						res.ErrorExamples, err)
				}
				checkSums(t, res)
			}
		}
	})
}
