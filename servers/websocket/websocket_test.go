package websocket_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"nodecompare/servers/websocket"
)

// frame is a client's, written here from RFC 6455, section 5.2, and by nobody's library. first is
// its first byte: FIN, RSV and the opcode.
func frame(first byte, payload string) string {
	b := []byte{first, 0x80 | byte(min(len(payload), 126))}
	if len(payload) > 125 {
		b = binary.BigEndian.AppendUint16(b, uint16(len(payload)))
	}
	return mask(b, payload)
}

// mask ends a header with a mask, and masks the payload behind it.
func mask(header []byte, payload string) string {
	key := []byte{0x37, 0xfa, 0x21, 0x3d}
	header = append(header, key...)
	for i := range len(payload) {
		header = append(header, payload[i]^key[i%4])
	}
	return string(header)
}

const (
	fin    = 0x80
	more   = 0
	text   = 1
	binar  = 2
	closes = 8
	ping   = 9
	pong   = 10
)

var (
	long   = strings.Repeat("0123456789abcdef", websocket.MaxMessage/16)
	euro   = "\xe2\x82\xac"
	status = func(code uint16, reason string) string {
		return string(binary.BigEndian.AppendUint16(nil, code)) + reason
	}
)

// streams are what a client may send, and what is heard: "kind payload;" for each frame that is
// whole, and the code of what fails the connection.
var streams = map[string]struct{ sent, want string }{
	"RFC 6455, section 5.7":         {"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "text Hello;"},
	"an empty text":                 {frame(fin|text, ""), "text ;"},
	"a text of 125":                 {frame(fin|text, long[:125]), "text " + long[:125] + ";"},
	"a text of 126":                 {frame(fin|text, long[:126]), "text " + long[:126] + ";"},
	"the longest text":              {frame(fin|text, long), "text " + long + ";"},
	"a longer text":                 {frame(fin|text, long+"x"), "1009"},
	"the header of a longer text":   {frame(fin|text, long+"x")[:8], "1009"},
	"two texts":                     {frame(fin|text, "a") + frame(fin|text, "b"), "text a;text b;"},
	"half a text":                   {frame(fin|text, "Hello")[:10], ""},
	"half a header":                 {frame(fin|text, "Hello")[:3], ""},
	"fragments":                     {frame(text, "Hel") + frame(fin|more, "lo"), "part ;text Hello;"},
	"empty fragments":               {frame(text, "") + frame(more, "") + frame(fin|more, ""), "part ;part ;text ;"},
	"fragments of the longest text": {frame(text, long[1:]) + frame(fin|more, "x"), "part ;text " + long[1:] + "x;"},
	"fragments of a longer text":    {frame(text, long) + frame(fin|more, "x"), "part ;1009"},
	"fragments that break a letter": {frame(text, euro[:1]) + frame(fin|more, euro[1:]), "part ;text " + euro + ";"},
	"a text behind fragments": {frame(text, "a") + frame(fin|more, "b") + frame(fin|text, "c"),
		"part ;text ab;text c;"},
	"a ping amid fragments": {frame(text, "a") + frame(fin|ping, "!") + frame(fin|more, "b"),
		"part ;ping !;text ab;"},
	"a ping of 125":               {frame(fin|ping, long[:125]), "ping " + long[:125] + ";"},
	"a ping of 126":               {frame(fin|ping, long[:126]), "1002"},
	"an empty pong":               {frame(fin|pong, ""), "pong ;"},
	"a ping in fragments":         {frame(ping, "!"), "1002"},
	"a close without a code":      {frame(fin|closes, ""), "close ;"},
	"a close with half a code":    {frame(fin|closes, "\x03"), "1002"},
	"a close with a reason":       {frame(fin|closes, status(1000, "bye")), "close \x03\xe8bye;"},
	"a close with a bad reason":   {frame(fin|closes, status(1000, "\xff")), "1007"},
	"a close amid fragments":      {frame(text, "a") + frame(fin|closes, status(1001, "")), "part ;close \x03\xe9;"},
	"a fragment without a begin":  {frame(fin|more, "a"), "1002"},
	"a text amid fragments":       {frame(text, "a") + frame(fin|text, "b"), "part ;1002"},
	"a binary message":            {frame(fin|binar, "a"), "1003"},
	"a binary fragment":           {frame(binar, "a"), "1003"},
	"a text that is not UTF-8":    {frame(fin|text, "a\xc0\xaf"), "1007"},
	"a surrogate":                 {frame(fin|text, "\xed\xa0\x80"), "1007"},
	"half a letter":               {frame(fin|text, euro[:2]), "1007"},
	"fragments that are no UTF-8": {frame(text, euro[:2]) + frame(fin|more, "a"), "part ;1007"},
	"a text without a mask":       {"\x81\x05Hello", "1002"},
	"a close without a mask":      {"\x88\x00", "1002"},
	"RSV1":                        {frame(fin|0x40|text, "a"), "1002"},
	"RSV2":                        {frame(fin|0x20|text, "a"), "1002"},
	"RSV3":                        {frame(fin|0x10|ping, "a"), "1002"},
	"a reserved opcode":           {frame(fin|3, "a"), "1002"},
	"a reserved control opcode":   {frame(fin|11, ""), "1002"},
	"a longer form of a length":   {mask([]byte{fin | text, 0x80 | 126, 0, 1}, "a"), "1002"},
	"the longest form":            {mask([]byte{fin | text, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0}, "a"), "1002"},
	"a negative length":           {mask([]byte{fin | text, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 1}, ""), "1002"},
	"an immense length":           {mask([]byte{fin | text, 0x80 | 127, 0x7f, 0, 0, 0, 0, 0, 0, 1}, ""), "1009"},
	"nothing behind a failure":    {frame(fin|binar, "a") + frame(fin|text, "b"), "1003"},
}

// closeCodes are those that may be sent, and others (RFC 6455, section 7.4, and IANA's registry).
var closeCodes = map[uint16]bool{0: false, 999: false, 1000: true, 1003: true, 1004: false, 1005: false, 1006: false,
	1007: true, 1011: true, 1014: true, 1015: false, 1016: false, 2999: false, 3000: true, 4999: true, 5000: false}

// listen feeds a parser with pieces of a stream, as a connection does, and spoils what the parser
// may not hold on to.
func listen(t *testing.T, pieces []string) string {
	t.Helper()
	var p websocket.Parser
	var in []byte
	var heard strings.Builder
	for _, piece := range pieces {
		in = append(in, piece...)
		for len(in) > 0 {
			n, kind, payload, err := p.Parse(in)
			if err != nil {
				if again, _, _, err2 := p.Parse(in); again != 0 || err2 != err {
					t.Errorf("after %v it goes on with %d, %v", err, again, err2)
				}
				fmt.Fprint(&heard, err.(*websocket.Error).Code)
				return heard.String()
			}
			if n == 0 {
				break
			}
			fmt.Fprintf(&heard, "%s %s;", kinds[kind], payload)
			for i := range in[:n] {
				in[i] = '#'
			}
			in = append([]byte(nil), in[n:]...)
		}
	}
	return heard.String()
}

var kinds = []string{websocket.Part: "part", websocket.Text: "text", websocket.Ping: "ping",
	websocket.Pong: "pong", websocket.Close: "close"}

func TestStreams(t *testing.T) {
	for name, s := range streams {
		if got := listen(t, []string{s.sent}); got != s.want {
			t.Errorf("%s: heard %.200q, want %.200q", name, got, s.want)
		}
		var single []string
		for i := range len(s.sent) {
			single = append(single, s.sent[i:i+1])
			if i > 0 && i < 500 {
				if got := listen(t, []string{s.sent[:i], s.sent[i:]}); got != s.want {
					t.Errorf("%s, cut at %d: heard %.200q, want %.200q", name, i, got, s.want)
				}
			}
		}
		if got := listen(t, single); got != s.want {
			t.Errorf("%s, byte by byte: heard %.200q, want %.200q", name, got, s.want)
		}
	}
	for code, ok := range closeCodes {
		want := "1002"
		if ok {
			want = "close " + status(code, "") + ";"
		}
		if got := listen(t, []string{frame(fin|closes, status(code, ""))}); got != want {
			t.Errorf("a close with %d: heard %q, want %q", code, got, want)
		}
	}
}

// A server's frames are short, not masked, and in the shortest form.
func TestAppend(t *testing.T) {
	for _, c := range []struct {
		kind          websocket.Kind
		payload, want string
	}{
		{websocket.Text, "Hello", "\x81\x05Hello"},
		{websocket.Text, "", "\x81\x00"},
		{websocket.Text, long[:125], "\x81\x7d" + long[:125]},
		{websocket.Text, long[:126], "\x81\x7e\x00\x7e" + long[:126]},
		{websocket.Text, long, "\x81\x7e\x10\x00" + long},
		{websocket.Pong, "!", "\x8a\x01!"},
		{websocket.Ping, "", "\x89\x00"},
	} {
		if got := websocket.AppendFrame([]byte("before"), c.kind, []byte(c.payload)); string(got) != "before"+c.want {
			t.Errorf("%s of %d: %.20q, want %.20q", kinds[c.kind], len(c.payload), got, "before"+c.want)
		}
	}
	if got := websocket.AppendClose(nil, websocket.BadText); string(got) != "\x88\x02\x03\xef" {
		t.Errorf("a close: %q", got)
	}
}

// An ordinary message allocates nothing.
func TestParseAllocatesNothing(t *testing.T) {
	var p websocket.Parser
	sent := []byte(frame(fin|text, long[:100]))
	b := bytes.Clone(sent)
	allocated := testing.AllocsPerRun(100, func() {
		copy(b, sent)
		n, kind, payload, err := p.Parse(b)
		if n != len(b) || kind != websocket.Text || len(payload) != 100 || err != nil {
			t.Fatal(n, kind, len(payload), err)
		}
	})
	if allocated != 0 {
		t.Errorf("%v allocations for a message", allocated)
	}
}
