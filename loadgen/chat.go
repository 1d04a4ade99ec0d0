package loadgen

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	randv2 "math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"nodecompare/loadgen/response"
)

// Chat is the name of the conversation of members of chat rooms over WebSocket.
const Chat = "chat"

// What a load of chat has by default, and its limits.
const (
	DefaultRoomSize    = 10  // members
	DefaultMessageSize = 100 // bytes
	MostMessageSize    = 4096
	// leastMessageSize holds all that a message says of itself, however long the load.
	leastMessageSize = DefaultMessageSize
)

// roomPlace is where a URL has the name of the room. One without it gets a query with the name.
const roomPlace = "{room}"

// Rooms returns how many members a room of a Chat has, and how many bytes a message.
func (a Attack) Rooms() (members, bytes int) {
	return cmp.Or(a.RoomSize, DefaultRoomSize), cmp.Or(a.MessageSize, DefaultMessageSize)
}

// prepareChat has members join rooms of RoomSize, in each of which a message is due in turn, and is
// said by each member in turn. So message n of a load is number n / rooms of room n % rooms, and
// what each member must hear follows by arithmetic.
func prepareChat(a Attack) (script, error) {
	size, length := a.Rooms()
	switch {
	case a.Rate <= 0:
		return script{}, errors.New("members of a chat need a rate of messages")
	case a.Target.Method != http.MethodGet || a.Target.Body != nil:
		return script{}, errors.New("a WebSocket is opened by GET, without a body")
	case len(a.Others) > 0:
		return script{}, errors.New("members of a chat have one URL")
	case a.Connect.New:
		return script{}, errors.New("a member of a chat has a connection of its own at any rate")
	case a.WantBody != nil:
		return script{}, errors.New("a chat has no body to compare")
	case a.Requests > 0:
		return script{}, errors.New("a chat lasts as long as its time: no number of requests can be given")
	case size < 1 || size > a.Connections:
		return script{}, fmt.Errorf("rooms of %d members: with %d members a room has 1 to %[2]d", size, a.Connections)
	case length < leastMessageSize || length > MostMessageSize:
		return script{}, fmt.Errorf("messages of %d bytes: they have %d to %d", length, leastMessageSize,
			MostMessageSize)
	}
	id := make([]byte, 4)
	rand.Read(id) // which does not fail
	rooms := (a.Connections + size - 1) / size
	own := hex.EncodeToString(id)
	return script{unasked: true, again: rejoin, period: rooms, talks: func(thread, threads int) ([]talk, company) {
		c := &chat{attack: a, id: own, rooms: uint64(rooms), size: length, thread: thread, threads: threads}
		return c.gather(size)
	}}, nil
}

// rejoin is the time after which a member that is out joins again.
const rejoin = time.Second

// chat is one thread's part of a chat: whole rooms, and what their members have heard.
type chat struct {
	attack          Attack
	id              string // of the load, in the names of its rooms and in its messages
	rooms           uint64 // of all threads
	size            int    // of a message, in bytes
	thread, threads int
	own             []*room // those of this thread: every threads-th one

	run    int
	prefix []byte    // what each message of the run begins with
	start  time.Time // of the run
	pace   Pace
	owed   uint64 // deliveries that were due and are not there, on all members that are present

	text, frame []byte // buffers
}

// gather makes the thread's rooms and members.
func (c *chat) gather(size int) (talks []talk, all company) {
	for n := c.thread; n < int(c.rooms); n += c.threads {
		r := &room{number: uint64(n), name: fmt.Sprintf("%s-%d", c.id, n)}
		for range min(size, c.attack.Connections-n*size) {
			m := &member{chat: c, room: r, index: len(talks), number: n*size + len(r.members)}
			r.members = append(r.members, m)
			talks = append(talks, m)
		}
		c.own = append(c.own, r)
	}
	return talks, c
}

// target returns the target by which a member joins a room.
func (c *chat) target(room string) Target {
	t := c.attack.Target
	if strings.Contains(t.URL, roomPlace) {
		t.URL = strings.ReplaceAll(t.URL, roomPlace, room)
		return t
	}
	if escaped := url.PathEscape(roomPlace); strings.Contains(t.URL, escaped) {
		t.URL = strings.ReplaceAll(t.URL, escaped, room)
		return t
	}
	sign := "?"
	if strings.Contains(t.URL, sign) {
		sign = "&"
	}
	t.URL += sign + "room=" + room
	return t
}

// begin implements company.
func (c *chat) begin(start time.Time, pace Pace) {
	c.run++
	c.start, c.pace, c.owed = start, pace, 0
	c.prefix = fmt.Appendf(c.prefix[:0], `{"run":"%s-%d","seq":`, c.id, c.run)
	for _, r := range c.own {
		r.begin()
	}
}

// due returns when a message is due.
func (c *chat) due(seq uint64) time.Time { return c.start.Add(c.pace.Due(seq)) }

// compose appends a message's text: JSON, as long as the load's messages are.
func (c *chat) compose(b []byte, seq uint64, by *member) []byte {
	from := len(b)
	b = append(b, c.prefix...)
	b = strconv.AppendUint(b, seq, 10)
	b = append(b, `,"member":`...)
	b = strconv.AppendUint(b, uint64(by.number), 10)
	b = append(b, `,"due_us":`...)
	b = strconv.AppendInt(b, c.due(seq).UnixMicro(), 10)
	b = append(b, `,"text":"`...)
	const filling = "What a server says to all of a room it has to write as often as the room has members. "
	for left := c.size - (len(b) - from) - 2; left > 0; left -= len(filling) {
		b = append(b, filling[:min(left, len(filling))]...)
	}
	return append(b, '"', '}')
}

// say implements company.
func (c *chat) say(seq uint64) (by int, frame []byte) {
	r := c.own[seq%c.rooms/uint64(c.threads)]
	m := r.speaker(int(seq / c.rooms))
	c.owed += uint64(r.say(m))
	if m == nil {
		return -1, nil
	}
	c.text = c.compose(c.text[:0], seq, m)
	c.frame = appendFrame(c.frame[:0], textFrame, randv2.Uint32(), c.text)
	return m.index, c.frame
}

// settled implements company.
func (c *chat) settled() bool { return c.owed == 0 }

// left implements company.
func (c *chat) left(index int, of talk, d *Deliveries) {
	m := of.(*member)
	if m.present {
		lost := m.lacks()
		c.owed -= lost
		if d != nil {
			d.Missed += lost
		}
	}
	m.present = false
}

// end implements company.
func (c *chat) end(d *Deliveries, add func(*outcome)) (unheard uint64) {
	for _, r := range c.own {
		for _, u := range r.said {
			d.Expected += uint64(u.expected)
		}
		r.decide(add)
		for _, m := range r.members {
			if m.present {
				unheard += m.lacks()
			}
			if !m.hears() && (!m.present || len(r.said) > m.from) {
				d.Silent++
			}
		}
	}
	return unheard
}

// undecidedYet implements company.
func (c *chat) undecidedYet(of talk, x *outcome) {
	m := of.(*member)
	m.room.behind = append(m.room.behind, late{m.last, m.latest, m, *x})
}

// room follows what was said in a room in one run, and by how many it was heard.
type room struct {
	number  uint64
	name    string
	members []*member
	said    []utterance
	behind  []late // heard by somebody behind a later one
}

// utterance is a message that was said in a room. One that was due while nobody was there is
// expected by none.
type utterance struct {
	by       *member
	expected uint32 // by so many members
}

// late is a delivery behind a later one, until it is known whether others heard it so.
type late struct {
	number int // of the message, in the room
	behind int // the last of those that the member had heard before it
	by     *member
	x      outcome
}

func (r *room) begin() {
	r.said, r.behind = r.said[:0], r.behind[:0]
	for _, m := range r.members {
		m.begin()
	}
}

// decide adds the deliveries that came behind later ones. They were out of order where somebody
// else heard the two the other way round; where nobody did, it is the order that the server chose.
func (r *room) decide(add func(*outcome)) {
	slices.SortStableFunc(r.behind, func(a, b late) int { return a.number - b.number })
	for rest := r.behind; len(rest) > 0; {
		number := rest[0].number
		n := 1
		for n < len(rest) && rest[n].number == number {
			n++
		}
		behind := make(map[*member]bool, n)
		for _, l := range rest[:n] {
			behind[l.by] = true
		}
		var others []*member // who heard it before all later ones
		for _, m := range r.members {
			if !behind[m] && m.has(number) {
				others = append(others, m)
			}
		}
		for i := range rest[:n] {
			l := &rest[i]
			l.x.order = inOrder
			if slices.ContainsFunc(others, func(m *member) bool { return m.has(l.behind) }) {
				l.x.order = disordered
			}
			add(&l.x)
		}
		rest = rest[n:]
	}
}

// speaker returns who says the message with that number: the members in turn, and for one that is
// not there the next one who is; nil if nobody is.
func (r *room) speaker(number int) *member {
	for i := range r.members {
		if m := r.members[(number+i)%len(r.members)]; m.present {
			return m
		}
	}
	return nil
}

// say adds a message, and returns how many members are there to hear it.
func (r *room) say(by *member) (present uint32) {
	for _, m := range r.members {
		if m.present {
			present++
		}
	}
	r.said = append(r.said, utterance{by: by, expected: present})
	return present
}

// member is one member's connection.
type member struct {
	chat      *chat
	room      *room
	index     int // among those of the thread
	number    int // among those of the load
	handshake handshake
	greeted   bool // the handshake is over
	present   bool // it has heard itself
	frames    frames
	reply     []byte // the last one to the server

	// Of a run. Messages have the numbers that they have in the room.
	from   int      // the first that it must hear
	heard  []uint64 // those that it has heard, a bit each
	came   int      // how many these are from from on
	latest int      // -1 before the first
	last   int      // the one that was told last
}

func (m *member) begin() {
	m.from, m.came, m.latest = 0, 0, -1
	clear(m.heard)
}

// hears reports whether the member has heard anything, since it came last or before.
func (m *member) hears() bool {
	return slices.ContainsFunc(m.heard, func(of uint64) bool { return of != 0 })
}

// lacks returns how many messages a present member should have heard and has not.
func (m *member) lacks() uint64 { return uint64(len(m.room.said) - m.from - m.came) }

func (m *member) connected() []byte {
	m.frames.reset()
	m.greeted, m.present = false, false
	a := m.chat.attack
	a.Target = m.chat.target(m.room.name)
	opening, err := m.handshake.upgrade(a)
	if err != nil {
		panic(err) // unreachable: prepared has checked the target, and room names are plain
	}
	return opening
}

func (m *member) begun() bool { return m.greeted }

// ended is never the end of an answer: a server ends a WebSocket with a close frame.
func (m *member) ended() (response.Answer, error) {
	return response.Answer{}, errSocketOver
}

var errSocketOver = fmt.Errorf("the server ended a WebSocket without a close frame: %w", io.ErrUnexpectedEOF)

func (m *member) hear(_ *message, b []byte) (used int, h heard, err error) {
	if !m.greeted {
		used, m.greeted, err = m.handshake.feed(b)
		if m.greeted {
			h.reply = m.greet()
		}
		return used, h, err
	}
	used, what, payload, err := m.frames.feed(b)
	if err != nil {
		return used, h, err
	}
	switch what {
	case textFrame:
		h = m.told(payload)
	case binaryFrame:
		h = heard{what: told, order: strange}
	case pingFrame:
		m.reply = appendFrame(m.reply[:0], pongFrame, randv2.Uint32(), payload)
		h.reply = m.reply
	case closeFrame:
		m.reply = appendFrame(m.reply[:0], closeFrame, randv2.Uint32(), payload[:min(len(payload), 2)])
		h.reply, err = m.reply, closedBy(payload)
	}
	return used, h, err
}

// greet makes the message by which a member finds out that it is in its room: from when it hears
// that, all that is said there must reach it. A server answers the handshake before.
func (m *member) greet() []byte {
	m.chat.text = m.greeting(m.chat.text[:0])
	m.reply = appendFrame(m.reply[:0], textFrame, randv2.Uint32(), m.chat.text)
	return m.reply
}

func (m *member) greeting(b []byte) []byte {
	return fmt.Appendf(b, `{"run":"%s-0","member":%d}`, m.chat.id, m.number)
}

// greet implements company.
func (c *chat) greet(t talk) []byte {
	m := t.(*member)
	if !m.greeted || m.present {
		return nil
	}
	return m.greet()
}

// told takes a message that the member has heard.
func (m *member) told(text []byte) (h heard) {
	c := m.chat
	if !m.present {
		c.text = m.greeting(c.text[:0])
		if bytes.Equal(c.text, text) {
			m.present, m.from, m.came, m.latest = true, len(m.room.said), 0, -1
			h.what = over
		}
		return h
	}
	seq, mine := c.number(text)
	number := int(seq / c.rooms)
	switch {
	case !mine && bytes.HasPrefix(text, c.prefix[:min(len(c.prefix), len(`{"run":"`)+len(c.id))]):
		return heard{} // a greeting, or the tail of an earlier run
	case !mine, seq%c.rooms != m.room.number, number >= len(m.room.said), m.room.said[number].by == nil:
		return heard{what: told, order: strange}
	}
	c.text = c.compose(c.text[:0], seq, m.room.said[number].by)
	h = heard{what: told, answer: response.Answer{Status: http.StatusSwitchingProtocols, Size: int64(len(text))},
		said: c.due(seq).UnixNano()}
	switch {
	case !bytes.Equal(c.text, text):
		return heard{what: told, order: strange}
	case m.has(number):
		h.order = doubled
		return h
	case number < m.from:
		return heard{} // it was said before the member came
	}
	for len(m.heard) <= number/64 {
		m.heard = append(m.heard, 0)
	}
	m.heard[number/64] |= 1 << (number % 64)
	m.came++
	c.owed--
	m.last, h.order = number, inOrder
	switch {
	case number > m.latest:
		m.latest = number
	case m.heardLater(number):
		h.order = disordered
	default:
		h.order = undecided
	}
	return h
}

// has reports whether the member has heard a message.
func (m *member) has(number int) bool {
	return number/64 < len(m.heard) && m.heard[number/64]&(1<<(number%64)) != 0
}

// heardLater reports whether the member has heard a later message of the same speaker, so that no
// order of the server's own explains the present one.
func (m *member) heardLater(number int) bool {
	by := m.room.said[number].by
	for n := number + 1; n <= m.latest; n++ {
		if m.room.said[n].by == by && m.has(n) {
			return true
		}
	}
	return false
}

// number returns the number that a message of this run has among those of the load.
func (c *chat) number(text []byte) (seq uint64, mine bool) {
	rest, mine := bytes.CutPrefix(text, c.prefix)
	if !mine || len(c.prefix) == 0 {
		return 0, false
	}
	digits := bytes.IndexByte(rest, ',')
	n, ok := wholeNumber(rest[:max(digits, 0)])
	return uint64(n), ok
}
