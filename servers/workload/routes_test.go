package workload_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers/workload"
)

const (
	text = "text/plain; charset=utf-8"
	json = "application/json"
	data = "application/octet-stream"
)

func fault(status int, message string) answer {
	return answer{Status: status, ContentType: json, Body: fmt.Sprintf(`{"error":%q}`, message)}
}

var (
	badWait    = fault(400, "ms must be a whole number of milliseconds from 0 to 60000, such as ms=50")
	badCPU     = fault(400, "ms must be a whole number of milliseconds from 0 to 10000, such as ms=50")
	badMixWait = fault(400, "wait_ms must be a whole number of milliseconds from 0 to 60000, such as wait_ms=10")
	badMixCPU  = fault(400, "cpu_us must be a whole number of microseconds from 0 to 10000000, such as cpu_us=100")
	badID      = fault(400, "id must be the number of a product, such as id=7")
	badLogin   = answer{400, json, "",
		`{"error":"the body must be JSON with two strings: {\"user\":\"…\",\"password\":\"…\"}"}`}
	badUser  = fault(401, "the user or the password is wrong")
	mangoIn  = answer{200, json, "", `{"token":"bWFuZ28.L3cLY2MPXIk6FYupTo7r7xxQCa1aHg_QsDkBcR4kY1w"}`}
	product7 = answer{200, json, "",
		`{"id":7,"sku":"ME-00007","name":"Dunmore Large Soap Dish","category":"bath","price_cents":3665,"stock":45}`}
	product4 = answer{200, json, "",
		`{"id":4,"sku":"ME-00004","name":"Cedar & Co Folding Bath Towel",` +
			`"category":"bath","price_cents":2079,"stock":165}`}
	notFound  = answer{404, text, "", "Not Found\n"}
	onlyGet   = answer{405, text, "GET, HEAD", "Method Not Allowed\n"}
	onlyPost  = answer{405, text, "POST", "Method Not Allowed\n"}
	waited50  = answer{200, json, "", `{"waited_ms":50}`}
	helloHTML = answer{200, "text/html; charset=utf-8", "", "Hello from Mango Engineers Backend!"}
)

func TestRoutes(t *testing.T) {
	// one connection for all, so that nothing may linger from one request to the next
	c := dial(t, open(t, workload.Options{}))
	for _, test := range []struct {
		method, target, contentType, body string
		want                              answer
	}{
		{"GET", "/", "", "", helloHTML},
		{"HEAD", "/", "", "", helloHTML},
		{"GET", "/?ms=nonsense", "", "", helloHTML},
		{"POST", "/", "", "", onlyGet},
		{"BREW", "/", "", "", onlyGet},

		{"GET", "/wait?ms=50", "", "", waited50},
		{"GET", "/wait", "", "", waited50},
		{"GET", "/wait?mss=9", "", "", waited50},
		{"HEAD", "/wait", "", "", waited50},
		{"GET", "/wait?ms=0", "", "", answer{200, json, "", `{"waited_ms":0}`}},
		{"GET", "/wait?x=1&ms=7&ms=8", "", "", answer{200, json, "", `{"waited_ms":7}`}},
		{"GET", "/wait?ms=60000", "", "", answer{200, json, "", `{"waited_ms":60000}`}},
		{"GET", "/wait?ms=0050", "", "", waited50},
		{"GET", "/wait?ms=60001", "", "", badWait},
		{"GET", "/wait?ms=-1", "", "", badWait},
		{"GET", "/wait?ms=+1", "", "", badWait},
		{"GET", "/wait?ms=1.5", "", "", badWait},
		{"GET", "/wait?ms=%35%30", "", "", badWait},
		{"GET", "/wait?ms=", "", "", badWait},
		{"GET", "/wait?ms", "", "", badWait},
		{"GET", "/wait?ms=18446744073709551666", "", "", badWait}, // 50 more than fits into 64 bits
		{"POST", "/wait", "", "", onlyGet},

		{"GET", "/upstream?ms=5", "", "", answer{200, json, "", `{"service":"upstream","waited_ms":5}`}},
		{"GET", "/upstream", "", "", answer{200, json, "", `{"service":"upstream","waited_ms":50}`}},
		{"GET", "/upstream?ms=x", "", "", badWait},
		{"PUT", "/upstream", "", "", onlyGet},

		{"GET", "/db?id=7", "", "", product7},
		{"GET", "/db?id=4", "", "", product4},
		{"HEAD", "/db?id=7", "", "", product7},
		{"GET", "/db?id=007", "", "", product7},
		{"GET", "/db?id=0", "", "", fault(404, "there is no product 0")},
		{"GET", "/db?id=10001", "", "", fault(404, "there is no product 10001")},
		{"GET", "/db?id=999999999999999999", "", "", fault(404, "there is no product 999999999999999999")},
		{"GET", "/db?id=9999999999999999999", "", "", badID},
		{"GET", "/db?id=-7", "", "", badID},
		{"GET", "/db?id=7'--", "", "", badID},
		{"GET", "/db?id=", "", "", badID},
		{"GET", "/db", "", "", badID},
		{"DELETE", "/db?id=7", "", "", onlyGet},

		{"POST", "/login", json, `{"user":"mango","password":"engineers"}`, mangoIn},
		{"POST", "/login", "", ` { "password" : "engineers", "more": [1], "user" : "mango" } `, mangoIn},
		{"POST", "/login", json, `{"user":"mango","password":"engineers "}`, badUser},
		{"POST", "/login", json, `{"user":"Mango","password":"engineers"}`, badUser},
		{"POST", "/login", json, `{"user":"nobody","password":"engineers"}`, badUser},
		{"POST", "/login", json, `{"user":"","password":""}`, badUser},
		{"POST", "/login", json, `{"user":"mango' OR '1'='1","password":"engineers"}`, badUser},
		{"POST", "/login", json, `{"user":"mango","password":null}`, badLogin},
		{"POST", "/login", json, `{"user":"mango"}`, badLogin},
		{"POST", "/login", json, `{"password":"engineers"}`, badLogin},
		{"POST", "/login", json, `{"user":"mango","password":12}`, badLogin},
		{"POST", "/login", json, `{"user":["mango"],"password":"engineers"}`, badLogin},
		{"POST", "/login", json, `{"user":"mango","password":"engineers"}{}`, badLogin},
		{"POST", "/login", json, `{"user":"mango","password":"engineers"`, badLogin},
		{"POST", "/login", json, `user=mango&password=engineers`, badLogin},
		{"POST", "/login", json, `["mango","engineers"]`, badLogin},
		{"POST", "/login", json, `null`, badLogin},
		{"POST", "/login", json, ``, badLogin},
		{"GET", "/login", "", "", onlyPost},
		{"HEAD", "/login", "", "", onlyPost},

		{"GET", "/cpu?ms=1", "", "", answer{200, json, "", `{"burned_ms":1}`}},
		{"GET", "/cpu?ms=0", "", "", answer{200, json, "", `{"burned_ms":0}`}},
		{"GET", "/cpu", "", "", answer{200, json, "", `{"burned_ms":5}`}},
		{"GET", "/cpu?ms=10001", "", "", badCPU},
		{"GET", "/cpu?ms=five", "", "", badCPU},
		{"POST", "/cpu", "", "", onlyGet},

		{"GET", "/mix?wait_ms=3&cpu_us=50", "", "", answer{200, json, "", `{"waited_ms":3,"burned_us":50}`}},
		{"GET", "/mix?cpu_us=0&wait_ms=0", "", "", answer{200, json, "", `{"waited_ms":0,"burned_us":0}`}},
		{"GET", "/mix?ms=7", "", "", answer{200, json, "", `{"waited_ms":10,"burned_us":100}`}},
		{"HEAD", "/mix?cpu_us=007", "", "", answer{200, json, "", `{"waited_ms":10,"burned_us":7}`}},
		{"GET", "/mix?wait_ms=60001", "", "", badMixWait},
		{"GET", "/mix?wait_ms=1.5&cpu_us=x", "", "", badMixWait},
		{"GET", "/mix?wait_ms=1&cpu_us=10000001", "", "", badMixCPU},
		{"GET", "/mix?cpu_us=", "", "", badMixCPU},
		{"POST", "/mix", "", "", onlyGet},

		{"POST", "/echo", json, `{"a":1}`, answer{200, json, "", `{"a":1}`}},
		{"POST", "/echo", "text/x-shout", "HEY", answer{200, "text/x-shout", "", "HEY"}},
		{"POST", "/echo", "", "raw", answer{200, data, "", "raw"}},
		{"POST", "/echo", json, "", answer{200, json, "", ""}},
		{"GET", "/echo", "", "", onlyPost},

		{"POST", "/file", "", "", onlyGet},
		{"POST", "/api", "", "", onlyGet},
		{"POST", "/stream", "", "", onlyGet},

		{"GET", "/nothing", "", "", notFound},
		{"POST", "/nothing", "", "", notFound},
		{"GET", "/wait/", "", "", notFound},
		{"GET", "//", "", "", notFound},
		{"GET", "/Wait", "", "", notFound},
		{"GET", "/%77ait", "", "", notFound},
		{"GET", "/wait%3Fms=5", "", "", notFound},
	} {
		t.Run(test.method+" "+test.target+" "+test.body, func(t *testing.T) {
			if diff := cmp.Diff(test.want,
				c.do(test.method, test.target, test.contentType, []byte(test.body))); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestFile(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	for range 2 { // the second time into the same buffer
		a := c.get("/file")
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(a.Body)))
		if a.Status != 200 || a.ContentType != data || len(a.Body) != 64<<10 ||
			sum != "9cdad6bb2483b28d5a5526739556576e4a95fc17f81ac431509f4c1d5e17caaf" {
			t.Errorf("/file answered %d, %s, %d bytes with the SHA-256 %s", a.Status, a.ContentType, len(a.Body), sum)
		}
	}
}

func TestWaitsAreTheModels(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	for _, target := range []string{"/wait?ms=50", "/upstream?ms=120", "/wait?ms=0", "/wait?ms=x",
		"/mix?wait_ms=7&cpu_us=1", "/mix?wait_ms=0&cpu_us=1", "/mix?wait_ms=7&cpu_us=x"} {
		c.get(target)
	}
	want := []time.Duration{50 * time.Millisecond, 120 * time.Millisecond, 0, 7 * time.Millisecond}
	if diff := cmp.Diff(want, c.io.waits); diff != "" {
		t.Errorf("waits, want -, got +:\n%s", diff)
	}
}

// What blocks goes through Offload, each in a step of its own; what is to hold up an event loop
// does not.
func TestOffloads(t *testing.T) {
	want := map[string]int{"file": 1, "db": 1, "login": 2, "orders": 1, "stream": 1}
	s := open(t, workload.Options{})
	for _, w := range workload.All {
		if w.Upstream > 0 {
			continue
		}
		c := dial(t, s)
		c.do(w.Method, w.Target, w.ContentType, []byte(w.Body))
		if c.io.offloads != want[w.Name] {
			t.Errorf("%s: %d calls of Offload, want %d", w.Name, c.io.offloads, want[w.Name])
		}
	}
}

func TestAll(t *testing.T) {
	c := dial(t, open(t, workload.Options{Upstream: "http://127.0.0.1:4000/upstream"}))
	c.io.reply = workload.Reply{Status: 200, ContentType: json, Body: []byte(`{}`)}
	var names []string
	for _, w := range workload.All {
		names = append(names, w.Name)
		if w.Summary == "" || strings.Contains(w.Summary, "\n") {
			t.Errorf("%s: the summary is %q, want one line", w.Name, w.Summary)
		}
		if path, _, _ := strings.Cut(w.Target, "?"); path != w.Path {
			t.Errorf("%s: the example %s is not on %s", w.Name, w.Target, w.Path)
		}
		a := c.do(w.Method, w.Target, w.ContentType, []byte(w.Body))
		if a.Status != max(w.Status, 200) && !w.Tells && !w.Talks {
			t.Errorf("%s: its example was answered with %+v", w.Name, a)
		}
	}
	if diff := cmp.Diff([]string{"hello", "wait", "file", "api", "feed", "db", "login", "orders", "cpu", "mix", "echo",
		"live", "chat", "stream"},
		names); diff != "" {
		t.Errorf("names, want -, got +:\n%s", diff)
	}
}
