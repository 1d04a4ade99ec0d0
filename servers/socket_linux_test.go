package servers

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// socketPair gives a socket of ours and the raw descriptor of its peer.
func socketPair(t *testing.T, sendLimit time.Duration) (*socket, int) {
	t.Helper()
	ln, err := listenOne("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	l, err := blockingListener(ln)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	peer, err := openSocket(unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	to := ln.Addr().(*net.TCPAddr)
	if err := connectWait(peer, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())},
		time.Minute); err != nil {
		t.Fatal(err)
	}
	fd, errno := l.accept()
	if errno != 0 {
		t.Fatal(errno)
	}
	s, err := newSocket(fd, sendLimit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close(); closeFD(peer) })
	return s, peer
}

// underSignals runs f on a thread that is sent a signal every few milliseconds, as Go's runtime and
// profilers send them. SIGURG is one that the runtime takes and passes over.
func underSignals(t *testing.T, f func()) {
	t.Helper()
	thread, ended := make(chan int), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer close(ended)
		thread <- unix.Gettid()
		f()
	}()
	tid := <-thread
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for {
		select {
		case <-ended:
			return
		case <-limit:
			t.Fatal("signals keep the wait from ending")
		case <-tick.C:
			// The thread ends with f: then there is none to be sent to.
			if err := unix.Tgkill(os.Getpid(), tid, unix.SIGURG); err != nil && err != unix.ESRCH {
				t.Fatal(err)
			}
		}
	}
}

// TestSignalsExtendNoLimit interrupts each blocking call much more often than its limit is long: a
// call that began anew with the full limit would never end.
func TestSignalsExtendNoLimit(t *testing.T) {
	t.Parallel()
	// The kernel counts in its ticks, and after a signal anew: it may be one early.
	const limit, tick = 300 * time.Millisecond, 10 * time.Millisecond
	s, _ := socketPair(t, limit)
	underSignals(t, func() {
		start := time.Now()
		if n, err := s.read(make([]byte, 1), start, limit); n != 0 ||
			!errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < limit-tick {
			t.Errorf("read gave %d bytes and %v after %v, want a deadline's error after %v", n, err,
				time.Since(start), limit)
		}
	})
	underSignals(t, func() {
		start := time.Now()
		if err := s.write(make([]byte, 64<<20), start); !errors.Is(err, os.ErrDeadlineExceeded) ||
			time.Since(start) < limit-tick {
			t.Errorf("write gave %v after %v, want a deadline's error after %v", err, time.Since(start), limit)
		}
	})
	addr := full(t)
	underSignals(t, func() {
		start := time.Now()
		if _, err := dialSocket(addr, limit); !errors.Is(err, os.ErrDeadlineExceeded) ||
			time.Since(start) < limit-tick {
			t.Errorf("connect gave %v after %v, want a deadline's error after %v", err, time.Since(start), limit)
		}
	})
	underSignals(t, func() {
		start := time.Now()
		if sleep(limit); time.Since(start) < limit-tick {
			t.Errorf("a sleep of %v took %v", limit, time.Since(start))
		}
	})
}

// TestWriteGoesOnWhilePeerReads sends more than any buffer holds to a peer that takes longer for it
// than one send may take.
func TestWriteGoesOnWhilePeerReads(t *testing.T) {
	t.Parallel()
	s, peer := socketPair(t, time.Second)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	received := make(chan []byte)
	if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 64<<10); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetsockoptInt(peer, unix.SOL_SOCKET, unix.SO_RCVBUF, 64<<10); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(received)
		var all []byte
		buf := make([]byte, 1<<20)
		pace := time.NewTicker(100 * time.Millisecond)
		defer pace.Stop()
		for ; ; <-pace.C {
			n, err := unix.Read(peer, buf)
			if n <= 0 || err != nil {
				received <- all
				return
			}
			all = append(all, buf[:n]...)
		}
	}()
	underSignals(t, func() {
		if err := s.write(sent, time.Now()); err != nil {
			t.Error(err)
		}
	})
	if err := s.closeWrite(); err != nil {
		t.Fatal(err)
	}
	if got := <-received; !bytes.Equal(got, sent) {
		t.Errorf("%d bytes arrived, or others than the %d sent", len(got), len(sent))
	}
}

func TestSocketEnds(t *testing.T) {
	s, peer := socketPair(t, time.Minute)
	if _, err := unix.Write(peer, []byte("last")); err != nil {
		t.Fatal(err)
	}
	if err := s.closeRead(); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 8)
	if n, err := s.read(b, time.Now(), time.Minute); string(b[:n]) != "last" || err != nil {
		t.Errorf("got %q and %v, want what had arrived before closeRead", b[:n], err)
	}
	if n, err := s.read(b, time.Now(), time.Minute); n != 0 || err != io.EOF {
		t.Errorf("got %d bytes and %v, want EOF", n, err)
	}
	if n, err := s.read(b, time.Now(), -1); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %d bytes and %v, want a deadline's error", n, err)
	}
	if err := s.closeWrite(); err != nil {
		t.Fatal(err)
	}
	if err := s.write(b, time.Now()); !errors.Is(err, unix.EPIPE) {
		t.Errorf("got %v, want EPIPE and no signal", err)
	}
}

func TestThreadsWithin(t *testing.T) {
	for _, test := range []struct{ tasks, files, each, want int }{
		{32768, 1 << 20, 1, 24576}, // a quarter is left to others
		{1024, 1 << 20, 1, 704},    // a container's: the runtime still gets its own
		{512, 1 << 20, 1, 192},
		{100, 1 << 20, 1, 1},
		{32768, 1024, 1, 960},
		{32768, 600, 3, 178}, // with a call to an upstream in this process
		{32768, 8, 2, 1},
		{noLimit, noLimit, 1, noLimit / 4 * 3},
	} {
		if got := threadsWithin(test.tasks, test.files, test.each); got != test.want {
			t.Errorf("%d tasks and %d descriptors: %d threads, want %d", test.tasks, test.files, got, test.want)
		}
	}
	if n, err := threadLimit(1); err != nil || n < 1 || n >= noLimit {
		t.Errorf("this machine: %d, %v", n, err)
	}
}

func TestRoom(t *testing.T) {
	free := taskLimit{most: noLimit}
	user := taskLimit{name: "ulimit -u", remedy: "raise it", most: 12, used: 7}
	for name, test := range map[string]struct {
		space  uint64
		limits []taskLimit
		want   string
	}{
		"no limits":   {unix.RLIM_INFINITY, []taskLimit{free}, ""},
		"just enough": {leastSpace, []taskLimit{free, {most: 27, used: 7}}, ""},
		"threads": {leastSpace, []taskLimit{free, user},
			"ulimit -u allows 12, of which 7 are in use, and 20 more are needed: raise it"},
		"address space": {leastSpace - 1, []taskLimit{free}, "ulimit -v allows 1499 MiB"},
	} {
		err := within(test.space, test.limits, 20)
		if test.want == "" && err != nil || test.want != "" &&
			(err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	if err := Room(1); err != nil {
		t.Errorf("this machine: %v", err)
	}
}

func TestPidsFiles(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"version 2": {"0::/user.slice/user-1000.slice\n", []string{"/sys/fs/cgroup/user.slice/user-1000.slice/pids.max",
			"/sys/fs/cgroup/user.slice/pids.max", "/sys/fs/cgroup/pids.max"}},
		"container": {"0::/\n", []string{"/sys/fs/cgroup/pids.max"}},
		"version 1": {"9:name=systemd:/x\n8:pids:/docker/7\n3:cpu,cpuacct:/y\n",
			[]string{"/sys/fs/cgroup/pids/docker/7/pids.max",
				"/sys/fs/cgroup/pids/docker/pids.max", "/sys/fs/cgroup/pids/pids.max"}},
		"joined": {"8:cpu,pids:/\n0::/", []string{"/sys/fs/cgroup/pids/pids.max", "/sys/fs/cgroup/pids.max"}},
		"nested": {"0::/../other", []string{"/sys/fs/cgroup/other/pids.max", "/sys/fs/cgroup/pids.max"}},
		"none":   {"", nil},
	} {
		if got := pidsFiles(test.text); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAcceptFailed(t *testing.T) {
	for _, errno := range []unix.Errno{unix.EINTR, unix.ECONNABORTED, unix.EMFILE, unix.ENFILE,
		unix.ENOBUFS, unix.ENOMEM, unix.EPERM,
		unix.ENETDOWN, unix.EPROTO, unix.ENOPROTOOPT, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.EOPNOTSUPP,
		unix.ENETUNREACH} {
		if err := acceptFailed(errno); err != nil {
			t.Errorf("%v ends the server", errno)
		}
	}
	if err := acceptFailed(unix.EBADF); !errors.Is(err, unix.EBADF) {
		t.Errorf("got %v, want EBADF", err)
	}
}

// TestWriteFileGoesOnWhilePeerReads does the same with a file, and again once the peer reads no
// more: the limit is of a standstill.
func TestWriteFileGoesOnWhilePeerReads(t *testing.T) {
	t.Parallel()
	const limit = time.Second
	s, peer := socketPair(t, limit)
	name := filepath.Join(t.TempDir(), "file")
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	if err := os.WriteFile(name, sent, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for fd, option := range map[int]int{s.fd: unix.SO_SNDBUF, peer: unix.SO_RCVBUF} {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, option, 64<<10); err != nil {
			t.Fatal(err)
		}
	}
	const first = 7
	received := make(chan []byte)
	go func() {
		all := make([]byte, 0, len(sent))
		pace := time.NewTicker(50 * time.Millisecond)
		defer pace.Stop()
		for ; len(all) < len("head")+len(sent)-first; <-pace.C {
			n, err := unix.Read(peer, all[len(all):cap(all)])
			if n <= 0 || err != nil {
				break
			}
			all = all[:len(all)+n]
		}
		received <- all
	}()
	underSignals(t, func() {
		if err := s.writeFile([]byte("head"), f, first, int64(len(sent)-first), time.Now()); err != nil {
			t.Error(err)
		}
	})
	if got := <-received; string(got[:4]) != "head" || !bytes.Equal(got[4:], sent[first:]) {
		t.Errorf("%d bytes arrived, or others than those sent", len(got))
	}
	underSignals(t, func() {
		start := time.Now()
		err := s.writeFile(nil, f, 0, int64(len(sent)), start)
		if !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) < limit {
			t.Errorf("to one that does not read it gave %v after %v, want a deadline's error after %v", err,
				time.Since(start), limit)
		}
	})
	if err := s.writeFile(nil, f, int64(len(sent)), 1, time.Now()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("behind the file's end it gave %v", err)
	}
}
