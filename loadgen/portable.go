package loadgen

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Portable is a Result in a form for another process, which nothing is lost in: histograms travel
// as their counts (HDR, V2 compressed, base64), and in a Result of the same bounds they add up
// exactly.
type Portable struct {
	Result
	Histograms [4]string // latency, uncorrected (empty: the same), failed (empty: none), send lag
}

// Pack makes a Result portable.
func Pack(r *Result) (Portable, error) {
	p := Portable{Result: *r}
	p.Latency, p.Uncorrected, p.Failed, p.SendLag = nil, nil, nil, nil
	for i, h := range []*hdrhistogram.Histogram{r.Latency, r.Uncorrected, r.Failed, r.SendLag} {
		if h == nil || i == 1 && h == r.Latency {
			continue
		}
		text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			return p, fmt.Errorf("encode a histogram: %w", err)
		}
		p.Histograms[i] = string(text)
	}
	return p, nil
}

// Unpack returns the Result. It rejects one whose counts contradict each other, since a part of it
// is then missing.
func (p Portable) Unpack() (*Result, error) {
	r := p.Result
	of := []**hdrhistogram.Histogram{&r.Latency, &r.Uncorrected, &r.Failed, &r.SendLag}
	for i, text := range p.Histograms {
		if text == "" {
			continue
		}
		h, err := hdrhistogram.Decode([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("decode a histogram: %w", err)
		}
		*of[i] = newHistogram()
		if dropped := (*of[i]).Merge(h); dropped > 0 {
			return nil, fmt.Errorf("a histogram of other bounds: %d of its values are lost", dropped)
		}
	}
	if r.Latency == nil || r.SendLag == nil {
		return nil, fmt.Errorf("a result without its histograms")
	}
	if r.Uncorrected == nil {
		r.Uncorrected = r.Latency
	}
	if r.ErrorKinds == nil || r.ErrorExamples == nil || r.Codes == nil || r.Errors > r.Requests {
		return nil, fmt.Errorf("a result without its counts")
	}
	var failed uint64
	for _, n := range r.ErrorKinds {
		failed += n
	}
	if good := uint64(r.Latency.TotalCount()); good != r.Requests-r.Errors || failed != r.Errors {
		return nil, fmt.Errorf("%d requests, of which %d failed, with %d latencies and %d errors by kind: "+
			"they do not add up", r.Requests, r.Errors, good, failed)
	}
	return &r, nil
}

// Joint makes one result of what several generators made at the same time, as if one had made it,
// but for what its threads spent. It holds no more than one part at a time.
type Joint struct {
	whole    *Result // nil of no part
	starting time.Duration
}

// Add adds a part, with its share of the connections. The part may not be used afterwards.
func (j *Joint) Add(part *Result, share float64) {
	j.starting += time.Duration(float64(part.Starting) * share)
	if j.whole == nil {
		j.whole = part
		return
	}
	j.whole.Beside(part)
}

// Result returns the whole; nil of no part.
func (j *Joint) Result() *Result {
	if j.whole != nil {
		j.whole.Starting, j.whole.Threads = j.starting, nil
	}
	return j.whole
}
