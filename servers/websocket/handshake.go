package websocket

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"net/http"

	"nodecompare/servers/http1"
)

// Refusal is an opening handshake that is none.
type Refusal struct {
	Status int
	Reason string // one sentence for people
	Fields string // that the answer needs, as http1.Response has them; "" for none
}

// upgradeFields say what a client may do instead (RFC 9110, section 15.5.22, and RFC 6455, section
// 4.4).
const upgradeFields = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade\r\n"

var (
	refusedPlain = &Refusal{http.StatusUpgradeRequired,
		"this is a WebSocket: ask with Upgrade: websocket and Connection: Upgrade", upgradeFields}
	refusedVersion = &Refusal{http.StatusUpgradeRequired, "Sec-WebSocket-Version must be 13", upgradeFields}
	refusedKey     = &Refusal{http.StatusBadRequest, "Sec-WebSocket-Key must be 16 bytes in base64", ""}
)

// Check checks that a request is an opening handshake (RFC 6455, section 4.2.1). It returns the
// value of the answer's Sec-WebSocket-Accept, or why there is none.
func Check(r *http1.Request) (accept string, refused *Refusal) {
	switch {
	case r.Minor == 0 || r.Head || !hasToken(r, "Upgrade", "websocket") || !hasToken(r, "Connection", "upgrade"):
		return "", refusedPlain
	case string(r.Header("Sec-WebSocket-Version")) != "13":
		return "", refusedVersion
	}
	key := r.Header("Sec-WebSocket-Key")
	if nonce, err := base64.StdEncoding.Strict().AppendDecode(nil, key); err != nil || len(nonce) != 16 {
		return "", refusedKey
	}
	return Accept(key), nil
}

// Accept answers a key (RFC 6455, section 4.2.2).
func Accept(key []byte) string {
	sum := sha1.Sum(append(bytes.Clone(key), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// AppendAnswer appends the answer to an opening handshake, behind which frames come.
func AppendAnswer(dst []byte, accept string) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = append(dst, "Sec-WebSocket-Accept: "...)
	dst = append(dst, accept...)
	return append(dst, "\r\n\r\n"...)
}

// hasToken reports whether one of the fields of that name lists the token, in any case.
func hasToken(r *http1.Request, name, token string) bool {
	for _, f := range r.Fields {
		if !bytes.EqualFold(f.Name, []byte(name)) {
			continue
		}
		for part := range bytes.SplitSeq(f.Value, []byte{','}) {
			if bytes.EqualFold(bytes.TrimSpace(part), []byte(token)) {
				return true
			}
		}
	}
	return false
}
