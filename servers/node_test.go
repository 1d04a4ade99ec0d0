package servers_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/node"
	"nodecompare/servers/postgres"
	"nodecompare/servers/workload"
	"nodecompare/thorough"
)

// ownFields are what Node.js and Express send beside the fields of our modes: the list of what may
// differ in an answer.
var ownFields = map[string][]string{
	"node":    {"Keep-Alive"},
	"express": {"Keep-Alive", "X-Powered-By", "Etag", "Accept-Ranges", "Cache-Control", "Last-Modified"},
}

// ownAnswers are the conversations that Node.js's parser ends in its own way, in both modes, and
// what it says then.
var ownAnswers = map[string]struct {
	why  string
	want []answer
}{
	"BREW /wait":       {"it serves only methods that it knows", []answer{parserSays400}},
	"BREW /wait kept":  {"it serves only methods that it knows", []answer{parserSays400}},
	"HTTP/1.0 waiting": {behindTheLast, []answer{parserSays400}},
	"nothing is served behind the last that waits": {behindTheLast, []answer{parserSays400}},
	"nothing is served behind the last": {behindTheLast,
		[]answer{{Status: 200, Type: html, Length: itoa(len(hello)), Body: hello, Closes: true}}},
}

// behindTheLast is why a client that goes on sending after its last request, as it said, may lose
// the answer.
const behindTheLast = "bytes behind the last request are an error that ends the connection: " +
	"a response still in the making is not sent"

// parserSays400 is an answer without type or body, and the end of the connection.
var parserSays400 = answer{Status: 400, Closes: true}

// answer is a response without the fields that may differ: Date, which must be there, those of
// ownFields, the reason phrase, and how it was put on the wire.
type answer struct {
	Status            int
	Type, Allow, Body string
	Length, Range     string
	Closes            bool
	More              []string // names of fields that there should not be
}

// startNode runs the mode's real server as a child until the test ends. Without Node.js the test is
// skipped, which CI does not have.
func startNode(t *testing.T, mode, upstream string, loops int) *child.Process {
	t.Helper()
	return startNodeOn(t, mode, upstream, nil, loops)
}

// startNodeOn has it use the database l; nil for orders of the test's own.
func startNodeOn(t *testing.T, mode, upstream string, l *workload.Ledger, loops int) *child.Process {
	t.Helper()
	source := map[string]node.Source{"node": node.HTTP, "express": node.Express}[mode]
	if l != nil && l.File == "" {
		source = source.WithPackages()
	}
	return startSource(t, source, upstream, l, loops)
}

// startChat has it serve chat, which takes a package in both modes.
func startChat(t *testing.T, mode string, loops int) *child.Process {
	t.Helper()
	source := map[string]node.Source{"node": node.HTTP, "express": node.Express}[mode]
	return startSource(t, source.WithPackages(), "", nil, loops)
}

func startSource(t *testing.T, source node.Source, upstream string, l *workload.Ledger, loops int) *child.Process {
	t.Helper()
	if testing.Short() {
		t.Skip("another process, which the race detector does not see: -short")
	}
	app, err := node.Prepare(t.Context(), source, dataDir, func(line string) { t.Log(line) })
	if errors.As(err, new(*node.Unavailable)) {
		thorough.Lacks(t, err)
	}
	if _, videoErr := workload.Video(dataDir); err != nil || videoErr != nil {
		t.Fatal(err, videoErr)
	}
	if l == nil {
		l = newLedger(t, "")
	}
	c, err := app.Command(node.Options{Addr: "127.0.0.1:0", Upstream: upstream, Data: dataDir, Loops: loops,
		Workers: 4, Database: l.Database(), Env: l.Env(), Connections: postgres.DefaultConnections})
	if err != nil {
		t.Fatal(err)
	}
	const unoptimised = "--liftoff-only" // SQLite as WebAssembly: to optimise it takes as long as all else that starts
	p, err := child.Start(t.Context(), child.Command{Name: source.Name, Path: c.Path,
		Args: append([]string{unoptimised}, c.Args...), Env: c.Env, ReadyTimeout: patience, StopTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(t.Context()); err != nil { // the context has ended: it is killed
			t.Error(err)
		}
	})
	return p
}

// eachNodeMode runs f as a subtest for every mode that Node.js serves: Express, which is mostly the
// other's code, where long tests run.
func eachNodeMode(t *testing.T, f func(t *testing.T, mode string)) {
	for _, mode := range []string{node.HTTP.Name, node.Express.Name} {
		t.Run(mode, func(t *testing.T) {
			if mode == node.Express.Name {
				thorough.Only(t)
			}
			f(t, mode)
		})
	}
}

func connect(t *testing.T, p *child.Process) *client {
	t.Helper()
	return dialTo(t, fmt.Sprintf("127.0.0.1:%d", p.Port))
}

// TestNode has Node.js and Express, each one process for most of it, do as our modes do.
func TestNode(t *testing.T) {
	t.Parallel()
	up := nodeUpstream(t)
	refusing := newFakeUpstream(t, nil)
	refusing.listener.Close()
	model := serve(t, "async", servers.Config{Upstream: up})
	eachNodeMode(t, func(t *testing.T, mode string) {
		t.Parallel()
		p := startNode(t, mode, up, 1)
		t.Run("conversations", func(t *testing.T) { nodeConverses(t, mode, p) })
		t.Run("orders, without an upstream", func(t *testing.T) { nodeOrders(t, mode) })
		t.Run("malformed", func(t *testing.T) { nodeRefuses(t, mode, p) })
		t.Run("examples", func(t *testing.T) { nodeServesExamples(t, mode, p, model) })
		for ms, kind := range upstreamKinds {
			t.Run("upstream "+kind.name, func(t *testing.T) {
				nodeAsks(t, mode, p, ms, kind.status, kind.kind, strings.ReplaceAll(kind.body, "%s", up))
			})
		}
		t.Run("feed", func(t *testing.T) {
			up := feedUpstream(t)
			p := startNode(t, mode, up, 1)
			for name, test := range feeds {
				send := get("/feed?user="+test.user, closes)
				want := parse(t, send, reply(test.status, json, strings.ReplaceAll(test.body, "%s", up), closes), nil)
				got := parse(t, send, converse(connect(t, p), whole, send), ownFields[mode])
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-want +got):\n%s", name, d)
				}
			}
		})
		t.Run("live", func(t *testing.T) {
			live := connect(t, p)
			live.send(get("/live?rate=50", "Last-Event-ID: 41"))
			resp, err := http.ReadResponse(bufio.NewReader(live), nil)
			if err != nil {
				t.Fatal(err)
			}
			if kind := resp.Header.Get("Content-Type"); resp.StatusCode != 200 || kind != "text/event-stream" {
				t.Errorf("%s, %s", resp.Status, kind)
			}
			subscription{bufio.NewReader(resp.Body), t}.ticks(42) // still open when the server is stopped
		})
		t.Run("video", func(t *testing.T) { nodeStreams(t, mode, p) })
		t.Run("cluster, whose upstream refuses", func(t *testing.T) {
			p := startNode(t, mode, refusing.url, 3)
			nodeClusters(t, mode, p)
			const body = `{"error":"the upstream %s refused the connection: is it running?"}`
			nodeAsks(t, mode, p, "1", "502 Bad Gateway", json, strings.ReplaceAll(body, "%s", refusing.url))
		})
	})
}

// nodeConverses has the mode answer what every mode answers, but for the differences listed above.
func nodeConverses(t *testing.T, mode string, p *child.Process) {
	met := map[string]bool{}
	for _, c := range conversations(t) {
		want := parse(t, c.send, strings.Join(c.want, ""), nil)
		ways := map[string]func(io.Writer, string) error{"whole": whole, "in pieces": inPieces}
		if own, ok := ownAnswers[c.name]; ok {
			t.Logf("%s differs: %s", c.name, own.why)
			want, met[c.name] = own.want, true
			delete(ways, "in pieces") // what comes behind the piece that ends it resets the connection
		}
		for name, send := range ways {
			got := parse(t, c.send, converse(connect(t, p), send, c.send), ownFields[mode])
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, sent %s (-want +got):\n%.2000s", c.name, name, d)
			}
		}
	}
	if len(met) != len(ownAnswers) {
		t.Errorf("of the differences listed only %v were met", met)
	}
}

// nodeClusters has several processes answer one after another as one does.
func nodeClusters(t *testing.T, mode string, p *child.Process) {
	want := []answer{{Status: 200, Type: json, Length: "15", Body: `{"waited_ms":1}`, Closes: true}}
	for range 9 {
		send := get("/wait?ms=1", closes)
		if d := cmp.Diff(want, parse(t, send, converse(connect(t, p), whole, send), ownFields[mode])); d != "" {
			t.Error(d)
		}
	}
}

// upstreamKinds are the ways of an upstream that our modes tell apart, by the milliseconds that it
// is asked for.
var upstreamKinds = map[string]struct {
	name, answer       string // all that it says, "" for a hang-up
	once               bool   // it then ends the connection when that is used again
	status, kind, body string // what the mode makes of it
}{
	"5001": {"relayed", relayed, false, "200 OK", "a/b", "ok"},
	"5002": {"no type", "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", false, "201 Created", data, "ok"},
	"5003": {"error", "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", false, "502 Bad Gateway", json,
		`{"error":"the upstream %s answered 500"}`},
	"5004": {"redirect", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", false, "502 Bad Gateway",
		json,
		`{"error":"the upstream %s answered 302"}`},
	"5005": {"garbage", "220 mail.example ESMTP\r\n", false, "502 Bad Gateway", json,
		`{"error":"the call to the upstream %s failed"}`},
	"5006": {"hangs up", "", false, "502 Bad Gateway", json, `{"error":"the call to the upstream %s failed"}`},
	"5007": {"kept once", relayed, true, "200 OK", "a/b", "ok"},
}

// nodeUpstream starts an upstream that has all of these kinds, and is one of ours for whoever asks
// for another wait. It returns its URL.
func nodeUpstream(t *testing.T) string {
	ours := upstream(t)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return newFakeUpstream(t, func(c *upstreamConn) {
		for {
			r, err := http.ReadRequest(c.r)
			if err != nil {
				return
			}
			ms := r.URL.Query().Get("ms")
			kind, ok := upstreamKinds[ms]
			switch {
			case !ok:
				if answer, err := client.Get(ours + "?" + r.URL.RawQuery); err == nil {
					answer.Write(c) // a peer that has gone shows at the next request
					answer.Body.Close()
				}
				return
			case !c.answer(kind.answer) || !strings.HasPrefix(kind.answer, "HTTP/1.1"):
				return
			case kind.once:
				c.request()
				return
			}
		}
	}).url
}

// nodeAsks has the mode ask its upstream three times, and go on serving.
func nodeAsks(t *testing.T, mode string, p *child.Process, ms, status, kind, body string) {
	send := get("/api?ms="+ms) + get("/", closes)
	want := parse(t, send, reply(status, kind, body)+reply("200 OK", html, hello, closes), nil)
	for range 3 {
		if d := cmp.Diff(want, parse(t, send, converse(connect(t, p), whole, send), ownFields[mode])); d != "" {
			t.Error(d)
		}
	}
}

// nodeRefuses: what cannot be served is refused and ends the connection. Node.js's parser says so
// without a body, and knows fewer statuses than ours. A body that is too large is answered as in
// our modes, but only when all of it has come.
func nodeRefuses(t *testing.T, mode string, p *child.Process) {
	const head = "POST /echo HTTP/1.1\r\nHost: x\r\n"
	large := strings.Repeat("a", 1<<20+1)
	sized := "Content-Length: 1048577\r\n\r\n" + large
	const words = "the body is too large (RFC 9110, section 15.5.14)\n"
	tooLarge := answer{Status: 413, Type: text, Length: itoa(len(words)), Body: words, Closes: true}
	bad := map[string]struct {
		send string
		want answer
	}{
		"no host": {"GET / HTTP/1.1\r\n\r\n", parserSays400},
		// 400 from ours
		"HTTP/0.9": {"GET /\r\n\r\n",
			answer{Status: 200, Type: html, Length: itoa(len(hello)), Body: hello, Closes: true}},
		"TLS":               {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", parserSays400},
		"two lengths":       {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", parserSays400},
		"length and coding": {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", parserSays400},
		"large header": {head + "A: " + strings.Repeat("a", 17<<10) + "\r\n\r\n",
			answer{Status: 431, Closes: true}},
		"large body": {head + sized, tooLarge},
		"large chunk": {head + "Transfer-Encoding: chunked\r\n\r\n100001\r\n" + large + "\r\n0\r\n\r\n",
			tooLarge},
		"large form": {strings.Replace(head, "echo", "login", 1) + sized, tooLarge}}
	for name, test := range bad {
		got := parse(t, "POST / HTTP/1.1\r\n", converse(connect(t, p), whole, test.send), ownFields[mode])
		if d := cmp.Diff([]answer{test.want}, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// nodeServesExamples has the mode answer each workload's own example, those of workloads yet to
// come included, as the async mode does.
func nodeServesExamples(t *testing.T, mode string, p *child.Process, model *serving) {
	for _, w := range workload.All {
		if !w.Asks() {
			continue // its answer does not end, or is long, and has tests of its own
		}
		fields := []string{closes}
		if w.ContentType != "" {
			fields = append(fields, "Content-Type: "+w.ContentType)
		}
		send := request(w.Method, w.Target, w.Body, fields...)
		want := parse(t, send, converse(model.dial(t), whole, send), nil)
		got := parse(t, send, converse(connect(t, p), whole, send), ownFields[mode])
		if w.Orders { // each shop numbers its own
			want[0].Body, got[0].Body = unnumbered(want[0].Body), unnumbered(got[0].Body)
		}
		if d := cmp.Diff(want, got); d != "" || want[0].Status != max(w.Status, 200) {
			t.Errorf("%s (-want +got):\n%s", w.Name, d)
		}
	}
}

func unnumbered(order string) string { return orderNumber.ReplaceAllString(order, `"order":N`) }

var orderNumber = regexp.MustCompile(`"order":\d+`)

var requestLine = regexp.MustCompile(`(?m)^(GET|HEAD|POST|DELETE|OPTIONS|BREW) \S+ HTTP/1\.([01])\r$`)

// parse reads the responses in text, all that came to the requests in sent, one to each and interim
// ones besides. Fields named in own are left out.
func parse(t *testing.T, sent, text string, own []string) []answer {
	t.Helper()
	requests := requestLine.FindAllStringSubmatch(sent, -1)
	var all []answer
	dated := strings.ReplaceAll(text, "\r\nDate: D\r\n", "\r\nDate: "+someDate+"\r\n")
	for r := bufio.NewReader(strings.NewReader(dated)); ; {
		if _, err := r.Peek(1); err == io.EOF {
			return all
		}
		asked := &http.Request{Method: http.MethodGet, ProtoMinor: 1}
		if len(requests) > 0 {
			asked.Method, asked.ProtoMinor = requests[0][1], int(requests[0][2][0]-'0')
		}
		response, err := http.ReadResponse(r, asked)
		if err != nil {
			t.Fatalf("reading response %d of %.500q: %v", len(all)+1, text, err)
		}
		var body bytes.Buffer
		if _, err := body.ReadFrom(response.Body); err != nil {
			t.Fatalf("reading the body of response %d of %.500q: %v", len(all)+1, text, err)
		}
		if response.StatusCode >= 200 && len(requests) > 0 {
			requests = requests[1:]
		}
		all = append(all, answerOf(t, response, body.String(), own))
	}
}

func answerOf(t *testing.T, r *http.Response, body string, own []string) answer {
	t.Helper()
	h := r.Header.Clone()
	take := func(name string) string {
		value := h.Get(name)
		h.Del(name)
		return value
	}
	a := answer{Status: r.StatusCode, Type: take("Content-Type"), Allow: take("Allow"), Length: take("Content-Length"),
		Range: take("Content-Range"), Body: body}
	// Node.js says keep-alive also where it is HTTP/1.1's default, and close where it is
	// HTTP/1.0's.
	connection := take("Connection")
	a.Closes = r.Close || r.Request.ProtoMinor == 0 && connection != "keep-alive"
	// By its parser's answers and interim ones Node.js does not date.
	if date := take("Date"); date == "" && r.StatusCode >= 200 && a.Type != "" {
		t.Errorf("response %d lacks its Date: %v", r.StatusCode, r.Header)
	}
	for _, name := range own {
		take(textproto.CanonicalMIMEHeaderKey(name))
	}
	a.More = slices.Sorted(maps.Keys(h))
	return a
}
