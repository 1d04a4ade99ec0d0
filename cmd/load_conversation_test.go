package cmd_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"nodecompare/results"
)

// eventServer sends an event every few milliseconds, each of them late, and leaves out some.
func eventServer(t *testing.T, late time.Duration, leavesOut func(id int) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		start := time.Now()
		for id := 0; r.Context().Err() == nil; id++ {
			due := start.Add(time.Duration(id) * 2 * time.Millisecond)
			select {
			case <-time.After(time.Until(due.Add(late))):
			case <-r.Context().Done():
				return
			}
			if !leavesOut(id) {
				fmt.Fprintf(w, "id: %d\ndata: {\"due_us\": %d}\n\n", id, due.UnixMicro())
				w.(http.Flusher).Flush()
			}
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What a server does to its subscribers is known here, and the load finds it.
func TestLoadOfSubscribers(t *testing.T) {
	const late = 5 * time.Millisecond
	url := eventServer(t, late, func(id int) bool { return id%100 == 99 })
	cmd, out, errs := command(t, "load", "--subscribe", url, "--connections=3", "--duration=1s", "--format=json",
		"--max-missed=0%", "--max-p50=1h")
	if code := undisturbed(t, cmd.Run(), out); code != 3 || !strings.Contains(errs.String(), "missed ") {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	var run results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		t.Fatal(err)
	}
	d := run.Deliveries
	if d == nil || !d.Numbered || d.Doubled+d.OutOfOrder+d.Silent+d.Untimed != 0 || run.Errors != 0 ||
		run.Conversation != results.Subscription {
		t.Fatalf("%s", out)
	}
	// one in a hundred, but for the last ids, of which the next has not come
	if came := float64(run.Requests); float64(d.Missed) < came/100-3 || float64(d.Missed) > came/99+3 {
		t.Errorf("missed %d, while %v came", d.Missed, came)
	}
	if least := float64(late.Microseconds()); run.LatencyUS.P50 < least || run.LatencyUS.Mean < least {
		t.Errorf("events came after %v µs, and were %v late", run.LatencyUS.P50, late)
	}
}

func TestLoadOfNoSubscribers(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	cmd, out, errs := command(t, "load", "--subscribe", s.URL, "--connections=2", "--duration=100ms")
	if code := codeOf(t, cmd.Run()); code != 1 || !strings.Contains(out.String(), "No subscriber heard an event.") ||
		!strings.Contains(errs.String(), "status 404") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
	url := eventServer(t, time.Hour, func(int) bool { return false })
	cmd, out, errs = command(t, "load", "--subscribe", url, "--connections=2", "--duration=100ms")
	if code := codeOf(t, cmd.Run()); code != 5 || !strings.Contains(out.String(), "2 subscribers had heard nothing") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
}

func TestLoadFlagsOfSubscribers(t *testing.T) {
	for args, want := range map[string]string{
		"--subscribe --rate=5":           "--rate is not for subscribers, since the server sets how often",
		"--subscribe --new-connections":  "--new-connections is not for subscribers",
		"--subscribe --engine=vegeta":    "--engine=vegeta knows no subscribers",
		"--subscribe --method=HEAD":      "would hear no event",
		"--max-missed=1%":                "--max-missed is of subscribers and members: give --subscribe too",
		"--subscribe --max-missed=never": "write it as a part",
	} {
		cmd, _, errs := command(t, append([]string{"load", "http://127.0.0.1:1/"}, strings.Fields(args)...)...)
		if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s ended with %d: %s", args, code, errs)
		}
	}
	cmd, _, errs := command(t, "load", "https://127.0.0.1:1/", "--subscribe")
	if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), "cannot do https") {
		t.Errorf("ended with %d: %s", code, errs)
	}
}

// chatServer is a chat over coder/websocket, which gives each room's members in turn what was said,
// and leaves out what leavesOut says of the deliveries that it has made so far.
func chatServer(t *testing.T, leavesOut func(delivery int) bool) string {
	t.Helper()
	var mu sync.Mutex
	rooms, said := map[string][]*websocket.Conn{}, 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		name := r.URL.Query().Get("room")
		mu.Lock()
		rooms[name] = append(rooms[name], c)
		mu.Unlock()
		for {
			kind, message, err := c.Read(r.Context())
			if err != nil {
				return
			}
			mu.Lock()
			for _, m := range rooms[name] {
				if bytes.Contains(message, []byte(`"seq":`)) {
					if said++; leavesOut(said) {
						continue
					}
				}
				m.Write(r.Context(), kind, message)
			}
			mu.Unlock()
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// What a server does to the members of its rooms is known here, and the load finds it exactly.
func TestLoadOfAChat(t *testing.T) {
	url := chatServer(t, func(n int) bool { return n%100 == 0 })
	cmd, out, errs := command(t, "load", url, "--connections=20", "--room-size=5", "--message-size=200",
		"--rate=100", "--duration=1s", "--format=json", "--max-missed=0.5%")
	if code := undisturbed(t, cmd.Run(), out); code != 3 ||
		!strings.Contains(errs.String(), "missed 1%, at most 0.5%") {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	var run results.LoadRun
	if err := json.Unmarshal(out.Bytes(), &run); err != nil {
		t.Fatal(err)
	}
	want := results.Deliveries{Expected: 500, Numbered: true, Missed: 5}
	if run.Deliveries == nil || *run.Deliveries != want || run.Requests != 495 || run.Errors != 0 ||
		run.Conversation != results.Chat || run.Messages != 100 || run.Unsent != 0 || run.RoomSize != 5 ||
		run.MessageSize != 200 || run.BytesIn != 495*200 || run.OfferedRPS != 100 {
		t.Errorf("%s", out)
	}
	url = chatServer(t, func(int) bool { return false })
	cmd, out, errs = command(t, "load", url+"/?room={room}", "--connections=3", "--rate=20", "--duration=200ms")
	text := func() string { return strings.Join(strings.Fields(out.String()), " ") }
	if code := undisturbed(t, cmd.Run(), out); code != 0 || !strings.Contains(text(), "none was lost") ||
		!strings.Contains(text(), "3 members in rooms of 3, 20 messages/s") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
}

func TestLoadOfNoChat(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	url := "ws" + strings.TrimPrefix(s.URL, "http")
	cmd, out, errs := command(t, "load", url, "--connections=2", "--duration=100ms")
	if code := codeOf(t, cmd.Run()); code != 1 || !strings.Contains(out.String(), "No member heard a message.") ||
		!strings.Contains(errs.String(), "no WebSocket: status 404") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
	url = chatServer(t, func(int) bool { return true })
	cmd, out, errs = command(t, "load", url, "--connections=2", "--duration=100ms", "--timeout=500ms")
	if code := codeOf(t, cmd.Run()); code != 5 || !strings.Contains(out.String(), "2 members had heard nothing") {
		t.Errorf("ended with %d: %s%s", code, out, errs)
	}
}

func TestLoadFlagsOfAChat(t *testing.T) {
	for args, want := range map[string]string{
		"ws://127.0.0.1:1 --requests=5":                "--requests is not for members of a chat",
		"ws://127.0.0.1:1 --subscribe":                 "--subscribe is not for members of a chat, since what",
		"ws://127.0.0.1:1 --engine=vegeta":             "--engine=vegeta knows no members",
		"ws://127.0.0.1:1 --rate=0":                    "--rate=0: somebody has to say something",
		"ws://127.0.0.1:1 --rate=1..5":                 "messages of a chat have one rate",
		"ws://127.0.0.1:1 --room-size=101":             "rooms of 101 members: with 100 members a room has 1 to 100",
		"ws://127.0.0.1:1 --message-size=10":           "messages of 10 bytes: they have 100 to 4096",
		"wss://127.0.0.1:1":                            "wss:// is not possible: WebSockets are spoken without TLS",
		"http://127.0.0.1:1 --room-size=5":             "--room-size is of a chat: give a URL that begins with ws://",
		"http://127.0.0.1:1 --subscribe --room-size=5": "--room-size is of a chat, and subscribers hear events",
	} {
		cmd, _, errs := command(t, append([]string{"load"}, strings.Fields(args)...)...)
		if code := codeOf(t, cmd.Run()); code != 2 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s ended with %d: %s", args, code, errs)
		}
	}
}
