package bench

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
	"nodecompare/servers"
	"nodecompare/servers/workload"
)

// A run that is VOID is made once more and no more, within the time there is for that.
func TestVoidRunsAreMadeAgain(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		spare  time.Duration
		words  []string // of the runs, one after the other
		err    error    // of the last of them
		word   string   // of the run that is kept
		voided bool
		left   time.Duration
	}{
		{"good", time.Second, []string{results.Valid}, nil, results.Valid, false, time.Second},
		{"suspect", time.Second, []string{results.Suspect}, nil, results.Suspect, false, time.Second},
		{"void, then good", time.Second, []string{results.Void, results.Valid}, nil, results.Valid, true, 0},
		{"void twice", 3 * time.Second, []string{results.Void, results.Void}, nil, results.Void, true, 2 * time.Second},
		{"no time", time.Second - 1, []string{results.Void}, nil, results.Void, false, time.Second - 1},
		{"an error", time.Second, []string{results.Void}, broken, results.Void, false, time.Second},
		{"an error, again", time.Second, []string{results.Void, results.Valid}, broken, results.Valid, true, 0},
	} {
		b := &bench{spare: c.spare}
		made := 0
		kept, err := b.retryVoid(time.Second, func() (results.Rung, error) {
			made++
			if made > len(c.words) {
				t.Fatalf("%s: run %d", c.name, made)
			}
			var err error
			if made == len(c.words) {
				err = c.err
			}
			return results.Rung{Trust: &results.Trust{Status: c.words[made-1]}}, err
		})
		if made != len(c.words) || !errors.Is(err, c.err) || kept.Trust.Status != c.word ||
			(kept.Voided != nil) != c.voided || b.spare != c.left {
			t.Errorf("%s: %d runs, %v; kept %+v, voided %+v, %v to spare", c.name, made, err, kept.Trust,
				kept.Voided, b.spare)
		}
	}
}

// The cap leaves room for twice the fewest windows whatever a request takes, and a compiled server
// is warm in half a second where a request is no more than a tenth of that.
func TestWarmUpSuitsTheRoute(t *testing.T) {
	for _, m := range servers.Modes {
		for _, w := range workload.All {
			s := slot{workload: w, mode: &mode{Mode: m}}
			o := s.warmUp()
			if w.CPU > 0 && o.Cap > 3*time.Second ||
				m.Name == "express" && w.CPU == 0 && o.Cap != 20*time.Second ||
				m.Name == "node" && w.CPU == 0 && o.Cap != 10*time.Second {
				t.Errorf("%s on %s: at most %v", m.Name, w.Name, o.Cap)
			}
			if m.Compiles > 0 != o.Compiles || o.Compiles != (m.Name == "node" || m.Name == "express") {
				t.Errorf("%s compiles itself: %v", m.Name, o.Compiles)
			}
			if took := s.warmTime(); took > o.Cap || !o.Compiles && w.CPU == 0 && took > 650*time.Millisecond {
				t.Errorf("%s on %s: %v", m.Name, w.Name, took)
			}
		}
	}
}

// Servers of routes that compute may use every core under auto, and only there: what was asked for
// is kept to.
func TestServerCPUs(t *testing.T) {
	all, server := cpuset.CPUs{0, 1}, cpuset.CPUs{0}
	pinned := cpuset.Split{Server: server, Generator: cpuset.CPUs{1}}
	for _, c := range []struct {
		name     string
		plan     Plan
		workload string
		want     cpuset.CPUs
	}{
		{"auto", Plan{split: pinned, auto: true, allowed: all}, "hello", server},
		{"auto", Plan{split: pinned, auto: true, allowed: all}, "api", server},
		{"auto", Plan{split: pinned, auto: true, allowed: all}, "cpu", all},
		{"auto", Plan{split: pinned, auto: true, allowed: all}, "login", all},
		{"asked for", Plan{split: pinned, allowed: all}, "cpu", server},
		{"auto on one CPU", Plan{auto: true, allowed: server}, "cpu", nil},
		{"off", Plan{allowed: all}, "cpu", nil},
	} {
		w, err := lookup.Named("workload", c.workload, workload.All)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.plan.serverCPUs(w); !slices.Equal(got, c.want) {
			t.Errorf("%s: %s is served on CPUs %v, want %v", c.name, c.workload, got, c.want)
		}
	}
}
