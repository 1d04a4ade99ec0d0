package loadgen

import (
	"encoding/binary"
	"fmt"
	"io"
	"unicode/utf8"

	"nodecompare/loadgen/response"
)

// frameKind is the opcode of a frame (RFC 6455, 5.2).
type frameKind byte

const (
	continuation frameKind = 0x0
	textFrame    frameKind = 0x1
	binaryFrame  frameKind = 0x2
	closeFrame   frameKind = 0x8
	pingFrame    frameKind = 0x9
	pongFrame    frameKind = 0xa
	noFrame      frameKind = 0xff // nothing is complete yet
)

func (k frameKind) control() bool { return k >= closeFrame }

const (
	finalBit   = 0x80
	reserved   = 0x70
	maskBit    = 0x80
	shortest16 = 126   // the shortest payload whose length takes 16 bits
	shortest64 = 65536 // and 64
	// mostMessage bounds a message that a server sends, in bytes.
	mostMessage = 1 << 20
)

// frames reads what a server sends on a WebSocket as its bytes arrive, and does no I/O. It is
// strict: what RFC 6455 forbids a server is an error. The zero value is at the beginning.
type frames struct {
	head    [10]byte
	have    int   // bytes of head
	open    bool  // head is whole, and left bytes of the payload are to come
	left    int64 // of the frame
	kind    frameKind
	final   bool
	message frameKind // of which some frames have come; continuation for none
	parts   []byte    // of a message that did not come in one piece
	control []byte    // the same of a control frame
}

// reset begins another connection. It keeps the buffers.
func (f *frames) reset() { *f = frames{parts: f.parts[:0], control: f.control[:0]} }

// feed parses bytes up to the end of a message or of a control frame, if it is among them. The
// payload is valid until the next call.
func (f *frames) feed(b []byte) (used int, what frameKind, payload []byte, err error) {
	for {
		for !f.open {
			if used == len(b) {
				return used, noFrame, nil, nil
			}
			f.head[f.have] = b[used]
			f.have++
			used++
			if err := f.begin(); err != nil {
				return used, noFrame, nil, err
			}
		}
		n := int(min(f.left, int64(len(b)-used)))
		part := b[used : used+n]
		used, f.left = used+n, f.left-int64(n)
		kept := &f.parts
		if f.kind.control() {
			kept = &f.control
		}
		if f.left > 0 {
			*kept = append(*kept, part...)
			return used, noFrame, nil, nil
		}
		f.open, f.have = false, 0
		if !f.final {
			f.parts = append(f.parts, part...)
			continue
		}
		what = f.kind
		if payload = part; len(*kept) > 0 {
			*kept = append(*kept, part...)
			payload, *kept = *kept, (*kept)[:0]
		}
		if !what.control() {
			what, f.message = f.message, continuation
		}
		if what == textFrame && !utf8.Valid(payload) {
			return used, noFrame, nil, wrongFrame("a text message that is not UTF-8")
		}
		return used, what, payload, nil
	}
}

// begin takes the header so far, and opens the frame once it is whole.
func (f *frames) begin() error {
	first, second := f.head[0], f.head[1]
	kind := frameKind(first & 0x0f)
	switch {
	case first&reserved != 0:
		return wrongFrame("a frame with a reserved bit, of an extension that nobody asked for")
	case kind > binaryFrame && kind < closeFrame, kind > pongFrame:
		return wrongFrame("a frame of the unknown kind %#x", byte(kind))
	case kind.control() && first&finalBit == 0:
		return wrongFrame("a control frame in parts")
	case kind == continuation && f.message == continuation:
		return wrongFrame("a continuation of no message")
	case (kind == textFrame || kind == binaryFrame) && f.message != continuation:
		return wrongFrame("a message within another one's parts")
	case f.have < 2:
		return nil
	case second&maskBit != 0:
		return wrongFrame("a masked frame, as only clients may send")
	}
	length := int64(second)
	switch {
	case kind.control() && length >= shortest16:
		return wrongFrame("a control frame of more than 125 bytes")
	case length == 126 && f.have < 4, length == 127 && f.have < 10:
		return nil
	case length == 126:
		if length = int64(binary.BigEndian.Uint16(f.head[2:])); length < shortest16 {
			return wrongFrame("a length of %d in more bytes than it needs", length)
		}
	case length == 127:
		long := binary.BigEndian.Uint64(f.head[2:])
		if long < shortest64 || long>>63 != 0 {
			return wrongFrame("a length of %d in 64 bits", long)
		}
		length = int64(min(long, mostMessage+1))
	}
	if !kind.control() && int64(len(f.parts))+length > mostMessage {
		return wrongFrame("a message of more than %d bytes", mostMessage)
	}
	f.kind, f.final, f.left, f.open = kind, first&finalBit != 0, length, true
	if kind == textFrame || kind == binaryFrame {
		f.message = kind
	}
	return nil
}

func wrongFrame(format string, values ...any) error {
	return &response.MalformedError{Reason: "WebSocket: " + fmt.Sprintf(format, values...)}
}

// appendFrame appends a whole frame as a client sends it, masked with the key.
func appendFrame(b []byte, kind frameKind, key uint32, payload []byte) []byte {
	b = append(b, finalBit|byte(kind))
	switch n := len(payload); {
	case n < shortest16:
		b = append(b, maskBit|byte(n))
	case n < shortest64:
		b = binary.BigEndian.AppendUint16(append(b, maskBit|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, maskBit|127), uint64(n))
	}
	mask := [4]byte{byte(key >> 24), byte(key >> 16), byte(key >> 8), byte(key)}
	b = append(b, mask[:]...)
	for i, c := range payload {
		b = append(b, c^mask[i&3])
	}
	return b
}

// CloseError is the error of a conversation that the server ended with a close frame (RFC 6455, 7).
type CloseError struct {
	Code   int // 0 for none
	Reason string
}

func (e *CloseError) Error() string {
	switch {
	case e.Code == 0:
		return "the server closed the WebSocket, and gave no code"
	case e.Reason == "":
		return fmt.Sprintf("the server closed the WebSocket with code %d", e.Code)
	}
	return fmt.Sprintf("the server closed the WebSocket with code %d: %.100q", e.Code, e.Reason)
}

func (e *CloseError) Unwrap() error { return io.ErrUnexpectedEOF }

// closedBy returns the error that a close frame's payload stands for.
func closedBy(payload []byte) error {
	if len(payload) == 0 {
		return &CloseError{}
	}
	if len(payload) == 1 {
		return wrongFrame("a close frame with half a code")
	}
	code, reason := int(binary.BigEndian.Uint16(payload)), payload[2:]
	switch {
	case code < 1000, code > 4999, code >= 1015 && code < 3000, code >= 1004 && code <= 1006:
		return wrongFrame("a close frame with the code %d, which may not be sent", code)
	case !utf8.Valid(reason):
		return wrongFrame("a close frame whose reason is not UTF-8")
	}
	return &CloseError{code, string(reason)}
}
