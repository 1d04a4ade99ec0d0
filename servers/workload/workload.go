// Package workload holds the routes that every concurrency model serves, each written once in
// continuation style: a handler asks its [IO] for everything that may wait, and passes what to do
// afterwards. A blocking model waits in place; an event loop starts the wait and serves other
// requests. Route, bytes and data are the same, so that a benchmark compares the models alone.
package workload

import (
	"net/url"
	"os"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/postgres"
)

// A Workload is a route and the work behind it.
type Workload struct {
	Name    string
	Method  string // GET (which serves HEAD too) or POST
	Path    string // matched exactly
	prefix  bool   // or whatever follows it too
	Summary string // one line, for people

	// An example that is answered well, for a load generator to send: the path with its query, the
	// body and its type. Bodies, where there are any, are sent in turn in place of Body.
	Target      string
	Body        string
	Bodies      []string
	ContentType string
	Status      int  // of that answer; 0 is 200
	Database    bool // it asks the database
	Orders      bool // it writes orders down there, which can be audited

	// What a request of Target takes, for who plans a load; none of it where that is little, or
	// some of each.
	Wait     time.Duration // it only waits, for so long
	CPU      time.Duration // it computes for so long, so that more connections than cores only queue
	Upstream int           // it asks another service, in so many calls at once

	// Tells says that an answer goes on until the connection ends, as server-sent events with ids
	// and due times: a load has subscribers in place of requests.
	Tells bool

	// Talks says that the connection becomes a WebSocket on which both sides send messages: a load
	// has members of rooms in place of requests.
	Talks bool
	// Plays says that an answer is a video, too long to be asked for again and again: a load has
	// players, who ask for ranges of it one after the other.
	Plays bool

	// Whole is the body of a whole answer to Target, where the status does not tell that from a
	// partial one; "" where it does.
	Whole string

	handle func(*Service, *Exchange)
}

// All is the table of workloads. A new workload is a file of its own and a line here.
var All = []Workload{
	hello,
	wait,
	file,
	api,
	feed,
	db,
	login,
	orders,
	cpu,
	mix,
	echo,
	live,
	chat,
	stream,
}

// Asks reports whether a load of it is one of requests, and not of subscribers, members or viewers.
func (w Workload) Asks() bool { return !w.Tells && !w.Talks && !w.Plays }

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

	// GetAll asks an upstream for several things by HTTP GET, each within limit, and writes what
	// came of it into the calls: all at once, or one after the other in a model that blocks. An
	// error is as Get has it. The calls belong to the IO until then.
	GetAll(x *Exchange, calls []Call, limit time.Duration, then func(*Exchange))

	// Query talks to the database over one of its connections. err is the talk's last complaint, or
	// is ErrLost if the connection ended; only then may x see less than all rows.
	Query(x *Exchange, t postgres.Talk, then func(x *Exchange, err error))

	// Offload runs work, which blocks or computes: in place in a blocking model, on a worker in one
	// that must not block.
	Offload(x *Exchange, work func(), then func(*Exchange))

	// Stream answers with a body of that type that goes on until the connection ends: s makes it.
	// It takes the place of Reply. What s makes while the peer lags is dropped, so that a peer that
	// does not read is bounded. A model that blocks asks s for nothing meanwhile.
	Stream(x *Exchange, contentType string, s Source)

	// Upgrade answers an opening handshake that was checked, and makes the connection a WebSocket
	// whose messages r receives. It takes the place of Reply. accept is the value of
	// Sec-WebSocket-Accept.
	Upgrade(x *Exchange, accept string, r Receiver)

	// SendFile answers with x.Response, whose Part it sends from f. It takes the place of Reply. f
	// stays open while the model serves. A peer that does not read holds up its own connection
	// alone, or the thread that is its own.
	SendFile(x *Exchange, f *os.File)
}

// A Reply is an upstream's answer, with any status.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// A Call is one of several to an upstream, and its outcome.
type Call struct {
	URL   *url.URL
	Reply Reply // whose Body is the caller's to keep
	Err   error
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
	body    []byte   // the response's body, where the handler composes one: begin it with buffer
	short   [64]byte // where a short one lies, beside all else that an answer needs
	ms      int      // what the query's ms said, for continuations that are not closures
	us      int      // what the query's cpu_us said
	id      int64    // what the query's user or id said
	spun    uint64   // what the cpu and mix workloads computed, so that the compiler cannot leave it out

	look *lookup // in PostgreSQL; nil before the first
	file fileRead
	echo string // the last echoed Content-Type, which a connection mostly repeats
}

// Reply ends the exchange: the model takes over the response.
func (x *Exchange) Reply() { x.Done(x) }
