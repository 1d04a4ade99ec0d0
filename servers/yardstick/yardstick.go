// Package yardstick is a server that never changes. A bench runs it beside each measured server, on
// the same CPUs, and the load alternates between the two. A moment in which the machine is slow
// affects both, and their ratio hardly moves.
//
// The package shares no code with the modes, so that their changes cannot affect it. It is an event
// loop on one thread that makes the system calls of a plain server and gives a fixed answer to
// anything that ends in an empty line: what every server must do for a request, and nothing else.
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

// Version changes with anything that changes the cost of a request. Figures relative to different
// versions cannot be compared.
const Version = 1

var answer = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n")

// mostRequest is more than a request of a bench takes. A connection that sends more without an
// empty line is closed.
const mostRequest = 8 << 10

// Serve listens on a free port of the loopback interface, prints "port N" to out, and serves until
// ctx ends.
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

	fd := int(listener.Fd()) // Fd sets blocking mode
	if err := unix.SetNonblock(fd, true); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := newPoller()
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	s := &server{poller: p, wake: int(wakeR.Fd()), listener: fd, open: map[int]struct{}{}}
	return errors.Join(s.run(), s.close())
}

type server struct {
	poller         *poller
	wake, listener int
	open           map[int]struct{} // connections
	buf            [mostRequest]byte
}

func (s *server) run() error {
	if err := errors.Join(s.poller.add(s.wake), s.poller.add(s.listener)); err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	for {
		ready, err := s.poller.wait()
		if err != nil {
			return fmt.Errorf("yardstick: %w", err)
		}
		for _, fd := range ready {
			switch fd {
			case s.wake:
				return nil
			case s.listener:
				err = s.accept()
			default:
				if !s.answer(fd) {
					err = s.drop(fd)
				}
			}
			if err != nil {
				return fmt.Errorf("yardstick: %w", err)
			}
		}
	}
}

// answer reads what has arrived and answers it. It returns false if the connection is over. A
// request in several pieces is answered with its last piece; the generator of a bench sends each in
// one.
func (s *server) answer(fd int) bool {
	n, err := read(fd, s.buf[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return true
	}
	if err != nil || n == 0 || n == len(s.buf) {
		return false
	}
	if !bytes.HasSuffix(s.buf[:n], []byte("\r\n\r\n")) {
		return true
	}
	// Such a short answer always fits into the socket's buffer, unless the client reads nothing.
	sent, err := write(fd, answer)
	return err == nil && sent == len(answer)
}

func (s *server) accept() error {
	for {
		fd, _, err := unix.Accept(s.listener)
		switch err {
		case nil:
		case unix.EAGAIN:
			return nil
		case unix.EINTR, unix.ECONNABORTED:
			continue
		default:
			return os.NewSyscallError("accept", err)
		}
		s.open[fd] = struct{}{}
		if err := errors.Join(unix.SetNonblock(fd, true),
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1), s.poller.add(fd)); err != nil {
			return fmt.Errorf("a new connection: %w", err)
		}
	}
}

func (s *server) drop(fd int) error {
	delete(s.open, fd)
	return errors.Join(s.poller.remove(fd), os.NewSyscallError("close", unix.Close(fd)))
}

func (s *server) close() error {
	var err error
	for fd := range s.open {
		err = errors.Join(err, s.drop(fd))
	}
	return errors.Join(err, s.poller.close())
}
