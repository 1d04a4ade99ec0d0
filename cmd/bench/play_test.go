package bench_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"nodecompare/cmd/bench"
	"nodecompare/results"
	"nodecompare/thorough"
)

// videos serves a file by ranges, each after a delay; whole is a file without ranges.
func videos(t *testing.T, delay time.Duration) string {
	t.Helper()
	file := make([]byte, 4<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("/film", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		http.ServeContent(w, r, "film.mp4", time.Time{}, bytes.NewReader(file))
	})
	mux.HandleFunc("/whole", func(w http.ResponseWriter, _ *http.Request) { w.Write(file) })
	mux.HandleFunc("/small", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "film.mp4", time.Time{}, bytes.NewReader(file[:1000]))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// Viewers of a server that takes longer for a segment than it plays all stall, and start up no
// sooner than that.
func TestBenchOfViewers(t *testing.T) {
	thorough.Only(t)
	const delay = 2200 * time.Millisecond
	r := measuredOwn(t, bench.Options{Workloads: []string{"stream"}, Rounds: 1, Profile: "quick"},
		[]string{"slow=" + videos(t, delay)}, []string{"stream=/film"}, nil)
	if len(r.Trials) != 1 || len(r.Trials[0].Rungs) == 0 {
		t.Fatalf("%+v", r.Trials)
	}
	trial := r.Trials[0]
	for _, rung := range trial.Rungs {
		v := rung.Viewing
		if v == nil || rung.Errors > 0 || rung.Engine != "loop" || v.Viewers != uint64(rung.Connections) ||
			v.SegmentBytes != 1_000_000 {
			t.Fatalf("%+v", rung)
		}
		at := results.ClosedAt(rung.Connections)
		if share, ok := trial.Read(at, results.AnsweredShare); !ok || share > 0.5 || v.Stalls == 0 {
			t.Errorf("%d viewers: a share of %v without a stall: %+v", rung.Connections, share, v)
		}
		if least := float64(delay.Microseconds()); rung.LatencyUS.P50 < 0.99*least {
			t.Errorf("%d viewers started up after %v µs, and a segment takes %v", rung.Connections, rung.LatencyUS.P50,
				delay)
		}
	}
	if base := trial.Rungs[0]; base.Yardstick == nil || base.Yardstick.RelativeThroughput != 0 {
		t.Errorf("beside the yardstick: %+v", base.Yardstick)
	}
}

// What cannot be fetched by Range is not driven.
func TestBenchOfViewersNeedsRanges(t *testing.T) {
	url := videos(t, 0)
	for path, want := range map[string]string{
		"/whole":   "answered with the whole of it where a range was asked for",
		"/small":   "answered with 1000 bytes and Content-Range",
		"/nowhere": "404",
	} {
		_, err := own(t, bench.Options{Workloads: []string{"stream"}, Rounds: 1}, []string{"mine=" + url},
			[]string{"stream=" + path}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %s", path, err, want)
		}
	}
}
