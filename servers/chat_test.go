package servers_test

import (
	"bufio"
	"bytes"
	"context"
	encodingjson "encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// eachChat runs f as a subtest for each of the six modes, with a server that serves chat.
func eachChat(t *testing.T, c servers.Config, f func(t *testing.T, mode string, s *chatServer)) {
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, c)
		f(t, mode, &chatServer{url: v.url, addr: v.Addr.String(), stop: v.stop})
	})
	eachNodeMode(t, func(t *testing.T, mode string) {
		t.Parallel()
		p := startChat(t, mode, 1)
		f(t, mode, &chatServer{url: p.URL, addr: strings.TrimPrefix(p.URL, "http://"), stop: func() {
			if err := p.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}})
	})
}

type chatServer struct {
	url, addr string
	stop      func()
}

func (s *chatServer) dial(t testing.TB) *client { return dialTo(t, s.addr) }

// chatFigures are what /live shows of the chat.
type chatFigures struct {
	Members, Rooms, Messages, Deliveries int
	SlowClosed                           int `json:"slow_closed"`
}

func (s *chatServer) figures(t testing.TB) (f chatFigures) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+workload.LivePath, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			var event struct{ Chat *chatFigures }
			if err := encodingjson.Unmarshal(data, &event); err != nil || event.Chat == nil {
				t.Fatalf("%s: %v", data, err)
			}
			return *event.Chat
		}
	}
	t.Fatal("no event")
	return f
}

// chatter is a member of a room, by a client that shares no code with the servers.
type chatter struct {
	*websocket.Conn
	t testing.TB
}

// join has a client enter a room.
func (s *chatServer) join(t testing.TB, room string) *chatter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, s.url+workload.ChatPath+"?room="+room, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return &chatter{c, t}
}

func (c *chatter) say(text string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		c.t.Errorf("saying %.80q: %v", text, err)
	}
}

// hear returns the next message, and "" when there is none.
func (c *chatter) hear() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	kind, text, err := c.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		c.t.Errorf("hearing: %v, %v", kind, err)
	}
	return string(text)
}

// TestChat has everyone in a room hear everything in one order, and nobody else; also where members
// are on several loops.
func TestChat(t *testing.T) {
	eachChat(t, servers.Config{PoolSize: 12, Loops: 3}, func(t *testing.T, mode string, s *chatServer) {
		const members, each = 6, 50
		other := s.join(t, "other")
		var all []*chatter
		for i := range members {
			c := s.join(t, "lobby")
			c.say(fmt.Sprint("here ", i)) // nobody speaks before everybody is there
			if got := c.hear(); got != fmt.Sprint("here ", i) {
				t.Errorf("member %d hears %q first", i, got)
			}
			all = append(all, c)
		}
		heard := make([][]string, members)
		var talking sync.WaitGroup
		for i, c := range all {
			talking.Go(func() {
				for n := range each {
					c.say(fmt.Sprintf("%d %d %s", i, n, strings.Repeat("é", n*40)))
				}
			})
			talking.Go(func() {
				for n := 0; n < members*each && !t.Failed(); {
					if text := c.hear(); !strings.HasPrefix(text, "here") {
						heard[i] = append(heard[i], text)
						n++
					}
				}
			})
		}
		talking.Wait()
		for i := range heard {
			if got, want := strings.Join(heard[i], "\n"), strings.Join(heard[0], "\n"); got != want {
				t.Errorf("member %d: %s", i, difference(got, want))
			}
		}
		other.say("alone")
		if got := other.hear(); got != "alone" {
			t.Errorf("another room hears %q", got)
		}
		// of "here", the first member heard all, the last one its own
		const messages = members + members*each + 1
		const deliveries = members*(members+1)/2 + members*members*each + 1
		if got, want := s.figures(t), (chatFigures{members + 1, 2, messages, deliveries, 0}); got != want {
			t.Errorf("figures %+v, want %+v", got, want)
		}
		if err := other.Close(websocket.StatusNormalClosure, "bye"); err != nil {
			t.Errorf("closing: %v", err)
		}
		eventually(t, "the other room is gone", func() bool {
			f := s.figures(t)
			return f.Members == members && f.Rooms == 1
		})
		stopped := make(chan error)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, _, err := all[0].Read(ctx)
			stopped <- err
		}()
		s.stop()
		if err := <-stopped; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("at the end: %v", err)
		}
	})
}
