package bench

import (
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
// is caught, by a whole trial.
func TestServerThatGrowsCheaperIsCaught(t *testing.T) {
	if os.Getenv("NODECOMPARE_CI") == "" {
		t.Skip("its warm-up takes two seconds of CPU time: set NODECOMPARE_CI=1")
	}
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell what a server's requests cost")
	}
	defer goleak.VerifyNone(t)
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
	s.rungs = []rung{base}
	trial := (&bench{plan: p, progress: Silent{}}).once(t.Context(), s)
	if trial.Failure != "" || len(trial.Rungs) != 1 {
		t.Fatalf("%+v", trial)
	}
	y := trial.Rungs[0].Yardstick
	t.Logf("warm-up %+v; slices %.0f, and after the ladder %.0f", *trial.WarmUp, y.CPUs, y.CPUsAfter)
	switch rules := trial.Trust.Rules; {
	case slices.Contains(rules, results.RuleDrift):
	case slices.Contains(rules, "other processes"):
		t.Skipf("other processes had the machine: %v", trial.Trust.Reasons)
	default:
		t.Errorf("not called drift: %+v", trial.Trust)
	}
}
