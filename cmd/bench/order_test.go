package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"nodecompare/results"
	"nodecompare/servers/workload"
	"nodecompare/thorough"
)

// A trial begins with the base rung and the open loads on it, and ends with the most connections,
// or with an overload.
func TestOrderOfRungs(t *testing.T) {
	for _, p := range Profiles {
		for _, w := range slices.Concat(workload.All, Special()) {
			rungs, base, _ := p.ladder(w, plenty)
			if over, _ := p.overload(w, plenty); over != nil {
				rungs = append(rungs, *over)
			}
			order := slot{rungs: rungs}.order()
			if len(order) != len(rungs) || order[0].slices == 0 || order[0].connections != base {
				t.Fatalf("%s on %s: %+v", p.Name, w.Name, order)
			}
			var loads []string
			var closed []int
			for _, r := range order[1:] {
				if loads = append(loads, r.load); r.load == results.Closed {
					closed = append(closed, r.connections)
				}
			}
			open := slices.IndexFunc(loads, func(l string) bool { return l == results.Common || l == results.Alone })
			wantOpen := 0
			if !w.Asks() {
				wantOpen = -1
			}
			if over := slices.Index(loads, results.Overload); open != wantOpen || !slices.IsSorted(closed) ||
				over >= 0 && over != len(loads)-1 {
				t.Errorf("%s on %s: %v, %v connections", p.Name, w.Name, loads, closed)
			}
		}
	}
}

// The base rung has the connections of the warm-up: a server that meets new ones pays for that once
// more.
func TestBaseRungOnTheConnectionsOfTheWarmUp(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	var opened atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	servers, err := ParseServers([]string{fmt.Sprintf("mine=%s", server.URL)}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPlan(Options{Servers: servers, Workloads: []string{"hello"}, Profile: "quick", Rounds: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := p.slots[0]
	s.mode.Compiles = 0 // else it is warm after 20,000 requests
	base := s.base()
	base.slices = 2
	s.rungs = []rung{base}
	trial := (&bench{plan: p, progress: Silent{}}).once(t.Context(), s)
	if trial.Failure != "" || len(trial.Rungs) != 1 || trial.Rungs[0].Yardstick == nil {
		t.Fatalf("%+v", trial)
	}
	if n := opened.Load(); n != usualBase {
		t.Errorf("%d connections were opened, want %d", n, usualBase)
	}
}
