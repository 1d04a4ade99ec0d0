package workload_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/servers/http1"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
)

// openEnv, in the environment of a copy of this test's binary, is a data folder for it to open.
const openEnv = "WORKLOAD_TEST_OPEN"

// seeded is a data folder for the tests that only read it.
var seeded string

func TestMain(m *testing.M) {
	if dir := os.Getenv(openEnv); dir != "" {
		if err := openAndAsk(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "workload")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	seeded = dir
	code := m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func open(t testing.TB, o workload.Options) *workload.Service {
	t.Helper()
	if o.Dir == "" {
		o.Dir = seeded
	}
	s, err := workload.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// A fakeIO does everything in place, and is as unkind as the contract allows: whatever a handler
// may not hold on to is overwritten as soon as it may be.
type fakeIO struct {
	request  []byte // the bytes behind the request that is being served
	waits    []time.Duration
	offloads int
	source   workload.Source   // of the last Stream
	receiver workload.Receiver // of the last Upgrade
	gets     []string
	reply    workload.Reply // to Get
	err      error          // to Get
}

func (f *fakeIO) spoil(b []byte) {
	for i := range b {
		b[i] = '#'
	}
}

func (f *fakeIO) Wait(x *workload.Exchange, d time.Duration, then func(*workload.Exchange)) {
	f.waits = append(f.waits, d)
	f.spoil(f.request)
	then(x)
}

func (f *fakeIO) Get(x *workload.Exchange, u *url.URL, then func(*workload.Exchange, workload.Reply, error)) {
	f.gets = append(f.gets, u.String())
	f.spoil(f.request)
	r := f.reply
	r.Body = append([]byte(nil), r.Body...)
	then(x, r, f.err)
	f.spoil(r.Body)
}

func (f *fakeIO) GetAll(x *workload.Exchange, calls []workload.Call, limit time.Duration,
	then func(*workload.Exchange)) {
	f.spoil(f.request)
	for i := range calls {
		f.gets = append(f.gets, calls[i].URL.String())
		calls[i].Reply, calls[i].Err = f.reply, f.err
		calls[i].Reply.Body = append([]byte(nil), f.reply.Body...)
	}
	then(x)
}

func (f *fakeIO) Query(*workload.Exchange, postgres.Talk, func(*workload.Exchange, error)) {
	panic("there is no PostgreSQL")
}

func (f *fakeIO) Stream(x *workload.Exchange, contentType string, s workload.Source) {
	f.source = s
	f.spoil(f.request)
	x.Response.ContentType = contentType
	x.Reply()
}

func (f *fakeIO) Upgrade(x *workload.Exchange, accept string, r workload.Receiver) {
	f.receiver = r
	f.spoil(f.request)
	x.Response.Status = 101
}

func (f *fakeIO) SendFile(x *workload.Exchange, file *os.File) {
	p := &x.Response.Part
	x.Response.Body = make([]byte, p.Length)
	if _, err := file.ReadAt(x.Response.Body, p.First); err != nil {
		panic(err)
	}
	x.Reply()
}

func (f *fakeIO) Offload(x *workload.Exchange, work func(), then func(*workload.Exchange)) {
	f.offloads++
	f.spoil(f.request)
	work()
	then(x)
}

// An answer is a response, with its body as text.
type answer struct {
	Status                   int
	ContentType, Allow, Body string
}

// A conn serves one request after another, as a connection does.
type conn struct {
	t       testing.TB
	service *workload.Service
	io      fakeIO
	x       workload.Exchange
	done    int
}

func dial(t testing.TB, s *workload.Service) *conn {
	c := &conn{t: t, service: s}
	c.x.IO = &c.io
	c.x.Done = func(x *workload.Exchange) {
		if x != &c.x {
			t.Error("Done was called with another Exchange")
		}
		c.done++
	}
	return c
}

func (c *conn) get(target string) answer { return c.do("GET", target, "", nil) }

func (c *conn) post(target, contentType, body string) answer {
	return c.do("POST", target, contentType, []byte(body))
}

// do gives the response as it is once Serve has returned.
func (c *conn) do(method, target, contentType string, body []byte) answer {
	c.t.Helper()
	request, raw := parse(c.t, method, target, contentType, body)
	c.x.Request, c.io.request, c.done = request, raw, 0
	c.service.Serve(&c.x)
	if c.done != 1 {
		c.t.Fatalf("%s %s: Done was called %d times, want once", method, target, c.done)
	}
	return answerOf(&c.x)
}

func answerOf(x *workload.Exchange) answer {
	r := &x.Response
	return answer{r.Status, r.ContentType, r.Allow, string(r.Body)}
}

func parse(t testing.TB, method, target, contentType string, body []byte) (*http1.Request, []byte) {
	t.Helper()
	raw := http1.AppendRequest(nil, method, "127.0.0.1", target, contentType, body)
	var p http1.RequestParser
	n, err := p.Parse(raw)
	if err != nil || n != len(raw) {
		t.Fatalf("parsing %q: used %d bytes, %v", raw, n, err)
	}
	return &p.Request, raw
}

// openAndAsk is what the processes of TestOpenRace do.
func openAndAsk(dir string) error {
	s, err := workload.Open(workload.Options{Dir: dir})
	if err != nil {
		return err
	}
	if a := ask(s); a.Status != 200 {
		err = fmt.Errorf("/db?id=10000 answered %+v", a)
	}
	return errors.Join(err, s.Close())
}

func ask(s *workload.Service) answer {
	var (
		p   http1.RequestParser
		raw = http1.AppendRequest(nil, "GET", "127.0.0.1", "/db?id=10000", "", nil)
	)
	if _, err := p.Parse(raw); err != nil {
		panic(err)
	}
	x := workload.Exchange{Request: &p.Request, IO: &fakeIO{}, Done: func(*workload.Exchange) {}}
	s.Serve(&x)
	return answerOf(&x)
}
