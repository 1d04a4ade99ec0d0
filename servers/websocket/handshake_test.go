package websocket_test

import (
	"strings"
	"testing"

	"nodecompare/servers/http1"
	"nodecompare/servers/websocket"
)

func TestHandshake(t *testing.T) {
	const asked = "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	for name, c := range map[string]struct {
		old, replaced string
		status        int // 0: it is one
	}{
		"RFC 6455, section 1.3": {"", "", 0},
		"in any case": {"websocket\r\nConnection: Upgrade",
			"WebSocket\r\nconnection: keep-alive , UPGRADE", 0},
		"in two fields":             {"Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade", 0},
		"among other protocols":     {"Upgrade: websocket", "Upgrade: h2c, websocket", 0},
		"a plain GET":               {"Upgrade: websocket\r\n", "", 426},
		"another protocol":          {"Upgrade: websocket", "Upgrade: h2c", 426},
		"no word of it on the way":  {"Connection: Upgrade\r\n", "", 426},
		"HTTP/1.0":                  {"HTTP/1.1", "HTTP/1.0", 426},
		"HEAD":                      {"GET", "HEAD", 426},
		"no version":                {"Sec-WebSocket-Version: 13\r\n", "", 426},
		"an older version":          {"Version: 13", "Version: 8", 426},
		"no key":                    {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
		"a key of 15 bytes":         {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400},
		"a key that is not encoded": {"dGhlIHNhbXBsZSBub25jZQ==", "the sample nonce", 400},
	} {
		var p http1.RequestParser
		request := strings.Replace(asked, c.old, c.replaced, 1)
		if n, err := p.Parse([]byte(request)); n != len(request) || err != nil {
			t.Fatalf("%s: %d, %v", name, n, err)
		}
		accept, refused := websocket.Check(&p.Request)
		switch {
		case c.status == 0 && (refused != nil || accept != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="):
			t.Errorf("%s: %q, %+v", name, accept, refused)
		case c.status > 0 && (refused == nil || refused.Status != c.status || accept != ""):
			t.Errorf("%s: %q, %+v, want %d", name, accept, refused, c.status)
		}
	}
	const want = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: a\r\n\r\n"
	if got := string(websocket.AppendAnswer(nil, "a")); got != want {
		t.Errorf("%q", got)
	}
}
