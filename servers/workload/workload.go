// Package workload holds the routes that every concurrency model serves, each written once in
// continuation style: a handler asks its [IO] for everything that may wait, and passes what to do
// afterwards. A blocking model waits in place; an event loop starts the wait and serves other
// requests. Route, bytes and data are the same, so that a benchmark compares the models alone.
package workload

import (
	"net/url"
	"time"

	"nodecompare/servers/http1"
)

// A Workload is a route and the work behind it.
type Workload struct {
	Name    string
	Method  string // GET (which serves HEAD too) or POST
	Path    string // matched exactly
	Summary string // one line, for people

	// Target, Body and ContentType are an example request that is answered with 200, for a load
	// generator to send.
	Target      string
	Body        string
	ContentType string

	// Wait, CPU and Upstream say what a request of Target takes, for planning a load. They are zero
	// if that is little, or some of each.
	Wait     time.Duration // it only waits, for this long
	CPU      time.Duration // it computes this long, so that connections beyond the cores queue
	Upstream bool          // it requests another service

	handle func(*Service, *Exchange)
}

// All is the table of workloads. A new workload is a file of its own and a line here.
var All = []Workload{
	hello,
	wait,
	file,
	api,
	db,
	login,
	cpu,
	mix,
	echo,
}

// String returns the workload's name.
func (w Workload) String() string { return w.Name }

// IO is what a handler may wait for. Each concurrency model has its own implementation.
//
// Every method causes one call of then, on the flow of control that owns x: before the method
// returns in a blocking model, later in a non-blocking one. A handler must touch nothing after the
// call. If the connection has gone meanwhile, a model may omit then, but must not use x for another
// request while work is still running.
type IO interface {
	// Wait waits for d.
	Wait(x *Exchange, d time.Duration, then func(*Exchange))

	// Get requests url from an upstream service by HTTP GET. r.Body is valid until then returns. If
	// err reports Timeout() true (os.ErrDeadlineExceeded, syscall.EAGAIN, a net.Error), the
	// upstream was too slow; any other err means that the call failed. The IO owns url from the
	// call on.
	Get(x *Exchange, url *url.URL, then func(x *Exchange, r Reply, err error))

	// Offload runs work, which blocks or computes: in place in a blocking model, on a worker in a
	// model that must not block.
	Offload(x *Exchange, work func(), then func(*Exchange))
}

// A Reply is an upstream's answer, with any status.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// An Exchange is one request and its response. A model keeps one per connection and uses it for
// request after request, so that its buffers are allocated once. It is ready once the exported
// fields are set.
type Exchange struct {
	// Request is valid until the handler first waits, when the model may read more into the buffer
	// behind it.
	Request *http1.Request

	// Response is the handler's answer, valid from the call of Done until the next Serve. Its body
	// may point into the request's buffer: write or copy it before reading more into that.
	Response http1.Response

	IO   IO
	Done func(*Exchange) // set by the model once per connection; called once per request
	Conn any             // for the model's own use

	service *Service
	body    []byte   // the response's body, if the handler composes one in buffer
	short   [64]byte // memory for a short body, next to the other fields of an answer
	ms      int      // the query's ms, for continuations that are not closures
	us      int      // the query's cpu_us
	spun    uint64   // the result of computing, so that the compiler cannot remove it

	file fileRead
	echo string // the last echoed Content-Type, which a connection mostly repeats
}

// Reply ends the exchange: the model takes over the response.
func (x *Exchange) Reply() { x.Done(x) }
