package servers_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nodecompare/servers"
)

// TestWithoutDescriptors has clients come when this process may open no more files. They wait in
// the backlog, or are turned away by an event loop; the server neither ends nor burns its time on
// accepts that cannot succeed, and serves again as soon as there is room.
func TestWithoutDescriptors(t *testing.T) {
	const window = 300 * time.Millisecond
	eachModeAlone(t, func(t *testing.T, mode string) {
		v := serve(t, mode, servers.Config{PoolSize: 4})
		before := v.dial(t)
		before.send(get("/"))
		before.expect(reply("200 OK", html, hello))
		var sockets [3]int // made while there is room; to connect takes no descriptor at this end
		for i := range sockets {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			sockets[i] = fd
		}
		allow := limitDescriptors(t)
		addr := v.Addr.(*net.TCPAddr)
		for _, fd := range sockets {
			if err := unix.Connect(fd, &unix.SockaddrInet4{Port: addr.Port, Addr: [4]byte(addr.IP.To4())}); err != nil {
				t.Fatal(err)
			}
		}
		used := cpuTime(t)
		<-time.After(window)
		if used = cpuTime(t) - used; used > window/2 {
			t.Errorf("%v of CPU time in %v", used, window)
		}
		before.send(get("/"))
		before.expect(reply("200 OK", html, hello)) // those that were there are served all along
		allow()

		for _, fd := range sockets {
			f := os.NewFile(uintptr(fd), "client")
			c, err := net.FileConn(f)
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
			if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			err = whole(c, get("/", closes))
			var b []byte
			if err == nil {
				b, err = io.ReadAll(c)
			}
			switch served := undated(string(b)) == reply("200 OK", html, hello, closes); {
			case errors.Is(err, os.ErrDeadlineExceeded):
				t.Error("a client was neither served nor turned away")
			case err == nil && !served && len(b) > 0:
				t.Errorf("a client was answered %q", b)
			}
			c.Close()
		}
		v.dial(t).ask(get("/", closes), reply("200 OK", html, hello, closes))
	})
}

// limitDescriptors lets this process open no more files until allow is called.
func limitDescriptors(t *testing.T) (allow func()) {
	t.Helper()
	next, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0) // the lowest number that is free: all below are taken
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Close(next); err != nil {
		t.Fatal(err)
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(next), Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	allow = func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(allow)
	return allow
}

func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
