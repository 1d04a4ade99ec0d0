package servers_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/servers"
)

// rawChatter is a member that sends what it likes: its frames are made here, from RFC 6455, section
// 5.2.
type rawChatter struct {
	*net.TCPConn
	r *bufio.Reader
	t testing.TB
}

const upgradeRequest = "GET /chat?room=%s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

// raw has a client, for whom the kernel keeps little, enter a room, and send what is behind the
// handshake by send.
func (s *chatServer) raw(t testing.TB, room, behind string, send func(io.Writer, string) error) *rawChatter {
	t.Helper()
	conn, err := narrow.DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := &rawChatter{conn.(*net.TCPConn), bufio.NewReader(conn), t}
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		if err := send(c, fmt.Sprintf(upgradeRequest, room)+behind); err != nil {
			t.Logf("sending ended early: %v", err) // right when the server had closed
		}
	})
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	a := response.Header.Get("Sec-WebSocket-Accept")
	if response.StatusCode != 101 || a != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Fatalf("%s, accept %q", response.Status, a)
	}
	return c
}

// frame is a client's. first is its first byte: FIN, RSV and the opcode.
func frame(first byte, payload string) string {
	b := []byte{first, 0x80 | byte(min(len(payload), 126))}
	if len(payload) > 125 {
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i%4])
	}
	return string(b)
}

const (
	fin       = 0x80
	goesOn    = 0
	textFrame = 1
	binFrame  = 2
	closes8   = 8
	ping      = 9
	pong      = 10
)

// next is what the server sends next: its kind and its payload, or "end". A server's frames are
// whole, and not masked.
func (c *rawChatter) next() string {
	c.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err == io.EOF {
		return "end"
	} else if err != nil {
		return err.Error()
	}
	length := int(head[1])
	if length == 126 {
		var more [2]byte
		if _, err := io.ReadFull(c.r, more[:]); err != nil {
			return err.Error()
		}
		length = int(binary.BigEndian.Uint16(more[:]))
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return err.Error()
	}
	switch head[0] {
	case fin | textFrame:
		return "text " + string(payload)
	case fin | ping:
		return "ping " + string(payload)
	case fin | pong:
		return "pong " + string(payload)
	case fin | closes8:
		if length < 2 {
			return "close"
		}
		return fmt.Sprint("close ", binary.BigEndian.Uint16(payload))
	}
	return fmt.Sprintf("a frame %x", head)
}

// TestChatFrames has all modes hear and answer the same frames alike, sent together with the
// handshake and byte by byte.
func TestChatFrames(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 256)
	euro := "\xe2\x82\xac"
	hi := frame(fin|textFrame, "hi")
	conversations := map[string]struct {
		send string
		want []string // and then the server ends the connection
	}{
		"a text": {hi + frame(fin|closes8, ""), []string{"text hi", "close"}},
		"RFC 6455, section 5.7": {"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58" + frame(fin|closes8, "\x03\xe8"),
			[]string{"text Hello", "close 1000"}},
		"texts of every form": {frame(fin|textFrame, "") + frame(fin|textFrame, long[:125]) +
			frame(fin|textFrame, long[:126]) + frame(fin|textFrame, long) + frame(fin|closes8, "\x0b\xb8bye"),
			[]string{"text ", "text " + long[:125], "text " + long[:126], "text " + long, "close 3000"}},
		"fragments, and a ping amid them": {frame(textFrame, "Hel") + frame(fin|ping, "!") + frame(goesOn, "") +
			frame(fin|goesOn, "lo") + hi + frame(fin|closes8, ""),
			[]string{"pong !", "text Hello", "text hi", "close"}},
		"a letter in two fragments": {frame(textFrame, euro[:1]) + frame(fin|goesOn, euro[1:]) + frame(fin|closes8, ""),
			[]string{"text " + euro, "close"}},
		"pings and pongs": {frame(fin|ping, "") + frame(fin|pong, "unasked") + frame(fin|ping, long[:125]) +
			frame(fin|closes8, "\x03\xe9"), []string{"pong ", "pong " + long[:125], "close 1001"}},
		"nothing behind a close":    {hi + frame(fin|closes8, "") + hi, []string{"text hi", "close"}},
		"no mask":                   {hi + "\x81\x02hi", []string{"text hi", "close 1002"}},
		"RSV":                       {frame(fin|0x40|textFrame, "hi"), []string{"close 1002"}},
		"a reserved opcode":         {frame(fin|3, ""), []string{"close 1002"}},
		"a long ping":               {frame(fin|ping, long[:126]), []string{"close 1002"}},
		"a ping in fragments":       {frame(ping, ""), []string{"close 1002"}},
		"a fragment of nothing":     {frame(fin|goesOn, "hi"), []string{"close 1002"}},
		"a text amid fragments":     {frame(textFrame, "a") + hi, []string{"close 1002"}},
		"half a code":               {frame(fin|closes8, "\x03"), []string{"close 1002"}},
		"a code that is not sent":   {frame(fin|closes8, "\x03\xed"), []string{"close 1002"}},
		"a reason that is no UTF-8": {frame(fin|closes8, "\x03\xe8\xff"), []string{"close 1007"}},
		"a text that is no UTF-8":   {hi + frame(fin|textFrame, "\xed\xa0\x80"), []string{"text hi", "close 1007"}},
		"half a letter":             {frame(fin|textFrame, euro[:2]), []string{"close 1007"}},
		"a binary message":          {frame(fin|binFrame, "hi"), []string{"close 1003"}},
		"a message too long":        {hi + frame(fin|textFrame, long+"x"), []string{"text hi", "close 1009"}},
		"the head of one":           {frame(fin|textFrame, long+"x")[:8], []string{"close 1009"}},
		"fragments too long":        {frame(textFrame, long) + frame(fin|goesOn, "x"), []string{"close 1009"}},
	}
	eachChat(t, servers.Config{PoolSize: 2}, func(t *testing.T, mode string, s *chatServer) {
		for name, test := range conversations {
			want := strings.Join(append(test.want, "end"), "\n")
			for way, send := range map[string]func(io.Writer, string) error{"whole": whole, "in pieces": inPieces} {
				c := s.raw(t, "frames", test.send, send)
				var got []string
				for range len(test.want) {
					got = append(got, c.next())
				}
				// a client closes when it has the server's close, and has read all
				if err := c.CloseWrite(); err != nil {
					t.Logf("%s: closing: %v", name, err)
				}
				got = append(got, c.next())
				if got := strings.Join(got, "\n"); got != want {
					t.Errorf("%s, sent %s:\n%s", name, way, difference(got, want))
				}
				c.Close()
			}
		}
		eventually(t, "all members have left", func() bool { return s.figures(t).Members == 0 })
	})
}

// TestChatEndsWithItsClose has members leave a room in which somebody talks all the time: whatever
// is said behind the server's Close frame they do not hear (RFC 6455, section 5.5.1).
func TestChatEndsWithItsClose(t *testing.T) {
	eachChat(t, servers.Config{PoolSize: 4, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		talker := s.raw(t, "lobby", "", whole)
		over := make(chan struct{})
		unheard := make(chan struct{}, 64) // what it has said, less than makes it a slow reader
		var talking sync.WaitGroup
		talking.Go(func() {
			defer talker.Close()
			for text := frame(fin|textFrame, "on and on"); ; {
				select {
				case <-over:
					return
				case unheard <- struct{}{}:
				}
				if _, err := io.WriteString(talker, text); err != nil {
					t.Error(err)
					return
				}
			}
		})
		talking.Go(func() {
			for talker.next() == "text on and on" {
				<-unheard
			}
		})
		tries := 40
		if mode == "node" || mode == "express" {
			tries = 5 // one thread, which cannot say two things at once
		}
		for range tries {
			c := s.raw(t, "lobby", "", whole)
			got := c.next() // it is in the room
			if _, err := io.WriteString(c, frame(fin|closes8, "\x03\xe8")); err != nil {
				t.Fatal(err)
			}
			for got == "text on and on" {
				got = c.next()
			}
			if err := c.CloseWrite(); err != nil {
				t.Log(err) // the server was quicker
			}
			if then := c.next(); got != "close 1000" || then != "end" {
				t.Errorf("it ends with %.80q and %.80q", got, then)
			}
		}
		close(over)
		talking.Wait()
	})
}

// What a member says behind what broke the rules is said to nobody, in one packet too.
func TestChatHearsNothingBehindAViolation(t *testing.T) {
	eachChat(t, servers.Config{PoolSize: 4, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		hears, breaks := s.raw(t, "lobby", "", whole), s.raw(t, "lobby", "", whole)
		text := frame(fin|textFrame, "before") + frame(fin|binFrame, "no") + frame(fin|textFrame, "behind")
		if err := whole(breaks, text); err != nil {
			t.Fatal(err)
		}
		for got := breaks.next(); got != "close 1003"; got = breaks.next() {
			if got != "text before" {
				t.Fatalf("it is told %q, want close 1003", got)
			}
		}
		first := hears.next() // from another loop, perhaps, whose member has its close sooner
		if err := whole(hears, frame(fin|textFrame, "after")); err != nil {
			t.Fatal(err)
		}
		if second := hears.next(); first != "text before" || second != "text after" {
			t.Errorf("the other hears %q and %q", first, second)
		}
	})
}
