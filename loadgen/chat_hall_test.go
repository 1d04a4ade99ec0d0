package loadgen_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// chatRoom is one room of a server for tests. Its hall decides what becomes of each delivery.
type chatRoom struct {
	mu      sync.Mutex
	members []*websocket.Conn
	said    int            // messages so far
	waiting map[int][]byte // messages of which an earlier one has not come
	held    []byte
}

// chatHall is a server of rooms over coder/websocket, which is right unless it is told otherwise.
// It reads its members at the same time, and yet treats the messages of a room in the order in
// which they are due, so that a test knows what it does.
type chatHall struct {
	mu    sync.Mutex
	rooms map[string]*chatRoom
	// deliver is called for each member of a room, in their order, with a message that somebody
	// said; what it sends is sent.
	deliver func(r *chatRoom, member int, message []byte, send func([]byte))
	joined  func(members int, c *websocket.Conn)
	delay   time.Duration
	inTurn  int // of so many rooms the load speaks in turn; 0 is to treat messages as they come
}

// field returns a number that a message gives.
func field(message []byte, name string) int {
	_, rest, _ := strings.Cut(string(message), `"`+name+`":`)
	n := 0
	fmt.Sscanf(rest, "%d", &n)
	return n
}

// greets reports whether a message is that of a member that has just come.
func greets(message []byte) bool { return !strings.Contains(string(message), `"seq":`) }

func (h *chatHall) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	h.mu.Lock()
	room := h.rooms[r.URL.Query().Get("room")]
	if room == nil {
		room = &chatRoom{waiting: map[int][]byte{}}
		h.rooms[r.URL.Query().Get("room")] = room
	}
	h.mu.Unlock()
	room.mu.Lock()
	room.members = append(room.members, c)
	n := len(room.members)
	room.mu.Unlock()
	if h.joined != nil {
		h.joined(n, c)
	}
	for {
		_, message, err := c.Read(r.Context())
		if err != nil {
			return
		}
		if h.delay > 0 {
			time.Sleep(h.delay)
		}
		room.mu.Lock()
		switch {
		case greets(message):
			for _, m := range room.members {
				m.Write(r.Context(), websocket.MessageText, message)
			}
		case h.inTurn == 0:
			h.all(r.Context(), room, message)
		default:
			room.waiting[field(message, "seq")/h.inTurn] = message
			for m := room.waiting[room.said]; m != nil; m = room.waiting[room.said] {
				h.all(r.Context(), room, m)
			}
		}
		room.mu.Unlock()
	}
}

// all sends a message to all members of a room.
func (h *chatHall) all(ctx context.Context, room *chatRoom, message []byte) {
	room.said++
	for i, m := range room.members {
		send := func(b []byte) { m.Write(ctx, websocket.MessageText, b) }
		if h.deliver != nil {
			h.deliver(room, i, message, send)
		} else {
			send(message)
		}
	}
}

// serve returns the URL of a hall.
func (h *chatHall) serve(t *testing.T) string {
	t.Helper()
	h.rooms = map[string]*chatRoom{}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http") + "/chat"
}
