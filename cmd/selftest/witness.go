package selftest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"nodecompare/servers/http1"
)

// probeEvery is the plain client's interval: 300 requests in the shortest of the full plan's runs
// except the count, at a hundredth of a core.
const probeEvery = 5 * time.Millisecond

// Witness is what a plain client, too simple to be wrong, saw of the server beside an engine: how
// late its requests came back, less the time that the server says it took for each. The client
// waits for the moment of each request, as an engine does, so that late timers count too. It shares
// no code with the engines.
//
// Others is the share of the machine's CPU time that neither engine nor server used, but other
// processes or, by steal, other machines; 0 if unknown. Stolen is what the hypervisor withheld of
// the wanted CPU time; 0 if unknown or within the readings' error. Others may hit an engine's few
// hundred requests and miss the plain client's.
type Witness struct {
	Min, P50, P90, P99 time.Duration
	Requests           uint64
	Others, Stolen     float64
}

// crowded reports whether others used so much of the machine that any delay may be theirs.
func (w Witness) crowded() bool { return w.Others > crowd || w.Stolen > stolen }

// crowd describes these others.
func (w Witness) crowd() string {
	if w.Others > crowd {
		return fmt.Sprintf("other processes had %.0f%% of the CPU time", 100*w.Others)
	}
	return fmt.Sprintf("the hypervisor withheld %.0f%% of the CPU time that was wanted (steal time)", 100*w.Stolen)
}

// offset returns the machine's own delay, with nothing wrong: its timers, and waking a CPU, on a
// virtual machine, for each thread that a request passes through. The offset is nearly the same for
// each request. If it is not, others may be the reason, and known is false.
func (w Witness) offset() (late time.Duration, known bool) {
	return w.P50, w.Requests > 0 && !w.crowded() && w.P90-w.P50 <= steady
}

// calm reports whether only the offset delayed the plain client, so that an engine has no excuse.
func (w Witness) calm() bool {
	_, known := w.offset()
	return known && w.P99-w.P50 <= steady
}

// Seen returns the Witness of requests with the given delays.
func Seen(late []time.Duration) Witness {
	if len(late) == 0 {
		return Witness{}
	}
	sorted := slices.Sorted(slices.Values(late))
	at := func(percent float64) time.Duration { // the nearest rank, as in a histogram
		return sorted[max(1, int(math.Floor(percent/100*float64(len(sorted))+0.5)))-1]
	}
	return Witness{Min: sorted[0], P50: at(50), P90: at(90), P99: at(99), Requests: uint64(len(late))}
}

// testify starts the plain client. It runs until end is called.
func testify(ctx context.Context, url string) (end func() (Witness, error), err error) {
	host := strings.TrimPrefix(url, "http://")
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("plain client of the selftest: %w", err)
	}
	conn, err := takeSocket(c.(*net.TCPConn))
	if err != nil {
		return nil, fmt.Errorf("plain client of the selftest: %w", err)
	}
	var late []time.Duration // the goroutine's until it is done
	ended := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		// never unlocked: the thread with its sharp timers ends with the goroutine
		runtime.LockOSThread()
		err := sharpenTimers()
		if err == nil {
			err = probe(conn, http1.AppendRequest(nil, http.MethodGet, host, probePath, "", nil), ended,
				func(beyond time.Duration) {
					late = append(late, beyond)
				})
		}
		done <- errors.Join(err, conn.close())
	}()
	return func() (Witness, error) {
		close(ended)
		if err := <-done; err != nil {
			return Witness{}, fmt.Errorf("plain client of the selftest: %w", err)
		}
		return Seen(late), nil
	}, nil
}

// probe sends the request at a steady pace, and reports how much each answer was later than its
// body says.
func probe(conn *socket, request []byte, ended <-chan struct{}, tell func(beyond time.Duration)) error {
	buf := make([]byte, readBuffer)
	for due := time.Now().Add(probeEvery); ; due = due.Add(probeEvery) {
		select {
		case <-ended:
			return nil
		default:
		}
		// after a stall, skip what was due in it: the engines are to measure that
		if now := time.Now(); due.Before(now) {
			due = now
		}
		sleep(time.Until(due))
		if err := conn.write(request); err != nil {
			return err
		}
		served, err := answered(conn, buf)
		if err != nil {
			return err
		}
		tell(time.Since(due) - served)
	}
}

// answered reads an answer, and returns the time that the server says it took.
func answered(conn *socket, buf []byte) (time.Duration, error) {
	var parser http1.ResponseParser
	for held := 0; ; {
		n, err := conn.read(buf[held:])
		if err != nil {
			return 0, err
		}
		held += n
		used, err := parser.Parse(buf[:held], n == 0)
		switch {
		case err != nil:
			return 0, err
		case used > 0 && parser.Status != http.StatusOK:
			return 0, fmt.Errorf("the server answered with status %d", parser.Status)
		case used > 0:
			ns, err := strconv.ParseInt(string(parser.Body), 10, 64)
			return time.Duration(ns), err
		case n == 0:
			return 0, errors.New("the server closed the connection")
		}
	}
}
