package loadgen

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nodecompare/loadgen/response"
)

// However long a run is, and in whatever order requests end, each success is in one bin, the one of its time.
func TestTimelineHasEverySuccess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		longest := rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, 5121 * time.Millisecond, time.Minute, 100 * time.Hour}).Draw(t, "longest")
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
