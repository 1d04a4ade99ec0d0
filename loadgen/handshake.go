package loadgen

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"nodecompare/loadgen/response"
)

// mostHandshake bounds the head of a server's answer to a handshake, in bytes.
const mostHandshake = 16 << 10

// handshakeID is what a server appends to a client's key (RFC 6455, 1.3).
const handshakeID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const protocolHeader = "Sec-WebSocket-Protocol"

// handshake opens a WebSocket on a connection (RFC 6455, 4.1): a request, and the head of its
// answer.
type handshake struct {
	wants     string // the Sec-WebSocket-Accept of a good answer
	protocols bool   // some were offered
	head      []byte // of the answer, as far as it has come
}

// upgrade returns the request for a WebSocket, with the headers that the target has.
func (h *handshake) upgrade(a Attack) ([]byte, error) {
	nonce := make([]byte, 16)
	rand.Read(nonce) // which does not fail
	key := base64.StdEncoding.EncodeToString(nonce)
	sum := sha1.Sum([]byte(key + handshakeID))
	h.wants, h.head = base64.StdEncoding.EncodeToString(sum[:]), nil
	header := a.Target.Header.Clone()
	if header == nil {
		header = make(http.Header)
	}
	h.protocols = header.Get(protocolHeader) != ""
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	header.Set("Sec-WebSocket-Key", key)
	header.Set("Sec-WebSocket-Version", "13")
	a.Target.Header = header
	return serialise(a)
}

// feed takes bytes of the answer up to the end of its head. An answer that opens no WebSocket is an
// error.
func (h *handshake) feed(b []byte) (used int, whole bool, err error) {
	before := len(h.head)
	h.head = append(h.head, b...)
	// the end may have begun in an earlier part
	from := max(before-3, 0)
	end := bytes.Index(h.head[from:], []byte("\r\n\r\n"))
	if end < 0 {
		if len(h.head) > mostHandshake {
			return len(b), false, notUpgraded("an answer whose head has more than %d bytes", mostHandshake)
		}
		return len(b), false, nil
	}
	end += from + 4
	err = h.check(h.head[:end])
	h.head = nil
	return end - before, err == nil, err
}

// check reads the head of an answer.
func (h *handshake) check(head []byte) error {
	if response.StartsHTTP2(head) {
		return notUpgraded("the server speaks HTTP/2 only")
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(head)), nil)
	if err != nil {
		return notUpgraded("an answer that is no HTTP: %v", err)
	}
	switch {
	case r.StatusCode != http.StatusSwitchingProtocols:
		return statusError(r.StatusCode)
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return notUpgraded("an upgrade to %.40q", r.Header.Get("Upgrade"))
	case !hasToken(r.Header.Values("Connection"), "upgrade"):
		return notUpgraded("an answer without Connection: Upgrade")
	case r.Header.Get("Sec-WebSocket-Accept") != h.wants:
		return notUpgraded("the Sec-WebSocket-Accept %.40q, where %s follows from the key",
			r.Header.Get("Sec-WebSocket-Accept"), h.wants)
	case len(r.Header.Values("Sec-WebSocket-Extensions")) > 0:
		return notUpgraded("the extension %.40q, which nobody asked for", r.Header.Get("Sec-WebSocket-Extensions"))
	case r.Header.Get(protocolHeader) != "" && !h.protocols:
		return notUpgraded("the protocol %.40q, which nobody asked for", r.Header.Get(protocolHeader))
	}
	return nil
}

// hasToken reports whether a list of tokens has one, without regard to case.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

func notUpgraded(format string, values ...any) error {
	return &response.MalformedError{Reason: "no WebSocket: " + fmt.Sprintf(format, values...)}
}

// statusError is the error of an answer that opens no WebSocket, by its status.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("no WebSocket: status %d", int(s)) }
