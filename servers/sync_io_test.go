package servers

import (
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"nodecompare/servers/workload"
)

// TestKeptConnectionsEndByThemselves makes two calls and then no more: the connection that is kept
// for a next one is closed all the same.
func TestKeptConnectionsEndByThemselves(t *testing.T) {
	for name, dial := range map[string]func(netip.AddrPort, time.Duration) (stream, error){
		"socket": dialSocket, "net": dialNet} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			ended := make(chan time.Time, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				b := make([]byte, 1024)
				for {
					if _, err := c.Read(b); err != nil {
						ended <- time.Now()
						return
					}
					if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")); err != nil {
						t.Error(err)
					}
				}
			}()
			const keep = 100 * time.Millisecond
			c := newSyncClient(netip.MustParseAddrPort(l.Addr().String()), dial, keep)
			defer c.close()
			u := &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}
			var last time.Time
			for range 2 {
				last = time.Now()
				c.get(u, upstreamTimeout, func(r workload.Reply, err error) {
					if err != nil || r.Status != 200 {
						t.Errorf("%+v, %v", r, err)
					}
				})
			}
			select {
			case at := <-ended:
				if at.Sub(last) < keep*9/10 {
					t.Errorf("closed after %v, and to be kept for %v", at.Sub(last), keep)
				}
			case <-time.After(10 * time.Second):
				t.Error("nobody closed the connection that was kept")
			}
		})
	}
}
