package selftest_test

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/cmd/selftest"
	"nodecompare/results"
)

// judged gives the verdict on an engine that was late by so much where less than a 100 µs is
// allowed.
func judged(w selftest.Witness, late time.Duration) string {
	const truth = 5000 // µs
	c := results.SelftestCheck{Figure: "p50", Truth: truth,
		Measured: truth + float64(late.Nanoseconds())/1e3, Allowed: 100}
	verdict, _, _ := selftest.Judge(selftest.Allow(c, w), w)
	return verdict
}

// A machine that is late by a constant is fit, however late it is; one that others disturb is
// noisy, however little they delay; and an engine that is late where the machine is not has a
// defect. The plain client's requests are late by an offset and up to 400 µs more.
func TestOffsetIsNoNoise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micros := func(least, most int, name string) time.Duration {
			return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * time.Microsecond
		}
		offset := micros(10, 900, "offset")
		late := make([]time.Duration, rapid.IntRange(20, 300).Draw(t, "requests"))
		for i := range late {
			late[i] = offset + micros(0, 400, "jitter")
		}
		late[0] = offset // the fastest request of many is within a millisecond
		w := selftest.Seen(late)
		engine := time.Duration(rapid.Float64Range(0, 2).Draw(t, "engine") * float64(w.P50))
		if got := judged(w, engine); got != results.SelftestOK {
			t.Errorf("an engine that is %v late on a machine that is late by %v: %s", engine, w.P50, got)
		}
		beyond := max(2*w.P50, 100*time.Microsecond) + micros(1, 1e6, "beyond")
		if got := judged(w, beyond); got != results.SelftestWrong {
			t.Errorf("an engine that is %v late on a machine that is late by %v: %s", beyond, w.P50, got)
		}
		crowded, stolen := w, w
		crowded.Others = rapid.Float64Range(0.11, 1).Draw(t, "others")
		stolen.Stolen = rapid.Float64Range(0.011, 1).Draw(t, "stolen")
		uneven := selftest.Seen(spread(late, micros(1000, 1e6, "disturbance")))
		for name, w := range map[string]selftest.Witness{"crowded": crowded, "stolen": stolen, "uneven": uneven} {
			if got := judged(w, 90*time.Microsecond); got != results.SelftestOK {
				t.Errorf("%s, and an engine within what is allowed: %s", name, got)
			}
			if got := judged(w, beyond); got != results.SelftestNoisy {
				t.Errorf("%s, and an engine that is %v late: %s", name, beyond, got)
			}
			if got := judged(w, 101*time.Microsecond); got != results.SelftestNoisy {
				t.Errorf("%s, and an engine that is 101µs late: %s; an offset that is not known allows nothing", name,
					got)
			}
		}
	})
}

// spread delays every fifth request.
func spread(late []time.Duration, by time.Duration) []time.Duration {
	all := append([]time.Duration{}, late...)
	for i := range all {
		if i%5 == 4 {
			all[i] += by
		}
	}
	return all
}

// A witness's quantiles are those of nearest rank.
func TestSeen(t *testing.T) {
	if w := selftest.Seen(nil); w != (selftest.Witness{}) {
		t.Errorf("of nothing: %+v", w)
	}
	var late []time.Duration
	for i := range 200 {
		late = append(late, time.Duration(200-i))
	}
	want := selftest.Witness{Min: 1, P50: 100, P90: 180, P99: 198, Requests: 200}
	if w := selftest.Seen(late); w != want {
		t.Errorf("%+v, want %+v", w, want)
	}
	if c := (results.SelftestCheck{Allowed: math.Inf(1)}); !math.IsInf(selftest.Allow(c, want).Allowed, 1) {
		t.Error("an offset took something from what is allowed")
	}
}

// What plain clients recorded, each line of testdata/lateness.txt a run, here beside compilers.
func TestRecordedLateness(t *testing.T) {
	text, err := os.ReadFile("testdata/lateness.txt")
	if err != nil {
		t.Fatal(err)
	}
	for number, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := strings.Fields(line)
		var late []time.Duration
		for _, f := range fields[1:] {
			us, err := strconv.Atoi(f)
			if err != nil {
				t.Fatalf("line %d: %v", number+1, err)
			}
			late = append(late, time.Duration(us)*time.Microsecond)
		}
		w := selftest.Seen(late)
		want := map[string]string{"busy": results.SelftestNoisy, "idle": results.SelftestOK}[fields[0]]
		// An engine's p50 was off by 1.2 times the offset on the idle machine, more than the table
		// of checks allows.
		if got := judged(w, max(6*w.P50/5, 101*time.Microsecond)); got != want {
			t.Errorf("line %d, %s, p50 %v, p90 %v, p99 %v: %s, want %s", number+1, fields[0], w.P50, w.P90,
				w.P99, got, want)
		}
	}
}
