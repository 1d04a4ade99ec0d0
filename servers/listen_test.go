package servers_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"nodecompare/servers"
)

// TestPortIsNotShared starts a second server on the port of the first: Linux would give each half
// of the connections.
func TestPortIsNotShared(t *testing.T) {
	for _, first := range servers.Own() {
		for _, second := range servers.Own() {
			for _, loops := range [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}} {
				if loops[0] == 2 && first.Name != "async" || loops[1] == 2 && second.Name != "async" {
					continue
				}
				t.Run(fmt.Sprintf("%s %d, %s %d", first.Name, loops[0], second.Name, loops[1]), func(t *testing.T) {
					v := serve(t, first.Name, servers.Config{Loops: loops[0]})
					s, err := servers.Listen(second,
						servers.Config{Addr: v.Addr.String(), PoolSize: 1, Workers: 1, Loops: loops[1]})
					if err == nil {
						go s.Serve()
						t.Fatalf("both listen on %s; stopping: %v", v.Addr, s.Shutdown(context.Background()))
					}
					if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), v.Addr.String()) {
						t.Errorf("got %v, want that %s is in use", err, v.Addr)
					}
					v.dial(t).ask(get("/", closes), reply("200 OK", html, hello, closes)) // the first is none the worse
				})
			}
		}
	}
}

// TestPortIsFreeAfterwards serves on one port time and again, though connections of earlier servers
// linger in the kernel.
func TestPortIsFreeAfterwards(t *testing.T) {
	addr := ""
	for _, m := range servers.Own() {
		for _, loops := range []int{1, 2} {
			v := serve(t, m.Name, servers.Config{Addr: addr, Loops: loops})
			addr = v.Addr.String()
			v.stop()
		}
	}
}

func TestThreadsAreNamed(t *testing.T) {
	want := map[string]string{
		"blocking":  "a thread for each connection, up to ",
		"pool":      "7 threads",
		"async":     "2 event loop threads, up to 3 workers each",
		"goroutine": "a goroutine for each connection",
	}
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 7, Loops: 2, Workers: 3})
		if got := v.Threads(); want[mode] == "" || !strings.HasPrefix(got, want[mode]) {
			t.Errorf("%q, want %q", got, want[mode])
		}
	})
}
