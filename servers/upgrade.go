package servers

import (
	"nodecompare/servers/http1"
	"nodecompare/servers/websocket"
	"nodecompare/servers/workload"
)

// upgraded is what a session has once its connection is a WebSocket.
type upgraded struct {
	parser   websocket.Parser
	receiver workload.Receiver
	heard    bool // something came since the last check
	pinged   bool // and the check before asked for it
	gone     bool // the receiver was told of the end
}

// upgrade answers the opening handshake. The answer is on the wire before anybody can send to p.
func (s *session) upgrade(accept string, r workload.Receiver, p workload.Peer) {
	*s.out = websocket.AppendAnswer(*s.out, accept)
	s.flush()
	s.parser = http1.RequestParser{} // its memory is of no more use
	s.busy = false
	s.upgraded = &upgraded{receiver: r}
	r.Opened(p)
	if s.draining {
		s.hangUp(websocket.GoingAway)
	}
}

// hear takes the frames in b, and returns how many bytes it used.
func (s *session) hear(b []byte) (used int) {
	u := s.upgraded
	u.heard = u.heard || len(b) > 0
	for used < len(b) && !s.over && !s.busy {
		n, kind, payload, err := u.parser.Parse(b[used:])
		if err != nil {
			s.hangUp(err.(*websocket.Error).Code)
			break
		}
		if n == 0 {
			break
		}
		used += n
		s.requests++
		switch kind {
		case websocket.Text:
			u.receiver.Text(payload)
		case websocket.Ping:
			*s.out = websocket.AppendFrame(*s.out, websocket.Pong, payload)
			s.flush()
		case websocket.Close:
			// the code is sent back, and the reason left out (RFC 6455, section 5.5.1)
			*s.out = websocket.AppendFrame(*s.out, websocket.Close, payload[:min(len(payload), 2)])
			s.over = true
		}
	}
	return used
}

// hangUp ends the WebSocket from this side.
func (s *session) hangUp(code uint16) {
	if !s.over {
		*s.out = websocket.AppendClose(*s.out, code)
		s.over = true
		s.flush()
	}
}

// check is called from time to time. It pings a peer from which nothing has come since the last
// check, and ends the connection if the one before has pinged it. It reports whether the connection
// goes on.
func (s *session) check() bool {
	u := s.upgraded
	switch {
	case s.over:
		return false
	case u.heard, s.busy: // what a busy one says lies unread
		u.heard, u.pinged = false, false
	case u.pinged:
		s.end()
		return false
	default:
		u.pinged = true
		*s.out = websocket.AppendFrame(*s.out, websocket.Ping, nil)
		s.flush()
	}
	return !s.over
}
