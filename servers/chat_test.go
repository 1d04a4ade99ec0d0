package servers_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"nodecompare/servers"
)

// chatter is a member of a room, by a client that shares no code with the servers.
type chatter struct {
	*websocket.Conn
	t testing.TB
}

// join has a client enter a room of the server at url.
func join(t testing.TB, url, room string) *chatter {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, url+"/chat?room="+room, nil)
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
		c.t.Fatalf("saying %.80q: %v", text, err)
	}
}

func (c *chatter) hear() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patience)
	defer cancel()
	kind, text, err := c.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		c.t.Fatalf("hearing: %v, %v", kind, err)
	}
	return string(text)
}

// TestChat has everyone in a room hear everything in one order, and nobody else.
func TestChat(t *testing.T) {
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 12, Loops: 3})
		const members, each = 6, 50
		other := join(t, v.url, "other")
		var all []*chatter
		for i := range members {
			c := join(t, v.url, "lobby")
			// nobody speaks before everybody is there
			c.say(fmt.Sprint("here ", i))
			for c.hear() != fmt.Sprint("here ", i) {
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
				for n := 0; n < members*each; {
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
		if err := other.Close(websocket.StatusNormalClosure, "bye"); err != nil {
			t.Errorf("closing: %v", err)
		}
		// a server that stops says so
		stopped := make(chan error)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_, _, err := all[0].Read(ctx)
			stopped <- err
		}()
		v.stop()
		if err := <-stopped; websocket.CloseStatus(err) != websocket.StatusGoingAway {
			t.Errorf("at the end: %v", err)
		}
	})
}
