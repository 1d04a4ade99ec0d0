package workload

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nodecompare/servers/http1"
	"nodecompare/servers/postgres"
)

// Options say where a [Service] finds what its routes need.
type Options struct {
	// Dir is the data folder: see [Open]. "" is nodecompare/workload-v1 in the user's cache folder.
	Dir string

	// Upstream is the http URL that /api requests with ms added to its query, such as
	// http://127.0.0.1:4000/upstream. Without an upstream ("") /api answers 502.
	Upstream string

	// Database is what db, login and orders ask. "" and [SQLite] are SQLite, with orders in a
	// private file that is removed at the end; "sqlite:" and a name, with orders in a file that is
	// kept. A URL is PostgreSQL, with the tables of a [Ledger] in the schema that its search_path
	// names.
	Database string

	// Connections is how many the server has to PostgreSQL; 0 is 16.
	Connections int

	// Notes gets a line, once, when calls to the upstream fail for want of file descriptors; nil
	// for nobody.
	Notes io.Writer
}

// A Service answers requests with the workloads. It is safe for concurrent use.
type Service struct {
	dir      string // the data folder
	file     string
	video    openVideo
	upstream *url.URL // nil when there is none
	db       database
	postgres *postgres.Config // nil with the embedded database
	notes    io.Writer
	lacking  sync.Once

	subscribers atomic.Int64 // of the live route, now
	events      atomic.Int64 // that they were sent, or would have been if they kept up
	rooms       rooms        // of the chat
}

// Open returns a service on the data folder, which it builds if the folder is missing or its
// content wrong: about 1 MiB, the same on every machine. Several processes may open one folder at
// once. Errors name the folder.
func Open(o Options) (*Service, error) {
	upstream, err := parseUpstream(o.Upstream)
	if err != nil {
		return nil, err
	}
	dir, err := Data(o.Dir)
	if err != nil {
		return nil, err
	}
	s := &Service{dir: dir, file: filepath.Join(dir, fileName), upstream: upstream, notes: o.Notes}
	if !postgres.Is(o.Database) {
		s.db, err = openEmbedded(dir, o.Database)
		return s, err
	}
	if s.postgres, err = postgres.Parse(o.Database); err != nil {
		return nil, err
	}
	s.postgres.Statements = slices.Concat(statements, orderStatements)
	if o.Connections > 0 {
		s.postgres.Connections = o.Connections
	}
	s.db = remote{}
	return s, nil
}

// Postgres says how a model reaches the database; nil if that is embedded. It opens the connections
// before it serves.
func (s *Service) Postgres() *postgres.Config { return s.postgres }

// Close gives up the database and the video. Call it when no request is being served any more.
func (s *Service) Close() error { return errors.Join(s.db.close(), s.closeVideo()) }

// routes is what is served: the workloads, the upstream that the api workload asks, and what is no
// request and its answer.
var routes = slices.Concat(All, []Workload{upstream, showOrder, dashboard})

// Serve answers x.Request. It causes one call of x.Done, before or after it returns, depending on
// x.IO. A panic in a handler is a defect and passes through to the model.
func (s *Service) Serve(x *Exchange) {
	x.service = s
	x.Response = http1.Response{}
	r := x.Request
	for i := range routes {
		w := &routes[i]
		if string(r.Path) != w.Path && !(w.prefix && strings.HasPrefix(string(r.Path), w.Path)) {
			continue
		}
		if string(r.Method) == w.Method || r.Head && w.Method == http.MethodGet {
			w.handle(s, x)
			return
		}
		x.Response.Allow = w.Method
		if w.Method == http.MethodGet {
			x.Response.Allow = "GET, HEAD"
		}
		x.text(http.StatusMethodNotAllowed, "Method Not Allowed\n")
		return
	}
	if string(r.Path) == "*" { // only OPTIONS may ask for it, by the parser
		x.Response.Allow = allMethods
		x.text(http.StatusOK, "")
		return
	}
	x.text(http.StatusNotFound, "Not Found\n")
}

// allMethods are the methods of all routes, for OPTIONS * (RFC 9110, section 9.3.7).
const allMethods = "GET, HEAD, POST, OPTIONS"

const (
	typeText = "text/plain; charset=utf-8"
	typeHTML = "text/html; charset=utf-8"
	typeJSON = "application/json"
	typeData = "application/octet-stream"
)

// buffer returns the exchange's own memory for a body, empty. body keeps the memory of a body that
// outgrows it.
func (x *Exchange) buffer() []byte {
	if x.body == nil {
		x.body = x.short[:]
	}
	return x.body[:0]
}

// reply ends the exchange with this response.
func (x *Exchange) reply(status int, contentType string, body []byte) {
	x.Response.Status = status
	x.Response.ContentType = contentType
	x.Response.Body = body
	x.Reply()
}

// text ends the exchange with a line for people, from the router itself.
func (x *Exchange) text(status int, line string) {
	x.body = append(x.buffer(), line...)
	x.reply(status, typeText, x.body)
}

// json ends the exchange with v, which must be encodable as JSON.
func (x *Exchange) json(status int, v any) {
	body := bytes.NewBuffer(x.buffer())
	encoder := json.NewEncoder(body)
	encoder.SetEscapeHTML(false) // like JSON.stringify: not for use in a page
	if err := encoder.Encode(v); err != nil {
		panic(fmt.Sprintf("workload: answering with a %T: %v", v, err))
	}
	x.body = bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	x.reply(status, typeJSON, x.body)
}

// quoted is a text in JSON.
func quoted(text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(fmt.Sprintf("workload: quoting %q: %v", text, err)) // JSON can hold all texts
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// fail ends the exchange with {"error": …}: what every handler answers when it cannot do what it is
// for. The text must not depend on the model, so that all of them answer a bad request alike.
func (x *Exchange) fail(status int, format string, args ...any) {
	x.json(status, struct {
		Error string `json:"error"`
	}{fmt.Sprintf(format, args...)})
}

// count ends the exchange with before, x.ms and after, without allocating.
func (x *Exchange) count(before, after string) {
	x.body = append(x.buffer(), before...)
	x.body = strconv.AppendInt(x.body, int64(x.ms), 10)
	x.body = append(x.body, after...)
	x.reply(http.StatusOK, typeJSON, x.body)
}

// millis sets x.ms to the query's ms, or to fallback without one. If ms is not a whole number from
// 0 to most, millis answers 400 and returns false.
func (x *Exchange) millis(fallback, most int) bool {
	ms, ok := x.number("ms", "milliseconds", exampleMS, fallback, most)
	x.ms = ms
	return ok
}

// exampleMS is the value that a refusal suggests on every route.
const exampleMS = 50

// number returns the query's value of the name, or fallback without one. If the value is not a
// whole number of the units from 0 to most, number answers 400 with an example, and ok is false.
func (x *Exchange) number(name, units string, example, fallback, most int) (n int, ok bool) {
	value, ok := x.Request.QueryValue(name)
	if !ok {
		return fallback, true
	}
	given, ok := whole(value)
	if !ok || given > int64(most) {
		x.fail(http.StatusBadRequest, "%s must be a whole number of %s from 0 to %d, such as %s=%d", name,
			units, most, name, example)
		return 0, false
	}
	return int(given), true
}

// duration returns x.ms as a time.Duration.
func (x *Exchange) duration() time.Duration { return time.Duration(x.ms) * time.Millisecond }

// whole parses a number of at most 18 decimal digits and nothing else: no sign, no space, no
// percent-encoding. 18 digits fit into an int64.
func whole(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 18 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}
