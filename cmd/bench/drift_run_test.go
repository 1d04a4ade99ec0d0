package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"nodecompare/results"
	"nodecompare/thorough"
)

// CheaperCommand has the test binary be a server that grows cheaper.
const CheaperCommand = "cheaper"

// manySlices are enough to tell a fifth from what other processes do to the yardstick.
const manySlices = 24

// ServeCheaper serves on the port that PORT names until it is killed. A request costs a millisecond
// of CPU, until a second load opens its connections. From then on each costs less than the one
// before: by a fifth for as many as manySlices have.
func ServeCheaper() error {
	const (
		cost     = float64(time.Millisecond)
		perSlice = usualBase + int(yardstickSlice/time.Millisecond) // all connections send, some twice
		fifth    = manySlices * perSlice                            // requests
		// connections, of it and of who asks whether the server is there
		firstLoad = usualBase + usualBase/2
	)
	var connections, cheaper atomic.Int64
	s := http.Server{
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n := int64(0)
			if connections.Load() > firstLoad {
				n = cheaper.Add(1)
			}
			burn(time.Duration(cost * math.Pow(0.8, float64(n)/float64(fifth))))
			io.WriteString(w, "hello")
		}),
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		return err
	}
	return s.Serve(l)
}

// burn takes as much CPU time as it is told, however long that takes on a busy machine.
func burn(d time.Duration) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var now unix.Timespec
	for end := int64(0); now.Nano() <= end; {
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
			panic(err)
		}
		if end == 0 {
			end = now.Nano() + int64(d)
		}
	}
}

// A server of which a request costs a fifth less at the end of the base rung than at its beginning
// is caught, by the slices within it and by those after it.
func TestServerThatGrowsCheaperIsCaught(t *testing.T) {
	thorough.Only(t)
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell what a server's requests cost")
	}
	defer goleak.VerifyNone(t)
	defer Compiled()()
	servers, err := ParseServers([]string{fmt.Sprintf("mine=exec '%s' %s", os.Args[0], CheaperCommand)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(Options{Servers: servers, Workloads: []string{"hello"}, Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := p.slots[0]
	base := s.base()
	base.slices = manySlices
	b := &bench{plan: p, progress: Silent{}}
	var rung results.Rung
	// Beside the tests of other packages single slices are off by more than what there is to find.
	for tries := 0; tries < 3 && (rung.Trust == nil || !slices.Contains(rung.Trust.Rules, results.RuleDrift)); tries++ {
		rung = grownCheaper(t, b, s, base)
	}
	switch rules := rung.Trust.Rules; {
	case slices.Contains(rules, results.RuleDrift):
	case slices.Contains(rules, "other processes"):
		t.Skipf("other processes had the machine: %v", rung.Trust.Reasons)
	default:
		t.Errorf("not called drift: %+v", rung.Trust)
	}
}

// grownCheaper measures the base rung of a server that grows cheaper, on a fresh one.
func grownCheaper(t *testing.T, b *bench, s slot, base rung) (rung results.Rung) {
	t.Helper()
	err := b.withServer(t.Context(), s, func(ctx context.Context, on *target) error {
		return b.withYardstick(ctx, on, s, func(ctx context.Context) error {
			w, g, err := b.warm(ctx, on, s)
			if err != nil {
				return err
			}
			g.Close()
			t.Logf("warm-up %+v", *w)
			if rung, err = b.runRung(ctx, on, base, nil, 0, false); err != nil {
				return err
			}
			return b.again(ctx, on, base, &rung)
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("slices %.0f, and after the ladder %.0f", rung.Yardstick.CPUs, rung.Yardstick.CPUsAfter)
	return rung
}
