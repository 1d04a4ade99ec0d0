package loadgen

import "time"

// Add takes another run of the same attack in, as if the two had been one with a pause: counts and times are added, and the
// histograms merged. The other is not changed. BytesIn, Requests and the like are then of both; Offered stays.
func (r *Result) Add(other *Result) {
	r.Requests += other.Requests
	r.Errors += other.Errors
	r.Aborted += other.Aborted
	r.Unsent += other.Unsent
	r.Retries += other.Retries
	r.BytesIn += other.BytesIn
	r.Elapsed += other.Elapsed
	r.Duration += other.Duration
	r.Starting += other.Starting
	for kind, n := range other.ErrorKinds {
		r.ErrorKinds[kind] += n
	}
	for kind, example := range other.ErrorExamples {
		if _, has := r.ErrorExamples[kind]; !has {
			r.ErrorExamples[kind] = example
		}
	}
	for code, n := range other.Codes {
		r.Codes[code] += n
	}
	// All histograms have the same bounds, so that nothing is dropped.
	r.Latency.Merge(other.Latency)
	if r.Uncorrected != r.Latency {
		r.Uncorrected.Merge(other.Uncorrected)
	}
	r.SendLag.Merge(other.SendLag)
	r.Completed, r.CompletedEvery = joined(r, other)
}

// Beside takes in another run, of the same time and the same target: the two are one load of both rates. Neither may be used
// with Add afterwards.
func (r *Result) Beside(other *Result) {
	elapsed, duration := max(r.Elapsed, other.Elapsed), max(r.Duration, other.Duration)
	bins, every := summed(r, other)
	r.Add(other)
	r.Offered += other.Offered
	r.Elapsed, r.Duration, r.Completed, r.CompletedEvery = elapsed, duration, bins, every
}

// summed adds the timelines up, bin by bin, in bins of the wider one's width.
func summed(a, b *Result) ([]uint64, time.Duration) {
	every := max(a.CompletedEvery, b.CompletedEvery)
	var bins []uint64
	for _, r := range []*Result{a, b} {
		if r.CompletedEvery <= 0 {
			continue
		}
		each := int(every / r.CompletedEvery)
		for i, n := range r.Completed {
			if i/each == len(bins) {
				bins = append(bins, 0)
			}
			bins[i/each] += n
		}
	}
	return bins, every
}

// joined puts one timeline behind the other, in bins of the wider one's width.
func joined(a, b *Result) ([]uint64, time.Duration) {
	every := max(a.CompletedEvery, b.CompletedEvery)
	var bins []uint64
	for _, r := range []*Result{a, b} {
		if r.CompletedEvery <= 0 {
			continue
		}
		each := int(every / r.CompletedEvery) // a power of two: a width doubles, from the same for all
		for i, n := range r.Completed {
			if i%each == 0 {
				bins = append(bins, 0)
			}
			bins[len(bins)-1] += n
		}
	}
	return bins, every
}
