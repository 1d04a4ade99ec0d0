package loadgen_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"nodecompare/loadgen"
)

func chat(t *testing.T, a loadgen.Attack) *loadgen.Result {
	t.Helper()
	a.Conversation = loadgen.Chat
	res, err := drive(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	// whatever became of them: each delivery is in one count
	if d := res.Deliveries; d.Expected != d.Next+d.Missed+d.Disordered {
		t.Errorf("of %d deliveries %d came, %d are lost and %d out of order", d.Expected, d.Next, d.Missed,
			d.Disordered)
	}
	return res
}

// Each message is heard once by each member of its room, and each delivery counts.
func TestChat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ members, size, threads, bytes int }{
		{12, 4, 1, 0}, {12, 4, 2, 0}, {11, 4, 2, 4096}, {3, 1, 3, 130}, {5, 5, 1, 126},
	} {
		var hall chatHall
		const rate, duration = 200, 300 * time.Millisecond
		res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: c.members,
			RoomSize: c.size, Threads: c.threads, MessageSize: c.bytes, Rate: rate, Duration: duration})
		rooms := (c.members + c.size - 1) / c.size
		var want uint64
		for n := range 60 {
			want += uint64(min(c.size, c.members-n%rooms*c.size))
		}
		if res.Said != 60 || res.Unsent != 0 || res.Errors != 0 || res.Requests != want ||
			res.Deliveries != (loadgen.Deliveries{Expected: want, Next: want}) {
			t.Errorf("%+v: %d said, %d unsent, %d of %d: %+v, %v", c, res.Said, res.Unsent, res.Requests, want,
				res.Deliveries, res.ErrorExamples)
		}
		if n := res.Latency.TotalCount(); n != int64(want) {
			t.Errorf("%+v: %d latencies of %d deliveries", c, n, want)
		}
		if n, each := res.SendLag.TotalCount(), max(c.bytes, loadgen.DefaultMessageSize); n != 60 ||
			res.BytesIn != want*uint64(each) {
			t.Errorf("%+v: %d send lags, %d bytes", c, n, res.BytesIn)
		}
		hall.mu.Lock()
		if len(hall.rooms) != rooms {
			t.Errorf("%+v: %d rooms", c, len(hall.rooms))
		}
		hall.mu.Unlock()
	}
}

// What a server does wrong is counted exactly, and enters no latency.
func TestChatOfWrongServers(t *testing.T) {
	t.Parallel()
	const members, size, said = 20, 10, 400
	var deliveries atomic.Int64
	for name, c := range map[string]struct {
		deliver func(r *chatRoom, member int, message []byte, send func([]byte))
		want    loadgen.Deliveries
	}{
		"drops each hundredth delivery": {func(_ *chatRoom, _ int, message []byte, send func([]byte)) {
			if deliveries.Add(1)%100 != 0 {
				send(message)
			}
		}, loadgen.Deliveries{Missed: 40}},
		"drops what each tenth message is to one member": {func(r *chatRoom, i int, m []byte, send func([]byte)) {
			if i != 3 || r.said%10 != 0 {
				send(m)
			}
		}, loadgen.Deliveries{Missed: 40}},
		"doubles each tenth message for all": {func(r *chatRoom, _ int, message []byte, send func([]byte)) {
			send(message)
			if r.said%10 == 0 {
				send(message)
			}
		}, loadgen.Deliveries{Doubled: 40 * size}},
		"swaps two for the member that hears first": {func(r *chatRoom, i int, m []byte, send func([]byte)) {
			swaps(r, i == 0, m, send)
		}, loadgen.Deliveries{Disordered: 2 * 20}},
		"swaps two for the member that hears last": {func(r *chatRoom, i int, m []byte, send func([]byte)) {
			swaps(r, i == size-1, m, send)
		}, loadgen.Deliveries{Disordered: 2 * 20}},
		"changes a letter": {func(r *chatRoom, i int, m []byte, send func([]byte)) {
			if i == 0 && r.said%10 == 0 {
				m = []byte(strings.Replace(string(m), "What", "what", 1))
			}
			send(m)
		}, loadgen.Deliveries{Missed: 40, Strange: 40}},
		"says something itself": {func(r *chatRoom, _ int, m []byte, send func([]byte)) {
			send([]byte("member has joined"))
			send(m)
		}, loadgen.Deliveries{Strange: said * size}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hall := chatHall{deliver: c.deliver, inTurn: members / size}
			res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: members,
				RoomSize: size, Rate: 1000, Duration: said * time.Millisecond})
			c.want.Expected = said * size
			c.want.Next = c.want.Expected - c.want.Missed - c.want.Disordered
			if res.Deliveries != c.want || res.Errors != 0 || uint64(res.Latency.TotalCount()) != c.want.Next ||
				res.Requests != c.want.Next {
				t.Errorf("%+v of %d, %d latencies, %v; want %+v", res.Deliveries, res.Requests,
					res.Latency.TotalCount(), res.ErrorExamples, c.want)
			}
		})
	}
}

// swaps sends each tenth message behind the next one, to the member that is picked.
func swaps(r *chatRoom, picked bool, message []byte, send func([]byte)) {
	if !picked {
		send(message)
		return
	}
	if r.said%10 == 1 {
		r.held = append([]byte(nil), message...)
		return
	}
	send(message)
	if r.held != nil {
		send(r.held)
		r.held = nil
	}
}

// An order that a server chooses for all members alike is no mistake, unless it turns round what
// one member said.
func TestChatInAnotherOrder(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]loadgen.Deliveries{
		4: {Expected: 4 * 200, Next: 4 * 200},
		1: {Expected: 200, Next: 100, Disordered: 100},
	} {
		hall := chatHall{inTurn: 1}
		var held []byte
		hall.deliver = func(r *chatRoom, i int, m []byte, send func([]byte)) {
			if r.said%2 == 1 {
				held = append(held[:0], m...)
				return
			}
			send(m)
			send(held)
		}
		res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: size, RoomSize: size,
			Rate: 1000, Duration: 200 * time.Millisecond})
		if res.Deliveries != want || uint64(res.Latency.TotalCount()) != want.Next {
			t.Errorf("%d members: %+v, %d latencies", size, res.Deliveries, res.Latency.TotalCount())
		}
	}
}

// Delivery latency is from when a message was due, and has all of a server's delay.
func TestChatOfASlowServer(t *testing.T) {
	t.Parallel()
	const late = 5 * time.Millisecond
	hall := chatHall{delay: late}
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: 10, Rate: 100,
		Duration: 300 * time.Millisecond})
	if least := time.Duration(res.Latency.Min()); least < late-late/100 {
		t.Errorf("a message was heard after %v, of a server that waits for %v", least, late)
	}
	if res.Deliveries.Missed != 0 || res.Requests != 300 {
		t.Errorf("%+v", res.Deliveries)
	}
}

// What comes after the last message was due is awaited.
func TestChatHasATail(t *testing.T) {
	t.Parallel()
	hall := chatHall{delay: 300 * time.Millisecond}
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: 10, Rate: 100,
		Duration: 100 * time.Millisecond})
	if res.Requests != 100 || res.Deliveries.Missed != 0 {
		t.Errorf("%d: %+v", res.Requests, res.Deliveries)
	}
}

// A server that hears and says nothing loses all, and the load ends all the same.
func TestChatOfASilentServer(t *testing.T) {
	t.Parallel()
	hall := chatHall{deliver: func(*chatRoom, int, []byte, func([]byte)) {}}
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: 10, Rate: 100,
		Duration: 100 * time.Millisecond, Timeout: 300 * time.Millisecond})
	if want := (loadgen.Deliveries{Expected: 100, Missed: 100, Silent: 10}); res.Deliveries != want ||
		res.Requests != 0 {
		t.Errorf("%+v", res.Deliveries)
	}
}

// A member that does not hear itself is not there, and is an error that says so.
func TestChatThatNobodyEnters(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := websocket.Accept(w, r, nil); err == nil {
			defer c.CloseNow()
			for err == nil {
				_, _, err = c.Read(r.Context())
			}
		}
	}))
	defer s.Close()
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: "ws" + strings.TrimPrefix(s.URL, "http")},
		Connections: 2, RoomSize: 2, Rate: 100, Duration: 100 * time.Millisecond, Timeout: 500 * time.Millisecond})
	if res.ErrorKinds[loadgen.Timeout] != 2 || res.Unsent != 10 || res.Deliveries.Vacant != 10 || res.Said != 0 ||
		!strings.Contains(res.ErrorExamples[loadgen.Timeout], "did not hear its own first message") {
		t.Errorf("%d, %v", res.Requests, res.ErrorExamples)
	}
}

// A member whose own first message is lost says it again.
func TestChatGreetsAgain(t *testing.T) {
	t.Parallel()
	var greetings atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			_, message, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if !greets(message) || greetings.Add(1) > 1 {
				c.Write(r.Context(), websocket.MessageText, message)
			}
		}
	}))
	defer s.Close()
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: "ws" + strings.TrimPrefix(s.URL, "http")},
		Connections: 1, RoomSize: 1, Rate: 100, Duration: 100 * time.Millisecond})
	if want := (loadgen.Deliveries{Expected: 10, Next: 10}); res.Deliveries != want || res.Errors != 0 {
		t.Errorf("%+v, %v", res.Deliveries, res.ErrorExamples)
	}
}

// A member whom the server closes is an error with the code, and comes back; nothing is expected of
// it meanwhile, and the others say what it would have said.
func TestChatLosesMembers(t *testing.T) {
	t.Parallel()
	hall := chatHall{joined: func(members int, c *websocket.Conn) {
		if members == 4 {
			go func() {
				time.Sleep(50 * time.Millisecond)
				c.Close(websocket.StatusPolicyViolation, "too slow")
			}()
		}
	}}
	hall.deliver = func(_ *chatRoom, _ int, m []byte, send func([]byte)) { send(m) }
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: 4, RoomSize: 4, Rate: 100,
		Duration: 2 * time.Second})
	d := res.Deliveries
	if res.Errors != 1 || res.ErrorKinds[loadgen.Reset] != 1 || res.Said != 200 || res.Unsent != 0 ||
		!strings.Contains(res.ErrorExamples[loadgen.Reset], `code 1008: "too slow"`) {
		t.Errorf("%d errors %v, %d said, %d unsent", res.Errors, res.ErrorExamples, res.Said, res.Unsent)
	}
	if d.Expected >= 800 || d.Expected < 600+10 || d.Silent != 0 {
		t.Errorf("%+v", d)
	}
}

// A member that has heard something and is not there at the end was no silent one.
func TestChatEndsWithoutAMember(t *testing.T) {
	t.Parallel()
	hall := chatHall{deliver: func(r *chatRoom, member int, m []byte, send func([]byte)) {
		send(m)
		if c := r.members[member]; member == 3 && field(m, "seq") == 20 { // it would come back a second later
			go c.Close(websocket.StatusPolicyViolation, "too slow")
		}
	}}
	res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: hall.serve(t)}, Connections: 4, RoomSize: 4, Rate: 200,
		Duration: 700 * time.Millisecond})
	if d := res.Deliveries; res.Errors != 1 || d.Expected < 3*140 || d.Silent != 0 {
		t.Errorf("%d errors %v, %+v", res.Errors, res.ErrorExamples, d)
	}
}

// A server's answer that opens no WebSocket is an error that says why; and so is a frame that no
// server may send.
func TestChatThatIsNotWelcome(t *testing.T) {
	t.Parallel()
	answers := func(head string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			fmt.Fprint(rw, head)
			rw.Flush()
			c.Read(make([]byte, 1))
		}
	}
	for name, c := range map[string]struct {
		serve      http.HandlerFunc
		kind, says string
	}{
		"a page": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, loadgen.Status,
			"status 200"},
		"nothing": {http.NotFound, loadgen.Status, "status 404"},
		"another key": {answers("HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Accept: a\r\n\r\n"), loadgen.Malformed, `the Sec-WebSocket-Accept "a"`},
		"no upgrade": {answers("HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n"), loadgen.Malformed,
			"an upgrade to"},
		"no HTTP": {answers("SSH-2.0\r\n\r\n"), loadgen.Malformed, "no HTTP"},
		"the end": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, loadgen.Reset,
			"did not answer the opening"},
		"a mask": {func(w http.ResponseWriter, r *http.Request) {
			accepted(w, r, "\x81\x80\x00\x00\x00\x00")
		}, loadgen.Malformed, "a masked frame"},
	} {
		s := httptest.NewUnstartedServer(c.serve)
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.Start()
		res := chat(t, loadgen.Attack{Target: loadgen.Target{URL: "ws" + strings.TrimPrefix(s.URL, "http")},
			Connections: 2, RoomSize: 2, Rate: 10, Duration: 200 * time.Millisecond, Timeout: 5 * time.Second})
		s.Close()
		if res.Errors != 2 || res.Requests != 2 || res.ErrorKinds[c.kind] != 2 ||
			!strings.Contains(res.ErrorExamples[c.kind], c.says) || res.Deliveries.Silent != 2 {
			t.Errorf("%s: %d of %d, %v, %+v", name, res.Errors, res.Requests, res.ErrorExamples, res.Deliveries)
		}
	}
}

// accepted opens a WebSocket by hand, and sends these bytes with the answer.
func accepted(w http.ResponseWriter, r *http.Request, bytes string) {
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n\r\n%s", base64.StdEncoding.EncodeToString(sum[:]), bytes)
	rw.Flush()
	io.Copy(io.Discard, rw)
}

// A server's ping is answered with its payload, wherever it comes; and a close frame with its code.
func TestChatAnswersPings(t *testing.T) {
	t.Parallel()
	got := make(chan string, 100) // of each connection, of which a busy machine sees another a second later
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		ponged := make(chan error, 1)
		go func() { ponged <- c.Ping(r.Context()) }()
		if _, _, err := c.Read(r.Context()); err != nil {
			got <- err.Error()
			return
		}
		go c.Read(r.Context()) // which takes the pong
		if err := <-ponged; err != nil {
			got <- err.Error()
			return
		}
		got <- fmt.Sprint(c.Close(websocket.StatusNormalClosure, "over"))
	}))
	defer s.Close()
	said := ""
	good := func(res *loadgen.Result) bool {
		said = <-got
		return said == "<nil>" && res.ErrorKinds[loadgen.Reset] == 1
	}
	res := patiently(good, func() *loadgen.Result {
		return chat(t, loadgen.Attack{Target: loadgen.Target{URL: "ws" + strings.TrimPrefix(s.URL, "http")},
			Connections: 1, RoomSize: 1, Rate: 1, Duration: 500 * time.Millisecond})
	})
	if said != "<nil>" || res.ErrorKinds[loadgen.Reset] != 1 {
		t.Errorf("%s; %v", said, res.ErrorExamples)
	}
}

// The second run has the members of the first, and counts what is said in it alone.
func TestChatLastsFromRunToRun(t *testing.T) {
	t.Parallel()
	for _, threads := range []int{1, 2} {
		var joins atomic.Int64
		hall := chatHall{joined: func(int, *websocket.Conn) { joins.Add(1) }}
		g, err := open(loadgen.Attack{Conversation: loadgen.Chat, Target: loadgen.Target{URL: hall.serve(t)},
			Connections: 8, RoomSize: 4, Rate: 200, Threads: threads})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			res, err := g.Run(t.Context(), 100*time.Millisecond)
			if err != nil || res.Deliveries != (loadgen.Deliveries{Expected: 80, Next: 80}) || res.Errors != 0 {
				t.Errorf("%+v, %v", res, err)
			}
		}
		g.Close()
		if joins.Load() != 8 {
			t.Errorf("%d members joined", joins.Load())
		}
	}
}

// A load that is cut short counts what was on its way as neither lost nor heard.
func TestChatIsCutShort(t *testing.T) {
	t.Parallel()
	hall := chatHall{delay: 50 * time.Millisecond}
	target := loadgen.Target{URL: hall.serve(t)}
	for limit := 300 * time.Millisecond; ; limit *= 2 { // until all have joined within it
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		res, err := drive(ctx, loadgen.Attack{Conversation: loadgen.Chat, Target: target, Connections: 10, Rate: 100,
			Duration: time.Minute})
		cancel()
		if err == nil {
			t.Fatal("no error")
		}
		if res.Deliveries.Expected == 0 && limit < 10*time.Second {
			continue
		}
		if d := res.Deliveries; d.Missed != 0 || d.Expected != d.Next+res.Aborted || d.Expected == 0 {
			t.Errorf("%+v, %d aborted", d, res.Aborted)
		}
		return
	}
}

func TestChatsThatCannotBe(t *testing.T) {
	t.Parallel()
	socket := loadgen.Target{URL: "ws://127.0.0.1:1"}
	for want, a := range map[string]loadgen.Attack{
		"need a rate":       {Target: socket},
		"rooms of 3":        {Target: socket, Rate: 1, RoomSize: 3},
		"messages of 5000":  {Target: socket, Rate: 1, RoomSize: 1, MessageSize: 5000},
		"goes to ws://":     {Target: loadgen.Target{URL: "http://127.0.0.1:1"}, Rate: 1},
		"without TLS only":  {Target: loadgen.Target{URL: "wss://127.0.0.1:1"}, Rate: 1},
		"by GET":            {Target: loadgen.Target{URL: socket.URL, Method: http.MethodPost}, Rate: 1},
		"cannot do a chat":  {Target: socket, Rate: 1, Engine: loadgen.Vegeta},
		"number of request": {Target: socket, Rate: 1, Requests: 4},
	} {
		a.Conversation, a.Connections = loadgen.Chat, 2
		if g, err := loadgen.Open(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want: %s", err, want)
			if g != nil {
				g.Close()
			}
		}
	}
}
