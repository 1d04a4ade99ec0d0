package results

import (
	"math"
	"time"
)

// LoadRun is what `load` measured: one target, one load. Its JSON is one object.
type LoadRun struct {
	Tool        string    `json:"tool"`
	ToolVersion string    `json:"tool_version"`
	Started     time.Time `json:"started"`
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	Engine      string    `json:"engine"`
	Connections int       `json:"connections"`
	Partial     bool      `json:"partial"` // it was interrupted

	Requests   uint64               `json:"requests"` // sent, and answered or failed
	Errors     uint64               `json:"errors"`   // of these, failed
	ErrorKinds map[string]ErrorKind `json:"error_kinds"`
	Codes      map[int]uint64       `json:"codes"`       // whole responses by status
	Unsent     uint64               `json:"unsent"`      // of an open load: were due, but never sent
	Aborted    uint64               `json:"aborted"`     // cut short by the interruption, and no part of requests
	Retries    uint64               `json:"retries"`     // sent again since a kept-alive connection had been closed
	BytesIn    uint64               `json:"bytes_in"`    // of response bodies
	DurationS  float64              `json:"duration_s"`  // from the start to the end of the last request; of an open load, the whole time over which its requests were due at the least
	RateRPS    float64              `json:"rate_rps"`    // requests without error, per second of DurationS
	OfferedRPS float64              `json:"offered_rps"` // that an open load was to send; 0 in a closed one

	LatencyUS     Latency `json:"latency_us"`     // from when a request was due, of those without error
	UncorrectedUS Latency `json:"uncorrected_us"` // from when it was sent; in a closed load the same
	SendLagUS     Lag     `json:"send_lag_us"`    // the difference; 0 in a closed load

	GeneratorCPUUS *float64  `json:"generator_cpu_us_per_request"` // of requests; null where the system does not tell, or nothing was sent
	Trust          Trust     `json:"trust"`
	Capacity       *Capacity `json:"capacity,omitempty"` // where it was searched for: then all the rest is of the last probe at that rate
}

// ErrorKind is how often requests failed in one way, and the first error's text.
type ErrorKind struct {
	Count   uint64 `json:"count"`
	Example string `json:"example"`
}

// Lag is in microseconds.
type Lag struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90,omitempty"` // 0 too in records of before it was told
	P99 float64 `json:"p99"`
}

// Resolves reports whether n latencies have a percentile q, in percent, of their own: one of them at least is beyond it. Of
// fewer the percentile is the longest latency under another name.
func Resolves(n uint64, q float64) bool { return n >= uint64(math.Round(100/(100-q))) }

// Capacity is the highest offered rate at which a server met an objective.
type Capacity struct {
	SLOUS      float64    `json:"slo_us"`     // the most that p99, from when a request was due, may be
	RPS        float64    `json:"rps"`        // the highest rate that met it; 0 when none did
	FailsRPS   float64    `json:"fails_rps"`  // the lowest rate that did not; 0 when all did
	Resolution float64    `json:"resolution"` // the largest share by which the two may differ
	Steady     bool       `json:"steady"`     // both said the same when they were asked anew
	Limit      string     `json:"limit"`      // why it fails there: the last probe's reason; "" when it never did
	Probes     []ProbeRun `json:"probes"`     // in the order in which they were made
}

// ProbeRun is one try of a rate.
type ProbeRun struct {
	RPS   float64 `json:"rps"`
	P99US float64 `json:"p99_us"` // of what had been answered when it ended
	Meets bool    `json:"meets"`
	Why   string  `json:"why,omitempty"` // it does not
}
