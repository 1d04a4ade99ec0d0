package child

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	// readyPoll is the shortest wait before a server that did not answer is asked again.
	readyPoll = 10 * time.Millisecond
	// readyShare makes the wait one part in so many of the time so far, so that asking takes little
	// from a server that starts slowly.
	readyShare = 10
)

var portLine = regexp.MustCompile(`(?i)\bport[ :=]+(\d{1,5})\b`)

// scanPort sends the port of the first line that names one, and then reads on, so that a server
// that goes on printing never blocks on a full pipe. It closes ports if no line named one.
func scanPort(r io.Reader, ports chan<- int) {
	defer close(ports)
	lines := bufio.NewScanner(r)
	for found := false; lines.Scan(); {
		m := portLine.FindSubmatch(lines.Bytes())
		if m == nil || found {
			continue
		}
		if n, err := strconv.Atoi(string(m[1])); err == nil && n > 0 && n < 1<<16 {
			ports <- n
			found = true
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		drain(r)
	}
}

// awaitReady waits for the port, for the child to own the socket, and for an answer, until ctx
// ends.
func (p *Process) awaitReady(ctx context.Context, ports <-chan int) error {
	select {
	case port, ok := <-ports:
		if !ok {
			return p.endedEarly(ctx, errors.New(`closed its standard output before it printed a line with "port N"`))
		}
		p.Port = port
	case <-ctx.Done():
		return fmt.Errorf("pid %d printed no line with \"port N\" on standard output within %v", p.PID,
			p.command.ReadyTimeout)
	}
	// The client has its own transport, without a proxy from the environment and without idle
	// connections, which would count as load.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: p.dial},
		// a redirect is an answer, and may lead to somebody else
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	began := time.Now()
	var last error
	for {
		url, err := p.answers(ctx, client)
		if err == nil {
			p.URL = url
			return nil
		}
		if last == nil || ctx.Err() == nil {
			last = err // the deadline's own error would hide the previous one
		}
		select {
		case <-p.done:
			return p.endedEarly(ctx, last)
		case <-ctx.Done():
			return fmt.Errorf("pid %d was not ready within %v: %w%s", p.PID, p.command.ReadyTimeout, last, p.instead())
		case <-time.After(max(readyPoll, time.Since(began)/readyShare)):
		}
	}
}

// endedEarly replaces err by the child's exit if it has ended, which is the cause of err.
func (p *Process) endedEarly(ctx context.Context, err error) error {
	select {
	case <-p.done:
		e, _ := p.Exit()
		return fmt.Errorf("%s before it was ready%s", p.ended(e), p.leftover())
	case <-ctx.Done():
		return fmt.Errorf("pid %d %w", p.PID, err)
	}
}

// notOwned is the reason why the port is not the child's.
type notOwned struct{ error }

// dial connects to the child and never to another process on its port. Finding the port's owner may
// take a look at all sockets and processes, so dial does it only once somebody listens.
func (p *Process) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := p.listens(); err != nil {
		return nil, errors.Join(notOwned{err}, c.Close())
	}
	return c, nil
}

// told says how the port is known.
func (p *Process) told() string {
	if p.command.guarded() {
		return "it was given in PORT"
	}
	return "it printed"
}

// listens returns nil if the child, or any process of a guarded line, holds the port.
func (p *Process) listens() error {
	if p.command.guarded() {
		return ownsListener(func() ([]int, error) { return family(p.PID) }, p.Port, p.told())
	}
	return ownsListener(func() ([]int, error) { return []int{p.PID}, nil }, p.Port, p.told())
}

// instead says where a guarded line's server listens if not on its port, which it then ignores.
func (p *Process) instead() string {
	if !p.command.guarded() {
		return ""
	}
	ports, err := portsOf(p.PID)
	if err != nil || len(ports) == 0 || slices.Contains(ports, p.Port) {
		return ""
	}
	return fmt.Sprintf("; it listens on port %d instead", ports[0])
}

// loopbacks are the addresses that a server may listen on. A server on "localhost" may have only
// the second.
var loopbacks = []string{"127.0.0.1", "::1"}

// answers asks the child at the first address that takes connections, and returns its URL.
func (p *Process) answers(ctx context.Context, client *http.Client) (url string, err error) {
	for i, host := range loopbacks {
		url = "http://" + net.JoinHostPort(host, strconv.Itoa(p.Port))
		again := p.answersAt(ctx, client, url)
		if again == nil {
			return url, nil
		}
		if i == 0 || !unreachable(again) {
			err = again
		}
		if !unreachable(again) {
			break
		}
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		err = fmt.Errorf("nothing listens on port %d, which %s", p.Port, p.told())
	}
	return "", err
}

// unreachable reports whether nobody took the connection, or the address does not exist here.
func unreachable(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" && !dial.Timeout()
}

// answersAt asks the child. A guarded line's server may answer with any status.
func (p *Process) answersAt(ctx context.Context, client *http.Client, server string) error {
	url := server + cmp.Or(p.command.Probe, "/")
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r, err := client.Do(q)
	if other, ok := errors.AsType[notOwned](err); ok {
		return other
	}
	if err != nil {
		return err
	}
	if err := r.Body.Close(); err != nil {
		return fmt.Errorf("GET %s: %w", url, err)
	}
	if r.StatusCode != http.StatusOK && !p.command.guarded() {
		return fmt.Errorf("GET %s answered %s instead of 200", url, r.Status)
	}
	return nil
}

// drain reads to the end. Any error is an end too: the pipe's deadline, or an ended process.
func drain(r io.Reader) {
	buf := make([]byte, 4096)
	for {
		if _, err := r.Read(buf); err != nil {
			return
		}
	}
}
