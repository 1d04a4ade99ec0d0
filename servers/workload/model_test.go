package workload_test

import (
	"bytes"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// An idleIO is the smallest model of all: it waits for nothing.
type idleIO struct{}

func (idleIO) Wait(x *workload.Exchange, _ time.Duration, then func(*workload.Exchange)) { then(x) }
func (idleIO) Stream(*workload.Exchange, string, workload.Source)                        {}
func (idleIO) Upgrade(*workload.Exchange, string, workload.Receiver)                     {}
func (idleIO) SendFile(*workload.Exchange, *os.File)                                     {}

func (idleIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	work()
	then(x)
}
func (idleIO) Get(x *workload.Exchange, _ *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	then(x, workload.Reply{Status: 200}, nil)
}

func TestHelloAndWaitAllocateNothing(t *testing.T) {
	s := open(t, workload.Options{})
	for _, target := range []string{"/", "/wait?ms=50", "/wait", "/upstream?ms=60000", "/mix?wait_ms=9&cpu_us=0"} {
		request, _ := parse(t, "GET", target, "", nil)
		x := workload.Exchange{Request: request, IO: idleIO{}, Done: func(*workload.Exchange) {}}
		if n := testing.AllocsPerRun(1000, func() { s.Serve(&x) }); n != 0 {
			t.Errorf("GET %s allocates %v times, want never", target, n)
		}
	}
}

func (idleIO) GetAll(x *workload.Exchange, _ []workload.Call, _ time.Duration, then func(*workload.Exchange)) {
	then(x)
}

func (idleIO) Query(*workload.Exchange, postgres.Talk, func(*workload.Exchange, error)) {
	panic("there is no PostgreSQL")
}

// A queueIO does nothing until it is told to, as an event loop.
type queueIO struct{ queue []func() }

func (q *queueIO) Wait(x *workload.Exchange, _ time.Duration, then func(*workload.Exchange)) {
	q.queue = append(q.queue, func() { then(x) })
}

func (q *queueIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	q.queue = append(q.queue, func() { then(x, workload.Reply{Status: 200, Body: []byte(u.String())}, nil) })
}

func (*queueIO) Query(*workload.Exchange, postgres.Talk, func(*workload.Exchange, error)) {
	panic("there is no PostgreSQL")
}

func (q *queueIO) GetAll(x *workload.Exchange, calls []workload.Call, _ time.Duration,
	then func(*workload.Exchange)) {
	for i := range calls {
		q.queue = append(q.queue, func() {
			calls[i].Reply = workload.Reply{Status: 200, Body: []byte(`"` + calls[i].URL.RawQuery + `"`)}
		})
	}
	q.queue = append(q.queue, func() { then(x) })
}

func (q *queueIO) Stream(*workload.Exchange, string, workload.Source)    { panic("no test streams") }
func (q *queueIO) Upgrade(*workload.Exchange, string, workload.Receiver) {}
func (q *queueIO) SendFile(*workload.Exchange, *os.File)                 { panic("no test sends a file") }

func (q *queueIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	q.queue = append(q.queue, func() { // the work comes back through the queue, so that that of others comes in between
		work()
		q.queue = append(q.queue, func() { then(x) })
	})
}

func (q *queueIO) run() {
	for len(q.queue) > 0 {
		next := q.queue[0]
		q.queue = q.queue[1:]
		next()
	}
}

// Requests of many connections that are in flight at once, step by step, keep to themselves.
func TestInterleaved(t *testing.T) {
	s := open(t, workload.Options{Upstream: "http://127.0.0.1/"})
	requests := []struct{ method, target, body string }{
		{"GET", "/", ""}, {"GET", "/wait?ms=1", ""}, {"GET", "/wait?ms=2", ""},
		{"GET", "/upstream?ms=3", ""}, {"GET", "/file", ""},
		{"GET", "/db?id=7", ""}, {"GET", "/db?id=8", ""}, {"GET", "/db?id=0", ""}, {"GET", "/api?ms=1", ""},
		{"GET", "/feed?user=1", ""}, {"GET", "/feed?user=2", ""},
		{"GET", "/api?ms=2", ""},
		{"POST", "/login", `{"user":"mango","password":"engineers"}`},
		{"POST", "/login", `{"user":"ada","password":"engineers"}`},
		{"POST", "/login", `{"user":"nobody","password":"engineers"}`},
		{"POST", "/login", `{"user":"zoë","password":"naïve café ☕"}`},
		{"POST", "/orders", `{"customer":1,"items":[{"product":10001,"quantity":1}]}`}, {"GET", "/orders/7", ""},
		{"POST", "/echo", "hi"}, {"GET", "/cpu?ms=1", ""}, {"GET", "/mix?wait_ms=2&cpu_us=3", ""},
		{"GET", "/mix?wait_ms=4&cpu_us=5", ""},
	}
	start := func(x *workload.Exchange, q *queueIO, done *int, i int) {
		r := requests[i]
		request, _ := parse(t, r.method, r.target, "", []byte(r.body))
		*x = workload.Exchange{Request: request, IO: q, Done: func(*workload.Exchange) { *done++ }}
		s.Serve(x)
	}
	var together queueIO
	exchanges := make([]workload.Exchange, len(requests))
	done := make([]int, len(requests))
	for i := range requests {
		start(&exchanges[i], &together, &done[i], i)
	}
	together.run()
	for i, r := range requests {
		var (
			alone queueIO
			x     workload.Exchange
			once  int
		)
		start(&x, &alone, &once, i)
		alone.run()
		if diff := cmp.Diff(answerOf(&x), answerOf(&exchanges[i])); diff != "" || once != 1 || done[i] != 1 {
			t.Errorf("%s %s %s: Done was called %d times, and %d; alone -, with the others +:\n%s",
				r.method, r.target, r.body, once, done[i], diff)
		}
	}
}

// The service is shared by threads: what the race detector has to say about it comes out here.
func TestConcurrent(t *testing.T) {
	s := open(t, workload.Options{})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			c := dial(t, s)
			for range 20 {
				if a := c.get("/db?id=7"); a != product7 {
					t.Errorf("/db answered %+v", a)
				}
				if a := c.get("/file"); a.Status != 200 || len(a.Body) != 64<<10 {
					t.Errorf("/file answered %d with %d bytes", a.Status, len(a.Body))
				}
			}
			if a := c.post("/login", json, `{"user":"mango","password":"engineers"}`); a != mangoIn {
				t.Errorf("/login answered %+v", a)
			}
		})
	}
	group.Wait()
}

// cpuTime is what the process has used.
func cpuTime(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Eight at once on fewer cores: were it time on the clock on the wall that counts, they would burn
// less together.
func TestCPUIsBurnedUnderContention(t *testing.T) {
	s := open(t, workload.Options{})
	const requests, each = 8, 100 * time.Millisecond
	before := cpuTime(t)
	var group sync.WaitGroup
	for range requests {
		c := dial(t, s)
		group.Go(func() { c.get("/cpu?ms=100") })
	}
	group.Wait()
	// getrusage(2) counts in ticks on some kernels
	if used, want := cpuTime(t)-before, requests*each*95/100; used < want {
		t.Errorf("%d requests for %v used %v together, want %v and more", requests, each, used, want)
	}
}

// What mix is asked to compute it does, by its own clock: within a quarter, for as short as it may
// be on a slow machine.
func TestMixBurnsWhatItIsAskedFor(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	c.get("/mix?wait_ms=0&cpu_us=1000")
	const requests, each = 200, 500 * time.Microsecond
	before := cpuTime(t)
	for range requests {
		c.get("/mix?wait_ms=0&cpu_us=500")
	}
	if used := cpuTime(t) - before; used < requests*each*3/4 {
		t.Errorf("%d requests for %v used %v together", requests, each, used)
	}
}

// Who is not a user must not be told apart by the time it takes. In CPU time the two are 10 ms
// each, the table's own cost is 5 µs: a factor of two is far from both.
func TestUnknownUserCostsTheSame(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	cost := func(user string) time.Duration {
		before := cpuTime(t)
		for range 4 {
			if a := c.post("/login", json, `{"user":"`+user+`","password":"wrong"}`); a != badUser {
				t.Fatalf("%s: %+v", user, a)
			}
		}
		return cpuTime(t) - before
	}
	cost("mango") // the first opens connections and grows the heap
	known, unknown := cost("mango"), cost("nobody")
	if unknown < known/2 {
		t.Errorf("a user there is not costs %v, one with a wrong password %v", unknown, known)
	}
}

// A handler that panics is a defect, which the model has to hear of.
func TestPanicPasses(t *testing.T) {
	s := open(t, workload.Options{})
	request, _ := parse(t, "GET", "/wait", "", nil)
	defer func() {
		if r := recover(); r == nil {
			t.Error("the panic did not get out of Serve")
		}
	}()
	s.Serve(&workload.Exchange{Request: request, Done: func(*workload.Exchange) {}}) // without an IO
}

var wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)

// Whatever ms is, it is either taken for just that or refused, with no wait.
func TestMillisProperty(t *testing.T) {
	s := open(t, workload.Options{})
	rapid.Check(t, func(r *rapid.T) {
		ms := rapid.OneOf(
			rapid.StringMatching(`[0-9]{0,25}`), rapid.StringMatching(`[-+0-9xe._~,;:@!$'()*/?=]{0,8}`),
			rapid.Map(rapid.IntRange(0, 70_000), strconv.Itoa),
		).Draw(r, "ms")
		c := dial(t, s)
		a := c.get("/wait?ms=" + ms)
		n, err := strconv.Atoi(ms)
		if err == nil && wholeNumber.MatchString(ms) && n <= 60_000 {
			if len(c.io.waits) != 1 || c.io.waits[0] != time.Duration(n)*time.Millisecond ||
				a.Body != `{"waited_ms":`+strconv.Itoa(n)+`}` {
				r.Fatalf("it waited %v and answered %+v", c.io.waits, a)
			}
			return
		}
		if len(c.io.waits) != 0 || a != badWait {
			r.Fatalf("it waited %v and answered %+v", c.io.waits, a)
		}
	})
}

// Bytes come back as they went, also the second time on a connection.
func TestEchoProperty(t *testing.T) {
	s := open(t, workload.Options{})
	rapid.Check(t, func(r *rapid.T) {
		c := dial(t, s)
		for range 2 {
			body := rapid.SliceOf(rapid.Byte()).Draw(r, "body")
			kind := rapid.StringMatching(`[a-z]{1,9}/[a-z]{1,9}`).Draw(r, "type")
			a := c.post("/echo", kind, string(body))
			if a.Status != 200 || a.ContentType != kind || !bytes.Equal([]byte(a.Body), body) {
				r.Fatalf("%q as %s came back as %+v", body, kind, a)
			}
		}
	})
}
