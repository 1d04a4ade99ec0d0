package loadgen

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/loadgen/response"
)

// The arithmetic of a schedule, with no clock: 10 requests at 100/s, taken up 7 ms late from the
// fifth on, each answered after 2 ms.
func TestLatencyCountsFromTheIntendedTime(t *testing.T) {
	rec := newRecorder(Attack{Rate: 100})
	for seq := range uint64(10) {
		sent := time.Duration(seq) * 10 * time.Millisecond
		if seq >= 5 {
			sent += 7 * time.Millisecond
		}
		rec.add(&outcome{seq: seq, sent: sent, done: sent + 2*time.Millisecond,
			answer: response.Answer{Status: 200, Size: 35}})
	}
	res := rec.result(12)
	near := func(got int64, want time.Duration) bool {
		return float64(got) > 0.998*float64(want) && float64(got) < 1.002*float64(want)
	}
	if got := res.Latency.Max(); !near(got, 9*time.Millisecond) {
		t.Errorf("largest latency %v, want 9ms", time.Duration(got))
	}
	if got := res.Latency.ValueAtQuantile(50); !near(got, 2*time.Millisecond) {
		t.Errorf("median latency %v, want 2ms", time.Duration(got))
	}
	if got := res.Uncorrected.Max(); !near(got, 2*time.Millisecond) {
		t.Errorf("largest uncorrected latency %v, want 2ms", time.Duration(got))
	}
	if got := res.SendLag.Max(); !near(got, 7*time.Millisecond) || res.SendLag.Min() != 0 {
		t.Errorf("send lag %v to %v, want 0 to 7ms", time.Duration(res.SendLag.Min()), time.Duration(got))
	}
	if res.Elapsed != 99*time.Millisecond || res.Unsent != 2 || res.BytesIn != 350 || res.Requests != 10 {
		t.Errorf("elapsed %v, unsent %d, bytes %d, requests %d", res.Elapsed, res.Unsent, res.BytesIn, res.Requests)
	}
}

func TestLatencyBeyondTheHistogram(t *testing.T) {
	rec := newRecorder(Attack{})
	rec.add(&outcome{done: 2 * MaxLatency, answer: response.Answer{Status: 200}})
	if got := rec.result(0).Latency.Max(); got < int64(MaxLatency) {
		t.Errorf("%v, want %v or a little more", time.Duration(got), MaxLatency)
	}
}

// However long a run is, and in whatever order requests end, each success is in one bin, the one of
// its time.
func TestTimelineHasEverySuccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 5121 * time.Millisecond,
			time.Minute, 100 * time.Hour}).Draw(t, "longest")
		ends := rapid.SliceOfN(rapid.Int64Range(0, int64(longest)), 0, 300).Draw(t, "ends")
		rec := newRecorder(Attack{})
		var last, answered time.Duration
		successes := map[time.Duration]uint64{}
		for _, e := range ends {
			x := outcome{done: time.Duration(e), answer: response.Answer{Status: 200}}
			if rapid.IntRange(0, 4).Draw(t, "failed") == 0 {
				x.answer.Status = 500
			} else {
				successes[x.done]++
				answered = max(answered, x.done)
			}
			last = max(last, x.done)
			rec.add(&x)
		}
		res := rec.result(0)
		want := make([]uint64, len(res.Completed))
		for at, n := range successes {
			want[at/res.CompletedEvery] += n
		}
		if !slices.Equal(res.Completed, want) {
			t.Fatalf("bins of %v: %v, want %v", res.CompletedEvery, res.Completed, want)
		}
		var sum uint64
		for _, n := range res.Completed {
			sum += n
		}
		if sum != res.Requests-res.Errors {
			t.Errorf("%d in the bins, %d successes", sum, res.Requests-res.Errors)
		}
		n, every := len(res.Completed), res.CompletedEvery
		if n > mostBins || time.Duration(n)*every < last || every > firstBin && last/(every/2) < mostBins {
			t.Errorf("%d bins of %v for a run of %v", n, every, last)
		}
		// The run's end is a bin's end at the latest, unless a success came right at it.
		if n > 0 && time.Duration(n-1)*every >= last && time.Duration(n-1)*every > answered {
			t.Errorf("%d bins of %v for a run of %v", n, every, last)
		}
	})
}

func TestTimelineOfAnUnhappyClock(t *testing.T) {
	line := newTimeline()
	line.add(-time.Hour)
	line.add(1<<63 - 1)
	if n := len(line.bins); n > mostBins || line.bins[0] != 1 || line.bins[n-1] != 1 {
		t.Errorf("%d bins of %v: %v", n, line.every, line.bins)
	}
}

// What one request costs to be recorded, and what of it is the timeline's.
func BenchmarkRecord(b *testing.B) {
	const perRequest = 100 * time.Microsecond
	b.Run("timeline", func(b *testing.B) {
		line := newTimeline()
		for i := 0; b.Loop(); i++ {
			line.add(time.Duration(i) * perRequest)
		}
	})
	b.Run("closed", func(b *testing.B) {
		rec := newRecorder(Attack{})
		x := outcome{answer: response.Answer{Status: 200}}
		for b.Loop() {
			x.sent, x.done = x.done, x.done+perRequest
			rec.add(&x)
		}
	})
	b.Run("open", func(b *testing.B) {
		rec := newRecorder(Attack{Rate: float64(time.Second / perRequest)})
		x := outcome{answer: response.Answer{Status: 200}}
		for b.Loop() {
			x.seq++
			x.sent, x.done = x.done, x.done+perRequest
			rec.add(&x)
		}
	})
}
