package servers_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/servers"
)

// distinct makes a request whose answer no other request has, for most kinds, and that answer.
func distinct(r *rand.Rand, content string) (send, want string) {
	switch n := r.IntN(1 << 30); r.IntN(9) {
	case 0:
		return get("/"), reply("200 OK", html, hello)
	case 1:
		return get("/wait?ms=" + itoa(n%4)), reply("200 OK", json, fmt.Sprintf(`{"waited_ms":%d}`, n%4))
	case 2:
		return get("/upstream?ms=" + itoa(n%3)),
			reply("200 OK", json, fmt.Sprintf(`{"service":"upstream","waited_ms":%d}`, n%3))
	case 3:
		return get("/api?ms=" + itoa(n%3)),
			reply("200 OK", json, fmt.Sprintf(`{"service":"upstream","waited_ms":%d}`, n%3))
	case 4:
		id := 10001 + n
		return get("/db?id=" + itoa(id)),
			reply("404 Not Found", json, fmt.Sprintf(`{"error":"there is no product %d"}`, id))
	case 5:
		return get("/file"), reply("200 OK", data, content)
	case 6:
		body := strings.Repeat(itoa(n)+" ", 1+n%3000)
		kind := "x/" + itoa(n)
		return request("POST", "/echo", body, "Content-Type: "+kind), reply("200 OK", kind, body)
	case 7:
		body := itoa(n)
		return "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + body[:1] + "\r\n" +
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body)-1, body[1:]), reply("200 OK", data, body)
	default:
		return get("/" + itoa(n)), reply("404 Not Found", text, "Not Found\n")
	}
}

// TestEachResponseIsItsRequests mixes the workloads on many connections at once, several in a
// pipeline: a handler that kept bytes of its request, or a buffer that two connections shared for
// too long, would show in another's answer.
func TestEachResponseIsItsRequests(t *testing.T) {
	const connections, batches = 24, 12
	up := upstream(t)
	content, err := os.ReadFile(filepath.Join(dataDir, "file.bin"))
	if err != nil {
		t.Fatal(err)
	}
	eachMode(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{Upstream: up, PoolSize: connections + 1, Loops: 2, Workers: 3})
		var clients sync.WaitGroup
		for i := range connections {
			c := v.dial(t)
			clients.Go(func() {
				r := rand.New(rand.NewPCG(uint64(i), 7))
				for range batches {
					var send, want strings.Builder
					for range 1 + r.IntN(5) {
						s, w := distinct(r, string(content))
						send.WriteString(s)
						want.WriteString(w)
					}
					if got, err := exchange(c, r, send.String(),
						len(want.String())+strings.Count(want.String(),
							"\r\nDate: D\r\n")*(len(someDate)-1)); err != nil || got != want.String() {
						t.Errorf("connection %d: %v\n%s", i, err, difference(got, want.String()))
						return
					}
				}
			})
		}
		clients.Wait()
	})
}

// exchange sends a text in a few pieces and reads so many bytes. It may be called from any
// goroutine.
func exchange(c *client, r *rand.Rand, send string, length int) (string, error) {
	sent := make(chan error, 1)
	var pieces []string
	for len(send) > 0 {
		n := 1 + r.IntN(len(send))
		pieces, send = append(pieces, send[:n]), send[n:]
	}
	go func() {
		for _, p := range pieces {
			if err := whole(c, p); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	got := make([]byte, length)
	n := 0
	var err error
	for n < length && err == nil {
		var more int
		more, err = c.Read(got[n:])
		n += more
	}
	return undated(string(got[:n])), errors.Join(err, <-sent)
}

// TestAClientThatDoesNotRead pipelines 200 MB of echo and takes nothing of it: the server must stop
// reading, hold little, and go on for others.
func TestAClientThatDoesNotRead(t *testing.T) {
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 3})
		deaf := v.dial(t)
		one := request("POST", "/echo", strings.Repeat("x", 1<<20))
		before := heap()
		stuck := false
		for range 200 {
			if err := deaf.SetWriteDeadline(time.Now().Add(300 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if err := whole(deaf, one); err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatal(err)
				}
				stuck = true
				break
			}
			if _, err := keepAlive(v, 1); err != nil {
				t.Fatal(err)
			}
		}
		if !stuck {
			t.Error("the server read 200 MB that it cannot answer")
		}
		if more := int64(heap()) - int64(before); more > 16<<20 {
			t.Errorf("%d MiB of memory are held for it", more>>20)
		}
		if _, err := keepAlive(v, 20); err != nil {
			t.Error(err)
		}
		if err := deaf.SetLinger(0); err != nil {
			t.Fatal(err)
		}
		deaf.Close()
	})
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
