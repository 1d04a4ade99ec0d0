package servers_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"nodecompare/servers"
	"nodecompare/servers/child"
)

// TestChatRefuses has all modes refuse what is no opening handshake, in the same words, and go on.
func TestChatRefuses(t *testing.T) {
	const (
		plain   = `{"error":"this is a WebSocket: ask with Upgrade: websocket and Connection: Upgrade"}`
		version = `{"error":"Sec-WebSocket-Version must be 13"}`
		key     = `{"error":"Sec-WebSocket-Key must be 16 bytes in base64"}`
		room    = `{"error":"room must be a name of 1 to 64 letters, digits, - and _, such as room=lobby"}`
		asked   = "GET /chat?room=lobby HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	)
	refusals := map[string]struct {
		request string
		status  int
		body    string
	}{
		"a plain GET":          {get("/chat?room=lobby"), 426, plain},
		"its last request":     {get("/chat?room=lobby", closes), 426, plain},
		"another protocol":     {strings.Replace(asked, "websocket", "h2c", 1), 426, plain},
		"no Connection":        {strings.Replace(asked, "Connection: Upgrade\r\n", "", 1), 426, plain},
		"an old version":       {strings.Replace(asked, "Version: 13", "Version: 8", 1), 426, version},
		"no key":               {strings.Replace(asked, "Sec-WebSocket-Key", "X", 1), 400, key},
		"a short key":          {strings.Replace(asked, "ZQ==", "", 1), 400, key},
		"no room":              {strings.Replace(asked, "?room=lobby", "", 1), 400, room},
		"an empty name":        {strings.Replace(asked, "lobby", "", 1), 400, room},
		"a name in escapes":    {strings.Replace(asked, "lobby", "a%20b", 1), 400, room},
		"a long name":          {strings.Replace(asked, "lobby", strings.Repeat("a", 65), 1), 400, room},
		"POST":                 {request("POST", "/chat?room=lobby", ""), 405, "Method Not Allowed\n"},
		"an upgrade elsewhere": {strings.Replace(asked, "/chat", "/", 1), 200, hello},
	}
	eachChat(t, servers.Config{}, func(t *testing.T, mode string, s *chatServer) {
		for name, test := range refusals {
			c := s.dial(t)
			c.send(test.request)
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.status || string(body) != test.body {
				t.Errorf("%s: %s, %s, %v", name, response.Status, body, err)
			}
			said := response.Header.Get("Upgrade") + " " + response.Header.Get("Sec-WebSocket-Version")
			if test.status == http.StatusUpgradeRequired && said != "websocket 13" {
				t.Errorf("%s: it does not say what is required: %v", name, response.Header)
			}
			if strings.Contains(test.request, closes) {
				c.expectEnd()
			}
			c.Close()
		}
	})
	for name, start := range map[string]func(*testing.T) *child.Process{
		"all members in one process": func(t *testing.T) *child.Process { return startChat(t, "node", 2) },
		"npm's ws":                   func(t *testing.T) *child.Process { return startNode(t, "node", "", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, start(t))
			c.send(asked)
			response, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != 501 || !strings.Contains(string(body), "chat needs "+name) {
				t.Errorf("%s, %s, %v", response.Status, body, err)
			}
		})
	}
}
