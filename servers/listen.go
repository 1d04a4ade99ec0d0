package servers

import (
	"context"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// listen opens n sockets on one address. Several share the port by SO_REUSEPORT, and another server
// could join them and take a share of the requests. So listen first binds the address without
// SO_REUSEPORT, which fails if anybody listens.
func listen(addr string, n int) ([]*net.TCPListener, error) {
	first, err := listenOne(addr, false)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", addr, err)
	}
	if n == 1 {
		return []*net.TCPListener{first}, nil
	}
	addr = first.Addr().String() // all sockets need the number that replaced port 0
	if err := first.Close(); err != nil {
		return nil, fmt.Errorf("listening on %s: closing the trial socket: %w", addr, err)
	}
	var lns []*net.TCPListener
	for range n {
		ln, err := listenOne(addr, true)
		if err != nil {
			for _, ln := range lns {
				ln.Close() // the error below is the one that matters
			}
			return nil, fmt.Errorf("listening on %s with %d sockets: %w", addr, n, err)
		}
		lns = append(lns, ln)
	}
	return lns, nil
}

func listenOne(addr string, share bool) (*net.TCPListener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false) // as other servers do
	if share {
		lc.Control = func(_, _ string, c syscall.RawConn) error {
			var failed error
			err := c.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			})
			if err != nil {
				return err
			}
			return failed
		}
	}
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return ln.(*net.TCPListener), nil
}
