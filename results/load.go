package results

import (
	"math"
	"net/netip"
	"net/url"
	"time"
)

// LoadRun is what `load` measured: one load on one server. Its JSON is one object.
type LoadRun struct {
	Tool        string    `json:"tool"`
	ToolVersion string    `json:"tool_version"`
	Started     time.Time `json:"started"`
	Method      string    `json:"method"` // "" where there were several targets
	URL         string    `json:"url"`    // of several targets their server's
	Engine      string    `json:"engine"`
	Connections int       `json:"connections"`

	EngineReason string `json:"engine_reason,omitempty"` // why it is not the engine that such a load has by itself
	Protocol     string `json:"protocol,omitempty"`      // HTTP/1.1 or HTTP/2
	Streams      int    `json:"streams,omitempty"`       // most requests in flight on a connection of HTTP/2
	// path of the socket that stood for the URL's host and port
	UnixSocket     string `json:"unix_socket,omitempty"`
	NewConnections bool   `json:"new_connections,omitempty"` // each request had one; its latency begins with connecting

	Partial bool `json:"partial"` // it was interrupted

	Requests   uint64               `json:"requests"` // sent, and answered or failed
	Errors     uint64               `json:"errors"`   // of these, failed
	ErrorKinds map[string]ErrorKind `json:"error_kinds"`
	Codes      map[int]uint64       `json:"codes"`    // whole responses by status
	Unsent     uint64               `json:"unsent"`   // of an open load: were due, but never sent
	Aborted    uint64               `json:"aborted"`  // cut short by the interruption, and no part of requests
	Retries    uint64               `json:"retries"`  // sent again since a kept-alive connection had been closed
	BytesIn    uint64               `json:"bytes_in"` // of response bodies
	// from the start to the end of the last request; of an open load, the whole time over which its
	// requests were due at the least
	DurationS  float64 `json:"duration_s"`
	RateRPS    float64 `json:"rate_rps"`    // requests without error, per second of DurationS
	OfferedRPS float64 `json:"offered_rps"` // that an open load was to send; 0 in a closed one

	LatencyUS     Latency `json:"latency_us"`     // from when a request was due, of those without error
	UncorrectedUS Latency `json:"uncorrected_us"` // from when it was sent; in a closed load the same
	SendLagUS     Lag     `json:"send_lag_us"`    // the difference; 0 in a closed load

	// as LatencyUS, of those with an error; null where there was none
	ErrorLatencyUS *Latency    `json:"error_latency_us"`
	Targets        []TargetRun `json:"targets,omitempty"`    // where there were several
	Thresholds     []Threshold `json:"thresholds,omitempty"` // that were asked for

	// of requests; null where the system does not tell, or nothing was sent
	GeneratorCPUUS *float64 `json:"generator_cpu_us_per_request"`
	Trust          Trust    `json:"trust"`
	// where it was searched for: then all the rest is of the last probe at that rate
	Capacity *Capacity `json:"capacity,omitempty"`
}

// ErrorKind is how often requests failed in one way, and the first error's text.
type ErrorKind struct {
	Count   uint64 `json:"count"`
	Example string `json:"example"`
}

// TargetRun is what became of one of several targets, or of those that share a method and a URL.
type TargetRun struct {
	Method    string         `json:"method"` // "" in the last one, where that is of all others together
	URL       string         `json:"url"`    // the same
	Targets   int            `json:"targets"`
	Requests  uint64         `json:"requests"`
	Errors    uint64         `json:"errors"`
	Codes     map[int]uint64 `json:"codes"`
	LatencyUS Latency        `json:"latency_us"` // of the requests without error, all 0 where there were none
}

// Threshold is a limit for a figure of a load.
type Threshold struct {
	Name  string   `json:"name"`  // of its flag: max-p99
	Limit float64  `json:"limit"` // in Unit
	Unit  string   `json:"unit"`  // us, % of the requests, requests/s
	Value *float64 `json:"value"` // of the figure; null where there is none, since no request was answered
	Met   *bool    `json:"met"`   // null where nothing may be concluded: the run is VOID, or was interrupted
}

// Missed says that the figure was beyond the limit.
func (t Threshold) Missed() bool { return t.Met != nil && !*t.Met }

// A delayed acknowledgement comes after 40 ms on Linux (TCP_DELACK_MIN, include/net/tcp.h), or one
// or two ticks of its clock later, of 4 ms where those are 250 a second: 44 to 47 ms were measured
// on a busy machine.
const (
	delayedACK = 40_000.0 // microseconds
	latestACK  = 50_000.0
	mostACKs   = 3 // that one response may wait for
)

// DelayedACKs says how many delayed acknowledgements the latency seems to be made of: a server of
// the same machine takes one to three times 40 ms for half of its requests, and for nearly all of
// them little more. 0 where it does not look like that.
func (r *LoadRun) DelayedACKs() int {
	u, err := url.Parse(r.URL)
	if err != nil || r.UnixSocket != "" || r.Requests == r.Errors {
		return 0
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return 0
	}
	n := math.Floor(r.UncorrectedUS.P50 / (0.99 * delayedACK)) // a histogram's values are within a thousandth
	if n < 1 || n > mostACKs || r.UncorrectedUS.P50 > n*latestACK || r.UncorrectedUS.P90 > (n+0.5)*delayedACK {
		return 0
	}
	return int(n)
}

// Lag is in microseconds.
type Lag struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90,omitempty"` // 0 too in records of before it was told
	P99 float64 `json:"p99"`
}

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
