package results

import (
	"math"
	"net/netip"
	"net/url"
	"time"
)

// LoadRun is the result of the command load: one load on one server. Its JSON is one object.
type LoadRun struct {
	Tool        string    `json:"tool"`
	ToolVersion string    `json:"tool_version"`
	Started     time.Time `json:"started"`
	Method      string    `json:"method"` // "" with several targets
	URL         string    `json:"url"`    // the server, with several targets
	Engine      string    `json:"engine"`
	Connections int       `json:"connections"`

	LoadThreads int `json:"load_threads,omitempty"` // of the loop engine
	// why it is not the default engine for such a load
	EngineReason string `json:"engine_reason,omitempty"`
	Protocol     string `json:"protocol,omitempty"` // HTTP/1.1 or HTTP/2
	// most requests in flight on one HTTP/2 connection
	Streams int `json:"streams,omitempty"`
	// the socket in place of the URL's host and port
	UnixSocket string `json:"unix_socket,omitempty"`
	// one a request; latency includes connecting
	NewConnections bool `json:"new_connections,omitempty"`

	// Conversation is the kind of load: "" is requests, for which the other fields are named. Of
	// subscribers an event that came counts as a request, and of members of a chat each message
	// that came to one of them. Latency is from when it was due, and an error is a subscriber or
	// member whose connection failed or ended. Of players a segment counts as a request, and
	// LatencyUS is of each viewer's first one, from when the viewer came: the time to start up.
	Conversation string `json:"conversation,omitempty"`
	// RoomSize, MessageSize in bytes, and Messages are of a chat: OfferedRPS, Unsent and SendLagUS
	// are of messages then.
	RoomSize    int    `json:"room_size,omitempty"`
	MessageSize int    `json:"message_size,omitempty"`
	Messages    uint64 `json:"messages,omitempty"` // said by members

	Partial bool `json:"partial"` // interrupted

	Requests   uint64               `json:"requests"` // sent, and answered or failed
	Errors     uint64               `json:"errors"`   // failed requests
	ErrorKinds map[string]ErrorKind `json:"error_kinds"`
	Codes      map[int]uint64       `json:"codes"` // whole responses by status
	// requests of an open load that were due but never sent
	Unsent uint64 `json:"unsent"`
	// cut short by the interruption, not in Requests
	Aborted uint64 `json:"aborted"`
	// sent again after a kept-alive connection was closed
	Retries uint64 `json:"retries"`
	BytesIn uint64 `json:"bytes_in"` // of response bodies
	// DurationS runs from the start to the last whole answer, or to the end of the time in which
	// requests were to be sent, if that is later.
	DurationS  float64 `json:"duration_s"`
	RateRPS    float64 `json:"rate_rps"`    // requests without error, per second of DurationS
	OfferedRPS float64 `json:"offered_rps"` // the open load's target rate; 0 in a closed load

	LatencyUS Latency `json:"latency_us"` // since a request was due, without errors
	// since a request was sent; equals LatencyUS in a closed load
	UncorrectedUS Latency `json:"uncorrected_us"`
	SendLagUS     Lag     `json:"send_lag_us"` // time from due to sent; 0 in a closed load

	// ErrorLatencyUS is LatencyUS of the failed requests; null without any.
	ErrorLatencyUS *Latency    `json:"error_latency_us"`
	Targets        []TargetRun `json:"targets,omitempty"`    // with several targets only
	Thresholds     []Threshold `json:"thresholds,omitempty"` // those asked for

	// GeneratorCPUUS is null if the system does not report it or nothing was sent.
	GeneratorCPUUS *float64    `json:"generator_cpu_us_per_request"`
	Trust          Trust       `json:"trust"`
	Deliveries     *Deliveries `json:"deliveries,omitempty"` // of subscribers and members
	Viewing        *Viewing    `json:"viewing,omitempty"`    // of players
	Server         *LoadServer `json:"server,omitempty"`     // of all these, if it is on this machine
	// Capacity is set after a capacity search. All other fields then describe the last probe at
	// that rate.
	Capacity *Capacity `json:"capacity,omitempty"`
	// Ramp is set if the rate changed; OfferedRPS is then its mean.
	Ramp *Ramp `json:"ramp,omitempty"`
	// Hosts made the load together; none where this one made it alone. Reduced says how the figures
	// above follow from theirs.
	Hosts   []LoadHost        `json:"hosts,omitempty"`
	Reduced map[string]string `json:"reduced,omitempty"`
}

// LoadServer is what the server's processes used during a load of subscribers, members or players.
type LoadServer struct {
	CPUUSPerDelivery   float64 `json:"cpu_us_per_delivery,omitempty"`
	CPUUSPerMB         float64 `json:"cpu_us_per_mb,omitempty"` // of a million bytes in whole segments
	BytesPerConnection float64 `json:"bytes_per_connection"`    // its growth from before they connected, over them
	Threads            int     `json:"threads,omitempty"`       // the most at a time
}

// LoadHost is one of several hosts of a load, and its part.
type LoadHost struct {
	Name string `json:"name"`
	Role string `json:"role"`
	Host
	ToolVersion string `json:"tool_version"`
	// its clock ahead of the coordinator's, give or take ClockUncertaintyUS: half of RoundTripUS,
	// the quickest round trip
	ClockOffsetUS      float64 `json:"clock_offset_us"`
	ClockUncertaintyUS float64 `json:"clock_uncertainty_us"`
	RoundTripUS        float64 `json:"round_trip_us"`
	BeganUS            float64 `json:"began_us"` // after it was to begin

	Connections  int     `json:"connections"`
	LoadThreads  int     `json:"load_threads,omitempty"`
	Requests     uint64  `json:"requests"`
	Errors       uint64  `json:"errors"`
	RateRPS      float64 `json:"rate_rps"`
	LatencyUS    Latency `json:"latency_us"`
	GeneratorCPU float64 `json:"generator_cpu"` // CPUs that the load used, in the mean
	Busy         float64 `json:"busy"`          // share of the host's CPU time that anything used
	InBPS        float64 `json:"in_bps"`        // bytes per second through its network, both without loopback
	OutBPS       float64 `json:"out_bps"`
	AtLimit      bool    `json:"at_limit"` // its CPUs, or the load's threads, had nothing left
}

// Timed returns the number of requests without error that are in LatencyUS.
func (r *LoadRun) Timed() uint64 {
	switch {
	case r.Viewing != nil:
		return r.Viewing.Viewers - r.Viewing.Unstarted
	case r.Deliveries != nil:
		return r.Requests - r.Errors - min(r.Requests-r.Errors, r.Deliveries.Untimed)
	}
	return r.Requests - r.Errors
}

// Untimed reports whether a load has no latencies, because no event said when it was due.
func (r *LoadRun) Untimed() bool {
	return r.Deliveries != nil && !r.Deliveries.Timed(r.Requests-r.Errors)
}

// ErrorKind counts the failures of one kind, and holds the text of the first.
type ErrorKind struct {
	Count   uint64 `json:"count"`
	Example string `json:"example"`
}

// TargetRun is the share of one target in a load. Targets with the same method and URL share one
// TargetRun.
type TargetRun struct {
	// "" in the last one if that sums up the remaining targets
	Method    string         `json:"method"`
	URL       string         `json:"url"` // likewise
	Targets   int            `json:"targets"`
	Requests  uint64         `json:"requests"`
	Errors    uint64         `json:"errors"`
	Codes     map[int]uint64 `json:"codes"`
	LatencyUS Latency        `json:"latency_us"` // without errors; all 0 if there were none
}

// Threshold is a limit on a figure of a load.
type Threshold struct {
	Name  string   `json:"name"`  // of its flag: max-p99
	Limit float64  `json:"limit"` // in Unit
	Unit  string   `json:"unit"`  // us, % of the requests, requests/s
	Value *float64 `json:"value"` // the figure; null if it is not known
	// Unknown says why it is not known.
	Unknown string `json:"unknown,omitempty"`
	Met     *bool  `json:"met"` // null if the run is VOID or was interrupted
}

// Missed reports whether the figure is beyond the limit.
func (t Threshold) Missed() bool { return t.Met != nil && !*t.Met }

// A delayed acknowledgement comes after 40 ms on Linux (TCP_DELACK_MIN, include/net/tcp.h), or one
// or two timer ticks of 4 ms later (docs/calibration.md).
const (
	delayedACK = 40_000.0 // µs
	latestACK  = 50_000.0
	mostACKs   = 3 // that one response may wait for
)

// DelayedACKs returns how many delayed acknowledgements, 1 to 3, the latency seems to consist of.
// The sign is a server on the same machine with half of its requests at a multiple of 40 ms and
// nearly all of them within little more. DelayedACKs returns 0 without that sign.
func (r *LoadRun) DelayedACKs() int {
	u, err := url.Parse(r.URL)
	if err != nil || r.UnixSocket != "" || r.Requests == r.Errors {
		return 0
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return 0
	}
	// a histogram's values are within 0.1%
	n := math.Floor(r.UncorrectedUS.P50 / (0.99 * delayedACK))
	if n < 1 || n > mostACKs || r.UncorrectedUS.P50 > n*latestACK || r.UncorrectedUS.P90 > (n+0.5)*delayedACK {
		return 0
	}
	return int(n)
}

// Lag is the delay from when requests were due to when they were sent, in microseconds.
type Lag struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90,omitempty"` // 0 in records that predate the field
	P99 float64 `json:"p99"`
}

// Capacity is the highest offered rate at which a server met an objective.
type Capacity struct {
	SLOUS    float64 `json:"slo_us"`    // limit of p99, counted from when a request was due
	RPS      float64 `json:"rps"`       // the highest rate that met the objective; 0 if none did
	FailsRPS float64 `json:"fails_rps"` // the lowest rate that missed it; 0 if none did
	// largest relative gap allowed between RPS and FailsRPS
	Resolution float64 `json:"resolution"`
	Steady     bool    `json:"steady"` // both ends gave the same result when probed again
	// why FailsRPS failed: the last probe's reason; "" if nothing failed
	Limit  string     `json:"limit"`
	Probes []ProbeRun `json:"probes"` // in the order in which they ran
}

// ProbeRun is one probe of a rate.
type ProbeRun struct {
	RPS   float64 `json:"rps"`
	P99US float64 `json:"p99_us"` // over the requests answered when the probe ended
	Meets bool    `json:"meets"`
	Why   string  `json:"why,omitempty"` // reason when Meets is false
}
