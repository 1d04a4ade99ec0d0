package sweep

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
)

// usual are the command's defaults.
func usual() Options {
	return Options{
		Modes: []string{"blocking", "async"},
		Waits: []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 100 * time.Millisecond},
		CPUs:  []time.Duration{0, 100 * time.Microsecond, time.Millisecond}, Connections: []int{16, 256}, Rounds: 6,
	}
}

func TestUsualMapTakesLessThanTwoMinutes(t *testing.T) {
	p, err := NewPlan(usual())
	if err != nil {
		t.Fatal(err)
	}
	if d := p.Duration(); d > 2*time.Minute || d < 30*time.Second {
		t.Errorf("it takes %v", d)
	}
	if got, want := p.String(), "24 cells of 2 modes in 6 rounds"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestPlanRefuses(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"unknown mode \"php\": the known ones are blocking":  func(o *Options) { o.Modes[0] = "php" },
		"--modes names 1 mode: a map shows the differences":  func(o *Options) { o.Modes = o.Modes[:1] },
		"mode async is named twice":                          func(o *Options) { o.Modes[0] = "async" },
		"--rounds=0: at least 1":                             func(o *Options) { o.Rounds = 0 },
		"--waits: 1.5ms must be a multiple of 1ms":           func(o *Options) { o.Waits[0] = 1500 * time.Microsecond },
		"--waits: -1ms must be":                              func(o *Options) { o.Waits[0] = -time.Millisecond },
		"--waits: 1m1s must be a multiple of 1ms, from 0 to": func(o *Options) { o.Waits[0] = 61 * time.Second },
		"--waits: 1ms is named twice":                        func(o *Options) { o.Waits[0] = time.Millisecond },
		"--cpus: 1.5µs must be a multiple of 1µs":            func(o *Options) { o.CPUs[0] = 1500 },
		"--cpus: 11s must be":                                func(o *Options) { o.CPUs[0] = 11 * time.Second },
		"--connections=0: at least 1":                        func(o *Options) { o.Connections[0] = 0 },
		"--connections: 256 is named twice":                  func(o *Options) { o.Connections[0] = 256 },
		"--connections=2000000: this process may open":       func(o *Options) { o.Connections[0] = 2_000_000 },
		"nothing to map":                                     func(o *Options) { o.Connections = nil },
		"1h0m0s is the most":                                 func(o *Options) { o.Waits[0] = 60 * time.Second },
		"CPU 1023 may not be used|not bind a process": func(o *Options) {
			o.Pin = cpuset.Pin{Server: cpuset.CPUs{1023}, Generator: cpuset.CPUs{0}}
		},
	} {
		o := usual()
		change(&o)
		_, err := NewPlan(o)
		if one, other, _ := strings.Cut(want, "|"); err == nil ||
			!strings.Contains(err.Error(), one) && (other == "" || !strings.Contains(err.Error(), other)) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Every round has every cell once, in an order that only the seed decides.
func TestOrder(t *testing.T) {
	p, err := NewPlan(usual())
	if err != nil {
		t.Fatal(err)
	}
	one, again := rand.New(rand.NewPCG(1, 0)), rand.New(rand.NewPCG(1, 0))
	first := p.order(one)
	seen := map[results.MapPoint]bool{}
	for i, at := range p.order(again) {
		if at != first[i] {
			t.Fatal("the same seed gives another order")
		}
		seen[at] = true
	}
	if len(seen) != 24 {
		t.Errorf("%d cells, want 24", len(seen))
	}
}
