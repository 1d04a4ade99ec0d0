// Package websocket reads a client's WebSocket frames and writes a server's (RFC 6455) without I/O:
// the caller reads and writes. It has no extensions and carries text.
//
// The headers of frames are read and written by gobwas/ws, over the caller's buffer and never over
// a socket, where its readers would wait in the midst of a frame.
package websocket

import (
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// MaxMessage is the most bytes that a message may have, of all its fragments together.
const MaxMessage = 4 << 10

// MaxHeader is the most bytes of a server's header.
const MaxHeader = 10

// Kind is what a frame, or the last one of a message, is.
type Kind byte

const (
	Part  Kind = iota // Part is a fragment behind which more of its message must come.
	Text              // Text is a whole message.
	Ping              // Ping asks for a Pong with its payload.
	Pong              // Pong answers a Ping, or comes unasked.
	Close             // Close is the last frame of its sender, to be answered by one.
)

// Status codes of Close frames (RFC 6455, section 7.4.1).
const (
	GoingAway   = 1001
	BadProtocol = 1002
	NotText     = 1003
	BadText     = 1007
	TooBig      = 1009
)

// Error says why a connection failed: nothing more can be read from it. Answer with a Close frame
// of that code, and end the connection.
type Error struct {
	Code   uint16
	Reason string // one sentence for people, with the deciding section of RFC 6455
}

func (e *Error) Error() string { return "websocket: " + e.Reason }

// Reasons to fail a connection.
var (
	errShortest = &Error{BadProtocol, "a frame's length is not in its shortest form (RFC 6455, section 5.2)"}
	errClose    = &Error{BadProtocol, "a Close frame has half a status code, or one that is never sent " +
		"(RFC 6455, sections 5.5.1 and 7.4)"}
	errReason = &Error{BadText, "the reason in a Close frame is not UTF-8 (RFC 6455, section 5.5.1)"}
	errText   = &Error{BadText, "a text is not UTF-8 (RFC 6455, section 8.1)"}
	errBinary = &Error{NotText, "a message is binary, and only text is taken (RFC 6455, section 7.4.1)"}
	errTooBig = &Error{TooBig, "a message has more than 4096 bytes (RFC 6455, section 7.4.1)"}
)

// Parser reads the frames of one client, one after another. The zero value is ready for use. It
// holds no more than the fragments of a message that is not whole.
type Parser struct {
	state  ws.State
	parts  []byte // of a message that is not whole
	failed *Error
	// reader and buffer are gobwas's, kept so that a header allocates nothing.
	reader bytes.Reader
	buffer [ws.MaxHeaderSize - 2]byte
}

// Parse takes all bytes of a frame that have arrived, with its first in b[0]. It returns n > 0 if
// the frame is whole: it has n bytes, and the next one starts behind them. It returns 0 and nil if
// more bytes must arrive, and 0 and an *Error if the connection has failed, again on each call. A
// frame that is too long fails before its payload has come.
//
// payload is that of the message or the control frame, nil with a Part. It is unmasked inside b, or
// put together from fragments, and valid until the next Parse. Until a frame is whole, each call
// must bring the same bytes and any new ones; the buffer may move.
func (p *Parser) Parse(b []byte) (n int, kind Kind, payload []byte, err error) {
	n, kind, payload, fault := p.frame(b)
	if fault != nil {
		p.failed, p.parts = fault, nil
		return 0, 0, nil, fault
	}
	return n, kind, payload, nil
}

func (p *Parser) frame(b []byte) (n int, kind Kind, payload []byte, fault *Error) {
	if p.failed != nil {
		return 0, 0, nil, p.failed
	}
	p.reader.Reset(b)
	h, err := ws.ReadHeaderBuffer(&p.reader, p.buffer[:])
	n = len(b) - p.reader.Len()
	p.reader.Reset(nil)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return 0, 0, nil, nil
	case err == nil:
		err = ws.CheckHeader(h, p.state|ws.StateServerSide)
	}
	if err != nil {
		return 0, 0, nil, &Error{BadProtocol, err.Error() + " (RFC 6455, section 5.2)"}
	}
	switch {
	case n != ws.HeaderSize(h):
		return 0, 0, nil, errShortest
	case h.OpCode == ws.OpBinary:
		return 0, 0, nil, errBinary
	case !h.OpCode.IsControl() && h.Length > int64(MaxMessage-len(p.parts)):
		return 0, 0, nil, errTooBig
	case h.Length > int64(len(b)-n):
		return 0, 0, nil, nil
	}
	payload = b[n : n+int(h.Length)]
	n += len(payload)
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		return n, Ping, payload, nil
	case ws.OpPong:
		return n, Pong, payload, nil
	case ws.OpClose:
		return n, Close, payload, checkClose(payload)
	}
	if p.state.Fragmented() || !h.Fin {
		payload = append(p.parts, payload...)
	}
	if !h.Fin {
		p.state, p.parts = p.state.Set(ws.StateFragmented), payload
		return n, Part, nil, nil
	}
	p.state, p.parts = p.state.Clear(ws.StateFragmented), nil
	if !utf8.Valid(payload) {
		return 0, 0, nil, errText
	}
	return n, Text, payload, nil
}

// checkClose checks the payload of a Close frame: nothing, or a status code and a reason.
func checkClose(payload []byte) *Error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return errClose
	}
	switch code := binary.BigEndian.Uint16(payload); {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
	default:
		return errClose
	}
	if !utf8.Valid(payload[2:]) {
		return errReason
	}
	return nil
}

// opcodes are the kinds of frames that a server sends.
var opcodes = [...]ws.OpCode{Text: ws.OpText, Ping: ws.OpPing, Pong: ws.OpPong, Close: ws.OpClose}

// AppendFrame appends a server's frame to dst: a whole message, or a control frame, whose payload
// may have 125 bytes.
func AppendFrame(dst []byte, kind Kind, payload []byte) []byte {
	out := appender(dst)
	h := ws.Header{Fin: true, OpCode: opcodes[kind], Length: int64(len(payload))}
	if err := ws.WriteHeader(&out, h); err != nil { // an appender takes all
		panic("websocket: writing a header into memory: " + err.Error())
	}
	return append(out, payload...)
}

// AppendClose appends a Close frame with that status code, and no reason.
func AppendClose(dst []byte, code uint16) []byte {
	return AppendFrame(dst, Close, binary.BigEndian.AppendUint16(nil, code))
}

type appender []byte

func (a *appender) Write(b []byte) (int, error) {
	*a = append(*a, b...)
	return len(b), nil
}
