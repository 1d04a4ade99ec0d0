package servers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nodecompare/servers"
	"nodecompare/servers/child"
	"nodecompare/servers/workload"
)

// ordering is a customer's visit to a shop in which nothing has been sold yet: requests, one after
// the other, with all that is answered.
func ordering() []conversation {
	const (
		malformed = `{"error":"the body must be JSON such as ` +
			`{\"customer\":7,\"items\":[{\"product\":3,\"quantity\":2}]}"}`
		none   = `{"error":"there is no such order"}`
		two    = `{"customer":7,"items":[{"product":7,"quantity":2},{"product":4,"quantity":1}]}`
		badKey = `{"error":"the Idempotency-Key must be 1 to 200 visible ASCII characters"}`
	)
	var all []conversation
	ask := func(method, target, body, status, want string, fields ...string) {
		all = append(all, conversation{method + " " + target + " " + body,
			request(method, target, body, append(fields, closes)...), []string{reply(status, json, want, closes)}})
	}
	post := func(body, status, want string, fields ...string) {
		ask("POST", "/orders", body, status, want, append(fields, "Content-Type: application/json")...)
	}
	ask("GET", "/orders/1", "", "404 Not Found", none)
	post(two, "201 Created", `{"order":1,"total":9409}`)
	ask("GET", "/orders/1", "", "200 OK", `{"order":1,"customer":7,"items":[`+
		`{"product":4,"quantity":1,"price_cents":2079},{"product":7,"quantity":2,"price_cents":3665}],"total":9409}`)
	// a repeated key writes nothing
	post(two, "201 Created", `{"order":2,"total":9409}`, "Idempotency-Key: a-1")
	post(two, "200 OK", `{"order":2,"total":9409}`, "Idempotency-Key: a-1")
	post(two, "201 Created", `{"order":3,"total":9409}`, "Idempotency-Key: a-2")
	ask("GET", "/orders/4", "", "404 Not Found", none)
	post(two, "400 Bad Request", badKey, "Idempotency-Key: a 1")
	post(two, "400 Bad Request", badKey, "Idempotency-Key: "+strings.Repeat("k", 201))
	// what is short is named, and nothing of the order is taken
	post(`{"customer":1,"items":[{"product":10000,"quantity":4},{"product":9991,"quantity":9},`+
		`{"product":7,"quantity":1}]}`,
		"409 Conflict", `{"error":"not enough in stock","short":[`+
			`{"product":9991,"wanted":9,"stock":3},{"product":10000,"wanted":4,"stock":3}]}`)
	post(`{"customer":1,"items":[{"product":10000,"quantity":3}]}`, "201 Created", `{"order":4,"total":2013}`)
	post(`{"customer":1,"items":[{"product":10000,"quantity":1}]}`, "409 Conflict",
		`{"error":"not enough in stock","short":[{"product":10000,"wanted":1,"stock":0}]}`)
	for _, body := range []string{"", "{", "[]", "null", `{"customer":7}`, `{"items":[]}`,
		`{"customer":"7","items":[]}`,
		`{"customer":7,"items":{}}`, `{"customer":7,"items":[7]}`, `{"customer":7,"items":[{"product":3}]}`,
		`{"customer":7,"items":[{"product":3,"quantity":1.5}]}`, `{"customer":7.5,"items":[]}`} {
		post(body, "400 Bad Request", malformed)
	}
	many := `{"customer":7,"items":[` + strings.Repeat(`{"product":3,"quantity":1},`, 20) +
		`{"product":4,"quantity":1}]}`
	for _, test := range []struct{ body, why string }{
		{`{"customer":0,"items":[{"product":3,"quantity":1}]}`, "a customer's number is from 1 to 1000000"},
		{`{"customer":7,"items":[]}`, "an order has 1 to 20 items"},
		{many, "an order has 1 to 20 items"},
		{`{"customer":7,"items":[{"product":3,"quantity":0}]}`, "a quantity is from 1 to 1000"},
		{`{"customer":7,"items":[{"product":3,"quantity":1001}]}`, "a quantity is from 1 to 1000"},
		{`{"customer":7,"items":[{"product":-3,"quantity":1}]}`, "a product's number is from 1 to 1000000000"},
		{`{"customer":7,"items":[{"product":3,"quantity":1},{"product":3,"quantity":2}]}`, "product 3 is named twice"},
		{`{"customer":7,"items":[{"product":3,"quantity":1},{"product":10001,"quantity":2}]}`,
			"there is no product 10001"},
	} {
		post(test.body, "422 Unprocessable Content", `{"error":"`+test.why+`"}`)
	}
	post(`{"customer":7.0,"items":[{"product":3e0,"quantity":1,"more":2}],"more":1}`, "201 Created",
		`{"order":5,"total":3666}`)
	ask("GET", "/orders/", "", "404 Not Found", none)
	ask("GET", "/orders/x", "", "404 Not Found", none)
	ask("GET", "/orders/1/2", "", "404 Not Found", none)
	for _, test := range []struct{ method, target, allow string }{
		{"GET", "/orders", "POST"}, {"POST", "/orders/1", "GET, HEAD"}} {
		all = append(all, conversation{test.method + " " + test.target, request(test.method, test.target, "", closes),
			[]string{reply("405 Method Not Allowed", text, "Method Not Allowed\n", "Allow: "+test.allow, closes)}})
	}
	return all
}

// newLedger is a database that a test's servers write orders to: a file for "", or at a URL.
func newLedger(t *testing.T, database string) *workload.Ledger {
	t.Helper()
	l, err := workload.NewLedger(dataDir, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Remove(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// audited fails the test unless so many orders are in the database, and nothing is wrong with them.
func audited(t *testing.T, l *workload.Ledger, want uint64) {
	t.Helper()
	got, err := l.Audit()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(workload.Books{Orders: want}, got); d != "" {
		t.Errorf("the books (-want +got):\n%s", d)
	}
}

func TestOrders(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		l := newLedger(t, "")
		v := serve(t, mode, servers.Config{Database: l.Database()})
		for _, c := range ordering() {
			if got, want := converse(v.dial(t), whole, c.send), c.want[0]; got != want {
				t.Errorf("%s:\n%s", c.name, difference(got, want))
			}
		}
		v.stop()
		audited(t, l, 5)
	})
}

// nodeOrders has the mode do so too, and have it all on the disk when it has ended.
func nodeOrders(t *testing.T, mode string) {
	l := newLedger(t, "")
	p := startNodeOn(t, mode, "", l, 1)
	for _, c := range ordering() {
		want := parse(t, c.send, c.want[0], nil)
		if d := cmp.Diff(want, parse(t, c.send, converse(connect(t, p), whole, c.send), ownFields[mode])); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
	}
	const body = `{"error":"no upstream is configured: the server was started without the URL of one"}`
	nodeAsks(t, mode, p, "1", "502 Bad Gateway", json, body)
	stopNode(t, p)
	audited(t, l, 5)
}

func stopNode(t *testing.T, p *child.Process) {
	t.Helper()
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// An order whose client has gone is not placed when its turn comes: nobody would know of it, and
// others wait behind it.
func TestOrderOfAClientThatHasGone(t *testing.T) {
	v := serve(t, "async", servers.Config{})
	var waiting []*client
	for range 60 { // which keep the one worker busy
		c := v.dial(t)
		c.send(request("POST", "/login", `{"user":"mango","password":"engineers"}`, closes))
		waiting = append(waiting, c)
	}
	<-time.After(100 * time.Millisecond) // in which the users are looked up: all that is left to do computes
	gone := v.dial(t)
	gone.send(request("POST", "/orders", `{"customer":7,"items":[{"product":3,"quantity":2}]}`))
	<-time.After(50 * time.Millisecond) // in which it is read, or the order is not even seen
	if err := gone.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for _, c := range waiting {
		c.rest()
	}
	v.dial(t).ask(get("/orders/1", closes), reply("404 Not Found", json, `{"error":"there is no such order"}`, closes))
}

// Many clients at once buy the same products, and some ask twice: what the books hold is what they
// were told.
func TestOrdersAtOnce(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) { orderAtOnce(t, mode, newLedger(t, "")) })
}

func orderAtOnce(t *testing.T, mode string, l *workload.Ledger) {
	const clients, each = 16, 12
	v := serve(t, mode, servers.Config{Database: l.Database(), PoolSize: clients, Workers: 4})
	var all sync.WaitGroup
	ids := make([]map[string]bool, clients)
	for n := range clients {
		ids[n] = map[string]bool{}
		c := v.dial(t)
		all.Go(func() {
			for i := range each {
				const form = `{"customer":%d,"items":[{"product":%d,"quantity":1},{"product":%d,"quantity":1}]}`
				body := fmt.Sprintf(form, n+1, 1+(n+i)%3, 2+(n+i)%3)
				c.send(request("POST", "/orders", body, fmt.Sprintf("Idempotency-Key: %d", (n*each+i)/2)))
				ids[n][c.answer()] = true
			}
			c.Close()
		})
	}
	all.Wait()
	different := map[string]bool{}
	for _, own := range ids {
		for id := range own {
			different[id] = true
		}
	}
	v.stop()
	audited(t, l, clients*each/2)
	if len(different) != clients*each/2 {
		t.Errorf("clients were told of %d orders, want %d", len(different), clients*each/2)
	}
}

// answer reads a response to an order, and gives its body.
func (c *client) answer() string {
	var all strings.Builder
	for b := make([]byte, 1); !strings.HasSuffix(all.String(), "}"); {
		if _, err := c.Read(b); err != nil {
			c.t.Errorf("reading an answer: %v after %q", err, all.String())
			return ""
		}
		all.Write(b)
	}
	head, body, _ := strings.Cut(all.String(), "\r\n\r\n")
	if !strings.HasPrefix(head, "HTTP/1.1 20") {
		c.t.Errorf("answered %q", all.String())
	}
	return body
}

// A server without a database of its own for orders makes a private one, and removes it.
func TestPrivateLedger(t *testing.T) {
	v := serve(t, "goroutine", servers.Config{})
	v.dial(t).ask(request("POST", "/orders", `{"customer":7,"items":[{"product":7,"quantity":1}]}`, closes),
		reply("201 Created", json, `{"order":1,"total":3665}`, closes))
}
