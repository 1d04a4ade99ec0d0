package loadgen

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"pgregory.net/rapid"

	"nodecompare/loadgen/response"
)

// most is as many threads as are tried. There was no machine with so many cores to measure on.
const most = 64

// same fails unless two results are equal in all that they hold.
func same(t interface{ Fatalf(string, ...any) }, got, want *Result) {
	snapshots := func(r *Result) (all []*hdrhistogram.Snapshot) {
		for _, h := range []*hdrhistogram.Histogram{r.Latency, r.Uncorrected, r.Failed, r.SendLag} {
			if h == nil {
				h = newHistogram()
			}
			all = append(all, h.Export())
		}
		return all
	}
	if !reflect.DeepEqual(snapshots(got), snapshots(want)) {
		t.Fatalf("the histograms differ")
	}
	a, b := *got, *want
	for _, r := range []*Result{&a, &b} {
		r.Latency, r.Uncorrected, r.Failed, r.SendLag, r.Threads = nil, nil, nil, nil, nil
		r.Completed = append([]uint64{}, r.Completed...)
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("got %+v, want %+v", a, b)
	}
}

// However requests are shared out among threads, what these recorded comes to what one recorder
// would have made of all.
func TestMergedIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.IntRange(1, most).Draw(t, "threads")
		rate := rapid.SampledFrom([]float64{0, 1000}).Draw(t, "rate")
		lengths := []time.Duration{time.Millisecond, 5121 * time.Millisecond, time.Hour}
		longest := rapid.SampledFrom(lengths).Draw(t, "longest")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		a := Attack{Rate: rate, Connections: 100, Threads: threads}
		var all []outcome
		for seq := range rapid.IntRange(0, 300).Draw(t, "requests") {
			x := outcome{seq: uint64(seq), sent: time.Duration(random.Int64N(int64(longest)))}
			x.done = x.sent + time.Duration(random.Int64N(int64(longest)))
			switch random.IntN(5) {
			case 0:
				x.failure = failure{[]string{Reset, Timeout, aborted}[random.IntN(3)], fmt.Sprintf("request %d", seq)}
			case 1:
				x.answer.Status = 500 + random.IntN(2)
			default:
				x.answer = response.Answer{Status: 200, Size: int64(random.IntN(1000))}
			}
			all = append(all, x)
		}
		slices.SortStableFunc(all, func(a, b outcome) int { return cmp.Compare(a.done, b.done) })
		one := newRecorder(a)
		each := make([]*recorder, threads)
		for i := range each {
			each[i] = newRecorder(a)
		}
		for i := range all {
			thread := each[random.IntN(threads)]
			for _, r := range []*recorder{one, thread} {
				r.begins(all[i].sent)
				r.add(&all[i])
				r.lasted(all[i].done + time.Millisecond)
			}
		}
		parts := make([]*Result, threads)
		var offered uint64
		for i, r := range each {
			parts[i] = r.result(r.sent + uint64(i%3))
			offered += r.sent + uint64(i%3)
		}
		same(t, merged(parts), one.result(offered))
	})
}

// Threads that each wake late now and then, on a clock of the test's: together they send the whole
// schedule, each request once, and its latency counts from when it would have been due on one
// thread.
func TestThreadsShareOneSchedule(t *testing.T) {
	const rate, service = 1e6, 70 * time.Microsecond
	for i, threads := range []int{1, 2, 3, most, 2, 3, most} {
		period := []int{0, 0, 0, 0, 2, 7, most + 1}[i]
		a := Attack{Rate: rate, Threads: threads}
		offered := Offered(rate, 20*time.Millisecond)
		random := rand.New(rand.NewPCG(1, uint64(threads)))
		one, parts := newRecorder(a), make([]*Result, threads)
		seen := make([]int, offered)
		for i := range parts {
			s, rec := newSchedule(a.Pace(), offered, i, threads, period), newRecorder(a)
			for now := time.Duration(0); s.left(); {
				if when := s.when(); when > now {
					now = max(when, now+loopQuantum) + time.Duration(random.Int64N(int64(time.Millisecond)))
					continue
				}
				x := outcome{seq: s.take(), sent: now, done: now + service, answer: response.Answer{Status: 200}}
				seen[x.seq]++
				if turn := uint64(period); period > 0 && x.seq%turn%uint64(threads) != uint64(i) {
					t.Fatalf("%d threads, %d in turn: request %d was one of thread %d", threads, period, x.seq, i)
				}
				if late := x.sent - Due(x.seq, rate); late < 0 {
					t.Fatalf("%d threads: request %d was sent %v before it was due", threads, x.seq, -late)
				}
				rec.add(&x)
				one.add(&x)
			}
			parts[i] = rec.result(s.own)
		}
		if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
			t.Errorf("%d threads: some request was sent twice or never", threads)
		}
		same(t, merged(parts), one.result(offered))
	}
}

// Whatever the order in which threads ask, each number is given once, and as long as many are left
// no thread has more than its part of them, so that all end together.
func TestNumbersAreGivenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		threads := rapid.IntRange(1, most).Draw(t, "threads")
		requests := rapid.Uint64Range(uint64(threads), 100_000).Draw(t, "requests")
		s := loopShared{threads: threads, requests: requests, turns: rapid.Bool().Draw(t, "turns")}
		given := make([]int, requests)
		asked := 0
		for first, end := s.numbers(); first < end; first, end = s.numbers() {
			if asked++; threads > 1 && end-first > max((requests-first)/uint64(threads), 1) {
				t.Fatalf("%d of the last %d at once, of %d threads", end-first, requests-first, threads)
			}
			for n := first; n < end; n++ {
				given[n]++
			}
		}
		if slices.ContainsFunc(given, func(n int) bool { return n != 1 }) {
			t.Fatalf("%d threads, %d requests: some number was given twice or never", threads, requests)
		}
		if most := threads * 2 * 20; asked > most {
			t.Fatalf("%d threads asked %d times for %d requests", threads, asked, requests)
		}
	})
}

func TestPartsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, threads := rapid.Uint64Range(0, 1e6).Draw(t, "n"), rapid.IntRange(1, most).Draw(t, "threads")
		var sum uint64
		for i := range threads {
			part := partOf(n, i, threads)
			if sum += part; part < n/uint64(threads) || part > n/uint64(threads)+1 {
				t.Fatalf("thread %d of %d has %d of %d", i, threads, part, n)
			}
		}
		if sum != n {
			t.Fatalf("%d threads have %d of %d", threads, sum, n)
		}
	})
}
