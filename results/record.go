// Package results holds what a bench measured, the record of it, and what follows from it: the
// verdicts. It neither measures nor prints.
package results

import "time"

// Tool and SchemaVersion stand at the head of every record file. The version changes when a field
// changes its meaning or goes away; a new field alone does not change it.
const (
	Tool          = "nodecompare"
	SchemaVersion = 2
)

// Method must change with anything that moves the figures of a server which stays the same: how it
// is warmed up, what a rung is. Records made by different methods are not compared. Version 1: a
// server is warm when its CPU per request says so, and the base rung is measured in one piece, as
// all rungs are. Version 2: the base rung comes first, on the connections of the warm-up, and of
// servers that may compile themselves it lasts for several cycles of their garbage collection.
const Method = 2

// Record is one bench: the host, the settings, every trial and the verdicts.
type Record struct {
	Tool          string    `json:"tool"`
	SchemaVersion int       `json:"schema_version"`
	ToolVersion   string    `json:"tool_version"`
	Command       string    `json:"command,omitempty"` // the line that made it, for a shell
	Started       time.Time `json:"started"`
	ElapsedS      float64   `json:"elapsed_s"`
	Partial       bool      `json:"partial"` // it was interrupted: trials are missing
	Host          Host      `json:"host"`
	Settings      Settings  `json:"settings"`
	Selftest      *Selftest `json:"selftest,omitempty"`       // made right before the trials; nil where none was
	Rates         []Rates   `json:"rates,omitempty"`          // of the open loads, found before the first round
	PilotFailures []Missing `json:"pilot_failures,omitempty"` // whose capacity could not be found, and why
	Trials        []Trial   `json:"trials"`                   // in the order in which they ran
	// a second run of what a gate found to have regressed, in the order in which they ran
	Again []Trial `json:"again,omitempty"`
	// short ones, of what the full rounds left open: start, warm-up and base rung. Words rest on
	// them too, nothing else does
	Extra    []Trial   `json:"extra,omitempty"`
	Verdicts []Verdict `json:"verdicts"`

	// Medians are over the trials, by workload, mode and figure, for whoever reads the file with
	// jq. They are made when a record is written, and those of a file are not read.
	Medians map[string]map[string]map[string]float64 `json:"medians,omitempty"`
}

// Rates are the request rates of a mode's open loads on a workload. They follow from its capacity
// in a short closed load that was run before the first round, on a server of its own.
type Rates struct {
	Workload    string  `json:"workload"`
	Mode        string  `json:"mode"`
	CapacityRPS float64 `json:"capacity_rps"`
	// the same for all modes: Settings.RateRPS; else Settings.Share of the least of their
	// capacities, as far as vegeta offers it
	CommonRPS float64 `json:"common_rps"`
	OwnRPS    float64 `json:"own_rps"` // Settings.Share of its own capacity
}

// Host is the machine that ran both the servers and the load.
type Host struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel"`
	Cores    int    `json:"cores"`              // that this process may use
	CPU      string `json:"cpu,omitempty"`      // its model, as the system names it
	Governor string `json:"governor,omitempty"` // of the CPUs' frequency; "" where there is none
	Go       string `json:"go"`

	CPUQuota    float64 `json:"cpu_quota,omitempty"`    // of the container, in CPUs; 0 for none
	MemoryLimit uint64  `json:"memory_limit,omitempty"` // of the container, in bytes; 0 for none
	OpenFiles   uint64  `json:"open_files"`             // the limit for one process, which bounds the connections
}

// Settings is what was asked for, with the seed that the order of the trials follows from.
type Settings struct {
	Profile string `json:"profile"`
	Rounds  int    `json:"rounds"`
	Seed    uint64 `json:"seed"` // below 2^53, so that every reader of JSON sees the same number
	// of the load: vegeta, loop, or auto: each run then says which it was
	Engine  string  `json:"engine"`
	Share   float64 `json:"share"`              // of the capacity, at which open loads run
	RateRPS float64 `json:"rate_rps,omitempty"` // of the common rate, where one was asked for
	// the most that p99 latency may be, for connections to count as held
	SLOUS     float64 `json:"slo_us"`
	Null      bool    `json:"null,omitempty"`      // every mode is the same one: what differs is noise
	Yardstick int     `json:"yardstick,omitempty"` // version of the yardstick server; 0 for a bench without one
	// how runs are made, by version: see Method; 0 in records of before there was one
	Method int `json:"method,omitempty"`
	Pin    Pin `json:"pin"`
	// idle CPUs were kept from sleeping, as root may on Linux: else waking them is part of all
	// latency
	Awake     bool       `json:"awake"`
	Modes     []Mode     `json:"modes"`
	Missing   []Missing  `json:"missing,omitempty"` // what was asked for, and left out
	Workloads []Workload `json:"workloads"`
}

// Pin is how the CPUs were shared out between the servers and the load.
type Pin struct {
	Asked     string `json:"asked"`          // auto, off, or SERVER:GENERATOR
	Server    string `json:"server"`         // CPUs as in 0-2,5; "" when not pinned
	Generator string `json:"generator"`      // the same; an upstream of the servers runs there too
	Note      string `json:"note,omitempty"` // why the two are not on CPUs of their own, or not wholly apart
}

// Mode is a concurrency model that took part, in the order of the table's columns.
type Mode struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Server  string `json:"server,omitempty"` // a user's own: its command line, or its URL
	// by workload, what this server was asked for in place of the workload's target
	Targets map[string]string `json:"targets,omitempty"`
}

// Missing is a mode that was left out.
type Missing struct {
	Mode     string `json:"mode"`
	Workload string `json:"workload,omitempty"` // the one that it does not serve; "" where it took no part at all
	Reason   string `json:"reason"`             // with what to do about it
}

// Workload is a route and the steps of load that each trial of it put on a server.
type Workload struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Method  string `json:"method"`
	Target  string `json:"target"`
	Ladder  []Step `json:"ladder"` // from the fewest connections to the most
	Base    int    `json:"base"`   // the rung that Performance is read from, in connections
	// that a request only waits for; left out where that is little, or some of each
	WaitUS float64 `json:"wait_us,omitempty"`
	CPUUS  float64 `json:"cpu_us,omitempty"` // that a request computes for; the same
	Poison *Poison `json:"poison,omitempty"` // that its innocent requests have beside them; nil for none
	Surge  *Surge  `json:"surge,omitempty"`  // the overload that ends each trial; nil for none
	Note   string  `json:"note,omitempty"`   // why the ladder, or the CPUs, are not those of the other workloads
}

// Surge is an overload as it was planned: a multiple of a mode's own capacity for a time, and then
// a part of it. A mode of which that multiple is more than MostRPS has none.
type Surge struct {
	Times   float64 `json:"times"`    // of the capacity, offered in the surge
	ForS    float64 `json:"for_s"`    // how long
	Then    float64 `json:"then"`     // of the capacity, offered afterwards
	ThenS   float64 `json:"then_s"`   // how long
	Clients int     `json:"clients"`  // most requests in flight
	MostRPS float64 `json:"most_rps"` // that the load generator offers on time
}

// Toll is what a surge did to the requests that were due in it, and to those after it. InTime to
// Unsent add up to Due.
type Toll struct {
	Due        uint64  `json:"due"`         // within the surge
	InTime     uint64  `json:"in_time"`     // answered without error within Settings.SLOUS of when they were due
	Late       uint64  `json:"late"`        // answered without error, but later
	Refused    uint64  `json:"refused"`     // answered with an error, or their connection refused or ended
	TimedOut   uint64  `json:"timed_out"`   // not answered until the client gave up
	Unsent     uint64  `json:"unsent"`      // all clients were waiting for as long as it was worth sending them
	GoodputRPS float64 `json:"goodput_rps"` // InTime, per second of the surge
	InFlight   uint64  `json:"in_flight"`   // the most requests at once
	RecoveryS  float64 `json:"recovery_s"`  // from the surge's end until requests were answered in time again
	Recovered  bool    `json:"recovered"`   // false: they were not within Surge.ThenS, which RecoveryS then is

	// By when requests were due, in steps from the beginning of the surge to the end of the
	// overload:
	StepS        float64  `json:"step_s"`
	DueInTime    []uint64 `json:"due_in_time"`   // answered in time
	DueOtherwise []uint64 `json:"due_otherwise"` // late, with an error, or not at all
}

// Poison is a second load on the same server, of requests that compute or wait for long.
type Poison struct {
	Target  string  `json:"target"`
	RateRPS float64 `json:"rate_rps"`
}

// Dose is what of the poison came to a server beside a rung, from before the rung began.
type Dose struct {
	Requests uint64 `json:"requests"`  // answered or failed
	Errors   uint64 `json:"errors"`    // of these, failed
	InFlight uint64 `json:"in_flight"` // at the end of the rung
}

// Step is one rung as it was planned.
type Step struct {
	Connections int     `json:"connections"`
	DurationS   float64 `json:"duration_s"`
}

// Connections are those of the ladder's rungs.
func (w Workload) Connections() []int {
	var all []int
	for _, step := range w.Ladder {
		all = append(all, step.Connections)
	}
	return all
}

// Top is the rung with the most connections.
func (w Workload) Top() int {
	if len(w.Ladder) == 0 {
		return 0
	}
	return w.Ladder[len(w.Ladder)-1].Connections
}

// Trial is one mode, one workload, one ladder of load, on a freshly started server process.
type Trial struct {
	Workload string    `json:"workload"`
	Mode     string    `json:"mode"`
	Round    int       `json:"round"` // from 1
	Started  time.Time `json:"started"`
	ElapsedS float64   `json:"elapsed_s"` // with the server's start, the warm-up and the stop
	// its server was not started for it: it ran before, and went on after
	Standing bool    `json:"standing,omitempty"`
	WarmUp   *WarmUp `json:"warm_up,omitempty"`
	Rungs    []Rung  `json:"rungs"` // those that were finished
	// Between are closed loads between the ladder's rungs, after it, in the order in which they
	// were made: with them knee and connections held are searched. They are part of no other
	// figure.
	Between []Rung `json:"between,omitempty"`

	Failure string   `json:"failure,omitempty"` // why it is not whole: the server died, did not start, did not stop
	Stderr  []string `json:"stderr,omitempty"`  // the last lines the server printed, when it failed
	// why nothing of it counts, though not by its server's fault: the yardstick died, or the
	// upstream
	Lost        string `json:"lost,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
	Trust       *Trust `json:"trust,omitempty"` // the worst of its rungs'; nil in records that did not ask
	// of an earlier one, which was VOID since it was lost: this one was made in its place
	Voided *Trust `json:"voided,omitempty"`
}

// WarmUp is how a trial's server was brought to a steady state before it was measured.
type WarmUp struct {
	TookS   float64 `json:"took_s"`
	Windows int     `json:"windows"` // runs of load, one after the other
	Steady  bool    `json:"steady"`  // false: it ended at its cap, and a request's cost was still changing
	Errors  uint64  `json:"errors"`  // failed requests

	Requests uint64  `json:"requests,omitempty"` // answered without error; 0 in records of before this was told
	CPUS     float64 `json:"cpu_s,omitempty"`    // of the server, for them; 0 where the system does not tell
}

// Rung is what one step of load measured.
type Rung struct {
	Load          string            `json:"load"`
	Engine        string            `json:"engine"` // vegeta or loop
	Connections   int               `json:"connections"`
	StartS        float64           `json:"start_s"`   // since the trial's start
	ElapsedS      float64           `json:"elapsed_s"` // from the first request to the last answer
	Requests      uint64            `json:"requests"`  // sent, and answered or failed
	Errors        uint64            `json:"errors"`    // of these, failed
	ErrorKinds    map[string]uint64 `json:"error_kinds,omitempty"`
	ErrorExamples map[string]string `json:"error_examples,omitempty"` // the first error of each kind
	Codes         map[int]uint64    `json:"codes"`                    // whole responses by status
	ThroughputRPS float64           `json:"throughput_rps"`           // requests without error, per second of ElapsedS
	// mean, by Little's law: throughput times mean latency
	InFlight  float64 `json:"in_flight"`
	LatencyUS Latency `json:"latency_us"` // in an open load from when a request was due
	// of the same, in nanoseconds: HDR, V2 compressed, base64
	Histogram     string     `json:"histogram,omitempty"`
	OfferedRPS    float64    `json:"offered_rps,omitempty"`    // of an open load; of an overload in its surge
	Unsent        uint64     `json:"unsent,omitempty"`         // of an open load: were due, but never sent
	UncorrectedUS *Latency   `json:"uncorrected_us,omitempty"` // of an open load: from when it was sent
	SendLagUS     *Lag       `json:"send_lag_us,omitempty"`    // of an open load: the difference
	Yardstick     *Yardstick `json:"yardstick,omitempty"`      // nil where none ran beside it
	Poison        *Dose      `json:"poison,omitempty"`         // nil for none
	Toll          *Toll      `json:"toll,omitempty"`           // of an overload
	Timeline      *Timeline  `json:"timeline,omitempty"`
	Process       *Process   `json:"process,omitempty"` // the server; nil where the system does not tell
	// what may be concluded from it; nil in records that did not ask
	Trust *Trust `json:"trust,omitempty"`
	// of a first run, which was VOID: this one was made in its place
	Voided *Trust `json:"voided,omitempty"`
	// right after it, of a common rate that was asked for; nil where the system does not tell
	Idle *Idle `json:"idle,omitempty"`
}

// Idle is what a server used while its connections were open and nothing was asked of it.
type Idle struct {
	ElapsedS float64 `json:"elapsed_s"`
	CPUS     float64 `json:"cpu_s"`
}

func (r Rung) void() bool { return r.Trust != nil && r.Trust.Status == Void }

// Void says that nothing can be concluded from the record: each rung of it is VOID, or belongs to a
// trial that failed.
func (r *Record) Void() bool {
	for _, t := range r.Trials {
		for _, rung := range t.Rungs {
			if _, ok := t.Rung(At{rung.Load, rung.Connections}); ok {
				return false
			}
		}
	}
	return true
}

// Answered is how many requests succeeded.
func (r Rung) Answered() uint64 { return r.Requests - r.Errors }

// Latency is of the requests without error, in microseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Process is what the server used during a rung, and held at most: all of its processes together.
// Memory is resident; of several processes it is what they held at the rung's end, with shared
// pages divided among them, where the system tells that.
type Process struct {
	CPUS            float64 `json:"cpu_s"`              // user and system
	CPUUSPerRequest float64 `json:"cpu_us_per_request"` // per request without error; 0 when there was none
	Threads         int     `json:"threads"`
	ActiveThreads   int     `json:"active_threads"` // that ran at all within the rung
	// that did the work: with at least half of the busiest one's CPU time
	BusyThreads         int    `json:"busy_threads"`
	RSSBytes            uint64 `json:"rss_bytes"`
	VoluntarySwitches   uint64 `json:"voluntary_switches"`
	InvoluntarySwitches uint64 `json:"involuntary_switches"`
	Processes           int    `json:"processes,omitempty"` // 0 in records of before this was told
	// open file descriptors, connections among them; 0 where they may not be read
	Files int `json:"files,omitempty"`
	// threads and processes that came and went within the rung: an upper bound
	ShortLived uint64 `json:"short_lived,omitempty"`
}

// Yardstick is a server that never changes (servers/yardstick), on the same CPUs. The load went to
// and fro between it and the measured one, slice by slice, so that what slows the machine down for
// a moment hits both.
type Yardstick struct {
	Slices        int     `json:"slices"`
	CPUUS         float64 `json:"cpu_us_per_request"`
	ThroughputRPS float64 `json:"throughput_rps"`
	// The medians over the slices of the measured server's figure over the yardstick's in the slice
	// beside it; of a server that may compile itself as it runs the ratios of the sums over all
	// slices. 0 where it is not known.
	RelativeCPU        float64 `json:"relative_cpu"`
	RelativeThroughput float64 `json:"relative_throughput"`
	// the measured server's CPU per request over the yardstick's, slice after slice
	CPUs []float64 `json:"relative_cpus,omitempty"`
	// the same once more, after the ladder, of a server that may have compiled itself meanwhile
	CPUsAfter []float64 `json:"relative_cpus_after,omitempty"`
}

// Timeline is what went on during a rung's run in one piece, interval by interval.
type Timeline struct {
	IntervalS float64   `json:"interval_s"`
	Requests  []uint64  `json:"requests"`            // answered without error in each interval
	CPUS      []float64 `json:"cpu_s,omitempty"`     // the server's CPU time in each interval
	Threads   []int     `json:"threads,omitempty"`   // at the end of each interval
	RSSBytes  []uint64  `json:"rss_bytes,omitempty"` // the same
}
