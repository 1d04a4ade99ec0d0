// Command coder serves a chat as Go programs usually do, on net/http and coder/websocket: a
// goroutine reads each member, another one writes to it what its room has said, and a member whose
// queue is full is closed. .ci/bars/chat compares its CPU time with ours.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

const (
	mostMessage = 4096
	mostBehind  = 256 << 10 / mostMessage // messages of the greatest length
)

type member struct {
	conn  *websocket.Conn
	queue chan []byte
}

type room struct {
	mu      sync.Mutex
	members map[*member]bool
}

// say gives all members a message, in one order.
func (r *room) say(text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for m := range r.members {
		select {
		case m.queue <- text:
		default:
			delete(r.members, m)
			go m.conn.Close(websocket.StatusPolicyViolation, "it lags")
		}
	}
}

type hall struct {
	mu    sync.Mutex
	rooms map[string]*room
}

func (h *hall) join(name string, m *member) *room {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[name]
	if r == nil {
		r = &room{members: map[*member]bool{}}
		h.rooms[name] = r
	}
	r.mu.Lock()
	r.members[m] = true
	r.mu.Unlock()
	return r
}

func (h *hall) leave(name string, r *room, m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if delete(r.members, m); len(r.members) == 0 {
		delete(h.rooms, name)
	}
}

func (h *hall) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	c, err := websocket.Accept(w, q, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(mostMessage)
	m := &member{c, make(chan []byte, mostBehind)}
	name := q.URL.Query().Get("room")
	r := h.join(name, m)
	defer h.leave(name, r, m)
	ctx, cancel := context.WithCancel(q.Context())
	defer cancel()
	go func() {
		for {
			select {
			case text := <-m.queue:
				if c.Write(ctx, websocket.MessageText, text) != nil {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	for {
		kind, text, err := c.Read(ctx)
		if err != nil || kind != websocket.MessageText {
			return
		}
		r.say(text)
	}
}

func main() {
	addr := flag.String("addr", "127.0.0.1:3000", "where to listen")
	flag.Parse()
	mux := http.NewServeMux()
	mux.Handle("/chat", &hall{rooms: map[string]*room{}})
	log.Fatal(http.ListenAndServe(*addr, mux))
}
