package workload

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"nodecompare/servers/websocket"
)

// ChatPath is the route of the chat.
const ChatPath = "/chat"

var chat = Workload{
	Name:    "chat",
	Method:  http.MethodGet,
	Path:    ChatPath,
	Summary: "chat rooms over WebSocket: each message goes to everyone in the room",
	Target:  ChatPath + "?room=lobby",
	Talks:   true,
	handle:  serveChat,
}

// maxRoomName is the longest name of a room.
const maxRoomName = 64

func serveChat(s *Service, x *Exchange) {
	accept, refused := websocket.Check(x.Request)
	if refused != nil {
		x.Response.Fields = refused.Fields
		x.fail(refused.Status, "%s", refused.Reason)
		return
	}
	name, _ := x.Request.QueryValue("room")
	if !isRoomName(name) {
		x.fail(http.StatusBadRequest, "room must be a name of 1 to %d letters, digits, - and _, such as room=lobby",
			maxRoomName)
		return
	}
	x.IO.Upgrade(x, accept, &member{rooms: &s.rooms, name: string(name)})
}

// isRoomName reports whether a text is a room's name. Nothing in one has to be encoded in a URL, so
// that all servers read it alike.
func isRoomName(text []byte) bool {
	for _, c := range text {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return len(text) > 0 && len(text) <= maxRoomName
}

// rooms are those that have members, and what was said in all of them.
type rooms struct {
	mu   sync.Mutex
	open map[string]*room

	used                                  atomic.Bool // somebody was there
	members, messages, deliveries, lagged atomic.Int64
}

// appendFigures appends what a dashboard shows of the chat: nothing as long as nobody was there.
func (r *rooms) appendFigures(b []byte) []byte {
	if !r.used.Load() {
		return b
	}
	r.mu.Lock()
	open := len(r.open)
	r.mu.Unlock()
	return fmt.Appendf(b, `,"chat":{"members":%d,"rooms":%d,"messages":%d,"deliveries":%d,"slow_closed":%d}`,
		r.members.Load(), open, r.messages.Load(), r.deliveries.Load(), r.lagged.Load())
}

// room is a room with its members. All that concerns them runs on its strand, so that everyone
// hears the same order.
type room struct {
	name    string
	strand  Strand
	members []*member
	entered int // members that came and have not left, guarded by rooms.mu: that is ahead of the strand
}

// member is one connection's place in a room.
type member struct {
	rooms *rooms
	name  string // of the room
	room  *room
	peer  Peer
	place int // in the room's members
}

func (m *member) Opened(p Peer) {
	m.peer = p
	m.rooms.mu.Lock()
	r := m.rooms.open[m.name]
	if r == nil {
		r = &room{name: m.name, strand: p.Strand()}
		if m.rooms.open == nil {
			m.rooms.open = map[string]*room{}
		}
		m.rooms.open[m.name] = r
	}
	r.entered++
	m.rooms.mu.Unlock()
	m.rooms.used.Store(true)
	m.rooms.members.Add(1)
	m.room = r
	p.On(r.strand, func() {
		m.place = len(r.members)
		r.members = append(r.members, m)
	})
}

// Text says the message to everyone in the room. Its frame is made once, for all.
func (m *member) Text(text []byte) {
	frame := websocket.AppendFrame(make([]byte, 0, len(text)+websocket.MaxHeader), websocket.Text, text)
	r := m.room
	m.peer.On(r.strand, func() {
		for _, other := range r.members {
			r.strand.Send(other.peer, frame)
		}
		m.rooms.messages.Add(1)
		m.rooms.deliveries.Add(int64(len(r.members)))
	})
}

func (m *member) Closed(lagged bool) {
	if lagged {
		m.rooms.lagged.Add(1)
	}
	m.rooms.members.Add(-1)
	r := m.room
	m.peer.On(r.strand, func() {
		last := len(r.members) - 1
		r.members[m.place] = r.members[last]
		r.members[m.place].place = m.place
		r.members[last] = nil
		r.members = r.members[:last]
	})
	m.rooms.mu.Lock()
	defer m.rooms.mu.Unlock()
	if r.entered--; r.entered == 0 {
		delete(m.rooms.open, r.name)
	}
}
