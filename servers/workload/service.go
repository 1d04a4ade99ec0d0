package workload

import (
	"net/http"
	"net/url"
	"path/filepath"
	"slices"

	"nodecompare/servers/http1"
)

// Options says where a [Service] finds what its routes need.
type Options struct {
	// Dir is the data folder: see [Open]. "" is nodecompare/workload-v1 in the user's cache folder.
	Dir string

	// Upstream is the http URL that /api asks, to whose query ms is added, such as http://127.0.0.1:4000/upstream. "" is
	// none: /api then answers 502.
	Upstream string
}

// A Service answers requests with the workloads. It may be used from many goroutines at once.
type Service struct {
	file     string
	upstream *url.URL // nil when there is none
	store    *store
}

// Open gives a service on the data folder, which is built when it is missing and rebuilt when its content is not what it
// should be: about 1 MiB, the same on every machine. Several processes may open one folder at once. An error names the folder.
func Open(o Options) (*Service, error) {
	upstream, err := parseUpstream(o.Upstream)
	if err != nil {
		return nil, err
	}
	dir, err := Data(o.Dir)
	if err != nil {
		return nil, err
	}
	store, err := openStore(filepath.Join(dir, databaseName))
	if err != nil {
		return nil, err
	}
	return &Service{file: filepath.Join(dir, fileName), upstream: upstream, store: store}, nil
}

// Close gives up the database. Call it when no request is being served any more.
func (s *Service) Close() error { return s.store.close() }

// routes is what is served: the workloads and the upstream that the api workload asks.
var routes = slices.Concat(All, []Workload{upstream})

// Serve answers x.Request. It leads to one call of x.Done, before or after it returns, as x.IO has it. A panic in a
// handler is a defect and passes through to the model.
func (s *Service) Serve(x *Exchange) {
	x.service = s
	x.Response = http1.Response{}
	r := x.Request
	for i := range routes {
		w := &routes[i]
		if string(r.Path) != w.Path {
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
	x.text(http.StatusNotFound, "Not Found\n")
}
