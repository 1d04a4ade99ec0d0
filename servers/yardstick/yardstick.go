// Package yardstick is a server that never changes. A bench runs it beside the servers it measures, on the same CPUs, and the
// load goes to and fro between the two: what slows the machine down for a moment hits both, and their ratio hardly moves.
//
// It shares no code with the modes, so that a change of theirs cannot move it. One thread, poll(2), a fixed answer to whatever
// ends in an empty line: it has to do per request what every server must, and nothing else.
package yardstick

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Version must change with anything that changes what a request costs here: figures relative to another version cannot be compared.
const Version = 1

const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"

// mostRequest is more than a request of a bench takes; a connection that sends more without an empty line is closed.
const mostRequest = 8 << 10

// Serve listens on a free port of the loopback interface, prints "port N" to out, and serves until ctx ends.
func Serve(ctx context.Context, out io.Writer) error {
	ln, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	listener, err := ln.File()
	if err != nil {
		return errors.Join(fmt.Errorf("yardstick: %w", err), ln.Close())
	}
	defer listener.Close()
	defer ln.Close()
	wakeR, wakeW, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	defer wakeR.Close()
	stop := context.AfterFunc(ctx, func() { wakeW.Close() })
	defer func() {
		if stop() {
			wakeW.Close()
		}
	}()
	fmt.Fprintf(out, "Yardstick on port %d\n", ln.Addr().(*net.TCPAddr).Port)

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	fd := int(listener.Fd()) // which puts it into blocking mode
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	s := &server{polled: []unix.PollFd{{Fd: int32(wakeR.Fd()), Events: unix.POLLIN}, {Fd: int32(fd), Events: unix.POLLIN}}}
	return errors.Join(s.run(), s.close())
}

// server has the pipe that ends it and the listener first, and the connections after them.
type server struct {
	polled []unix.PollFd
	buf    [mostRequest]byte
}

const first = 2 // of the connections among polled

func (s *server) run() error {
	for {
		// Most of the time there is work already: a call that cannot block spares Go's scheduler the hand-over.
		n, err := unix.Poll(s.polled, 0)
		if n == 0 && err == nil {
			_, err = unix.Poll(s.polled, -1)
		}
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("yardstick: %w", os.NewSyscallError("poll", err))
		}
		if s.polled[0].Revents != 0 {
			return nil
		}
		accept := s.polled[1].Revents != 0
		for i := len(s.polled) - 1; i >= first; i-- { // from the end, since a closed one gives its place to the last
			if s.polled[i].Revents != 0 && !s.answer(int(s.polled[i].Fd)) {
				if err := s.drop(i); err != nil {
					return err
				}
			}
		}
		if accept {
			if err := s.accept(); err != nil {
				return err
			}
		}
	}
}

// answer reads what has arrived and answers it; false says that the connection is over. A request that comes in pieces is
// answered with its last piece: the generator of a bench sends each in one.
func (s *server) answer(fd int) bool {
	n, err := unix.Read(fd, s.buf[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return true
	}
	if err != nil || n <= 0 || n == len(s.buf) {
		return false
	}
	if !bytes.HasSuffix(s.buf[:n], []byte("\r\n\r\n")) {
		return true
	}
	// So short an answer always fits into the socket's buffer, unless the client reads none of them.
	sent, err := unix.Write(fd, []byte(answer))
	return err == nil && sent == len(answer)
}

func (s *server) accept() error {
	for {
		fd, _, err := unix.Accept(int(s.polled[1].Fd))
		switch err {
		case nil:
		case unix.EAGAIN:
			return nil
		case unix.EINTR, unix.ECONNABORTED:
			continue
		default:
			return fmt.Errorf("yardstick: %w", os.NewSyscallError("accept", err))
		}
		s.polled = append(s.polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		if err := errors.Join(unix.SetNonblock(fd, true), unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)); err != nil {
			return fmt.Errorf("yardstick: a new connection: %w", err)
		}
	}
}

func (s *server) drop(i int) error {
	err := unix.Close(int(s.polled[i].Fd))
	last := len(s.polled) - 1
	s.polled[i] = s.polled[last]
	s.polled = s.polled[:last]
	if err != nil {
		return fmt.Errorf("yardstick: %w", os.NewSyscallError("close", err))
	}
	return nil
}

func (s *server) close() error {
	var err error
	for len(s.polled) > first {
		err = errors.Join(err, s.drop(len(s.polled)-1))
	}
	return err
}
