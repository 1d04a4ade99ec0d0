package servers_test

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers"
)

// narrow dials connections for which the kernel keeps little.
var narrow = net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4<<10)
	})
	if err != nil {
		return err
	}
	return failed
}}

// TestASlowReaderGetsItsLastResponseWhole has a client begin to read late: the server may not take
// it for one that is gone.
func TestASlowReaderGetsItsLastResponseWhole(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcdef", 1<<16)
	var clients []*client
	for _, m := range servers.Own() {
		v := serve(t, m.Name, servers.Config{})
		conn, err := narrow.DialContext(context.Background(), "tcp", v.Addr.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		c := &client{conn.(*net.TCPConn), t}
		c.send(request("POST", "/echo", body, closes))
		clients = append(clients, c)
	}
	<-time.After(1500 * time.Millisecond) // longer than a server lingers for one that has everything
	for i, c := range clients {
		if got, want := c.rest(), reply("200 OK", data, body, closes); got != want {
			t.Errorf("%s: %s", servers.Own()[i].Name, difference(got, want))
		}
	}
}
