package loadgen

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"pgregory.net/rapid"
)

// piece is a message or a control frame, as a parser tells it.
type piece struct {
	kind    frameKind
	payload string
}

// pieces feeds bytes in parts of the given sizes, the last of which goes on.
func pieces(b []byte, sizes ...int) (all []piece, err error) {
	var f frames
	for len(b) > 0 {
		n := len(b)
		if len(sizes) > 0 {
			n, sizes = min(sizes[0], n), append(sizes[1:], sizes[0])
		}
		part := b[:n]
		b = b[n:]
		for {
			used, what, payload, err := f.feed(part)
			if err != nil {
				return all, err
			}
			if what != noFrame {
				all = append(all, piece{what, string(payload)})
			}
			if part = part[used:]; len(part) == 0 {
				break
			}
		}
	}
	return all, nil
}

// judged reads the same with gobwas/ws, whose header functions check what a client may be sent.
func judged(b []byte) (all []piece, err error) {
	in := bytes.NewReader(b)
	var message []byte
	var kind ws.OpCode
	for in.Len() > 0 {
		h, err := ws.ReadHeader(in)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		state := ws.StateClientSide
		if kind != 0 {
			state = state.Set(ws.StateFragmented)
		}
		if err := ws.CheckHeader(h, state); err != nil {
			return all, err
		}
		if h.Masked {
			return all, ws.ErrProtocolMaskUnexpected
		}
		if h.Length > int64(in.Len()) {
			return all, nil
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(in, payload); err != nil {
			return all, err
		}
		if h.OpCode.IsControl() {
			all = append(all, piece{frameKind(h.OpCode), string(payload)})
			continue
		}
		message = append(message, payload...)
		if h.OpCode != ws.OpContinuation {
			kind = h.OpCode
		}
		if h.Fin {
			if kind == ws.OpText && !utf8.Valid(message) {
				return all, ws.ErrProtocolInvalidUTF8
			}
			all = append(all, piece{frameKind(kind), string(message)})
			message, kind = nil, 0
		}
	}
	return all, nil
}

// Frames that a server writes come out the same whatever the parts in which they arrive; and what
// gobwas/ws finds wrong with a header, this parser finds too.
func TestFramesAgainstGobwas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bytes.Buffer
		for range rapid.IntRange(1, 6).Draw(t, "frames") {
			n := rapid.OneOf(rapid.IntRange(0, 5), rapid.SampledFrom([]int{125, 126, 127, 65535, 65536, 70000})).
				Draw(t, "length")
			h := ws.Header{
				Fin:    rapid.IntRange(0, 9).Draw(t, "fin") > 2,
				OpCode: ws.OpCode(rapid.SampledFrom([]int{0, 1, 1, 1, 2, 8, 9, 10, 3, 11}).Draw(t, "kind")),
				Length: int64(n),
				Masked: rapid.IntRange(0, 30).Draw(t, "masked") == 0,
			}
			if rapid.IntRange(0, 30).Draw(t, "reserved") == 0 {
				h.Rsv = ws.Rsv(false, true, false)
			}
			if err := ws.WriteHeader(&b, h); err != nil {
				t.Fatal(err)
			}
			letter := rapid.SampledFrom([]string{"a", "é", "\xff"}).Draw(t, "letter")
			if letter == "\xff" && rapid.Bool().Draw(t, "mostly not") {
				letter = "a"
			}
			b.WriteString(strings.Repeat(letter, n)[:n])
		}
		whole := b.Bytes()
		if rapid.IntRange(0, 4).Draw(t, "cut") == 0 {
			whole = whole[:rapid.IntRange(1, len(whole)).Draw(t, "to")]
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 40000), 0, 5).Draw(t, "parts")
		got, err := pieces(whole, sizes...)
		want, judgement := judged(whole)
		if (err == nil) != (judgement == nil) && !(err != nil && len(got) == len(want)) {
			t.Fatalf("%v; gobwas/ws: %v", err, judgement)
		}
		for i := range want {
			if i >= len(got) || got[i] != want[i] {
				t.Fatalf("piece %d of %d differs from that of %d", i, len(got), len(want))
			}
		}
		if len(got) != len(want) {
			t.Fatalf("%d pieces; gobwas/ws: %d", len(got), len(want))
		}
	})
}

// What this parser forbids is what RFC 6455 forbids a server.
func TestWrongFrames(t *testing.T) {
	for says, b := range map[string]string{
		"reserved bit":             "\xc1\x00",
		"unknown kind 0x3":         "\x83\x00",
		"unknown kind 0xb":         "\x8b\x00",
		"a control frame in parts": "\x09\x00",
		"more than 125 bytes":      "\x89\x7e\x00\x7e",
		"a masked frame":           "\x81\x81\x00\x00\x00\x00a",
		"a continuation of no":     "\x80\x00",
		"within another one's":     "\x01\x01a\x81\x01b",
		"a length of 125 in more":  "\x81\x7e\x00\x7d",
		"a length of 65535 in 64":  "\x81\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
		"bits":                     "\x81\x7f\x80\x00\x00\x00\x00\x01\x00\x00",
		"not UTF-8":                "\x81\x01\xff",
		"more than 1048576 bytes":  "\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x01",
	} {
		for _, sizes := range [][]int{nil, {1}} {
			if all, err := pieces([]byte(b), sizes...); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q: %v, %v; want: %s", b, all, err, says)
			}
		}
	}
}

func TestCloseFrames(t *testing.T) {
	for payload, says := range map[string]string{
		"":             "gave no code",
		"\x03\xe8":     "with code 1000",
		"\x03\xf0slow": `with code 1008: "slow"`,
		"\x0f\xa0":     "with code 4000",
		"a":            "half a code",
		"\x03\xed":     "code 1005, which may not be sent",
		"\x03\xe7":     "code 999",
		"\x07\xd0":     "code 2000",
		"\x13\x88":     "code 5000",
		"\x03\xe8\xff": "reason is not UTF-8",
	} {
		if err := closedBy([]byte(payload)); !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want: %s", payload, err, says)
		}
	}
}

// What a client sends is what gobwas/ws reads: masked, whole, with the payload that went in.
func TestClientFramesAgainstGobwas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "payload")
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			payload = bytes.Repeat(append(payload, 'a'), 70000/(len(payload)+1)+1)
		}
		key := rapid.Uint32().Draw(t, "key")
		b := appendFrame([]byte("before"), textFrame, key, payload)
		b = b[len("before"):]
		h, err := ws.ReadHeader(bytes.NewReader(b))
		if err != nil || !h.Masked || !h.Fin || h.OpCode != ws.OpText || h.Length != int64(len(payload)) ||
			ws.CheckHeader(h, ws.StateServerSide) != nil || len(b) != ws.HeaderSize(h)+len(payload) {
			t.Fatalf("%+v, %v", h, err)
		}
		said := b[ws.HeaderSize(h):]
		if ws.Cipher(said, h.Mask, 0); !bytes.Equal(said, payload) {
			t.Fatalf("%q of %q", said, payload)
		}
	})
}

// A message in one piece, or in the parts that a socket gives, is taken without an allocation.
func TestFramesAllocateNothing(t *testing.T) {
	var f frames
	frame := append([]byte{0x81, 100}, bytes.Repeat([]byte{'a'}, 100)...)
	if n := testing.AllocsPerRun(100, func() {
		for _, part := range [][]byte{frame, frame[:50], frame[50:]} {
			for len(part) > 0 {
				used, _, _, err := f.feed(part)
				if err != nil {
					t.Fatal(err)
				}
				part = part[used:]
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
