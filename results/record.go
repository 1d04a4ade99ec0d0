// Package results holds the record of a bench and the verdicts that follow from it. The package
// neither measures nor prints.
package results

import (
	"time"

	"nodecompare/results/scene"
)

// Tool and SchemaVersion stand at the head of every record file. SchemaVersion changes when a field
// changes its meaning or is removed. A new field alone does not change it.
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
	Command       string    `json:"command,omitempty"` // the shell command that made it
	Started       time.Time `json:"started"`
	ElapsedS      float64   `json:"elapsed_s"`
	Partial       bool      `json:"partial"` // interrupted: trials are missing
	Host          Host      `json:"host"`    // that served; see Hosts
	Settings      Settings  `json:"settings"`
	Selftest      *Selftest `json:"selftest,omitempty"` // run right before the trials; nil for none
	// of the open loads, from the pilot before the first round
	Rates []Rates `json:"rates,omitempty"`
	// modes whose capacity the pilot could not find, and why
	PilotFailures []Missing `json:"pilot_failures,omitempty"`
	Trials        []Trial   `json:"trials"` // in the order in which they ran
	// Again holds the second run of what a gate found to have regressed, in the order in which it
	// ran.
	Again []Trial `json:"again,omitempty"`
	// Extra holds short trials of what the full rounds left open: start, warm-up and base rung.
	// Only words use them.
	Extra []Trial `json:"extra,omitempty"`
	Cores *Cores  `json:"cores,omitempty"` // what more CPUs did; nil where that was not asked for
	// Scene is a few requests to each mode, recorded thread by thread before the trials; nil where
	// none was. Nothing is concluded from it.
	Scene    *scene.Trace `json:"scene,omitempty"`
	Verdicts []Verdict    `json:"verdicts"`
	// Hosts are those of a bench on several, the serving one first; nil where servers and load were
	// on one. Reduced says how a run's figures follow from those of the hosts.
	Hosts   []BenchHost       `json:"hosts,omitempty"`
	Reduced map[string]string `json:"reduced,omitempty"`

	// Medians are over the trials, by workload, mode and figure, for users of jq. Encoding computes
	// them, and decoding ignores them.
	Medians map[string]map[string]map[string]float64 `json:"medians,omitempty"`
}

// Rates are the request rates of a mode's open loads on a workload. They follow from the mode's
// capacity, which the pilot measures with a short closed load on a server of its own.
type Rates struct {
	Workload    string  `json:"workload"`
	Mode        string  `json:"mode"`
	CapacityRPS float64 `json:"capacity_rps"`
	// CommonRPS is the same for all modes: Settings.RateRPS, or Settings.Share of the smallest
	// capacity, as far as vegeta can offer that.
	CommonRPS float64 `json:"common_rps"`
	OwnRPS    float64 `json:"own_rps"` // Settings.Share of the mode's own capacity
}

// Host is a machine: of a record, the one that ran the servers, and the load unless there are
// Hosts.
type Host struct {
	OS       string `json:"os"`
	Arch     string `json:"arch"`
	Kernel   string `json:"kernel"`
	Cores    int    `json:"cores"`              // usable by this process
	CPU      string `json:"cpu,omitempty"`      // the model, as the system names it
	Governor string `json:"governor,omitempty"` // CPU frequency governor; "" if there is none
	Go       string `json:"go"`

	CPUQuota    float64 `json:"cpu_quota,omitempty"`    // of the container, in CPUs; 0 for none
	MemoryLimit uint64  `json:"memory_limit,omitempty"` // of the container, in bytes; 0 for none
	OpenFiles   uint64  `json:"open_files"`             // limit of a process, which bounds the connections
}

// Settings holds what the user asked for, and the seed that determines the order of the trials.
type Settings struct {
	Profile string `json:"profile"`
	Rounds  int    `json:"rounds"`
	Seed    uint64 `json:"seed"` // below 2^53, exact in every JSON reader
	// Engine is the load engine: vegeta, loop, or auto, with which each rung names its engine.
	Engine string `json:"engine"`
	// of the loop engine; 0 in older records, where it had one
	LoadThreads int     `json:"load_threads,omitempty"`
	Share       float64 `json:"share"`              // of the capacity, for open loads
	RateRPS     float64 `json:"rate_rps,omitempty"` // the common rate, if the user set one
	// limit of p99 latency for connections to count as held
	SLOUS     float64 `json:"slo_us"`
	Null      bool    `json:"null,omitempty"`      // one mode against itself: all differences are noise
	Yardstick int     `json:"yardstick,omitempty"` // version of the yardstick; 0 for none
	// Method is the constant Method of the bench; 0 in records that predate it.
	Method int `json:"method,omitempty"`
	Pin    Pin `json:"pin"`
	// Database is what db, login and orders asked; nil for SQLite, and where nothing asked.
	Database *Database `json:"database,omitempty"`
	// Awake says that idle CPUs were kept from sleeping, as root may on Linux. Otherwise every
	// latency includes their waking.
	Awake     bool       `json:"awake"`
	Modes     []Mode     `json:"modes"`
	Missing   []Missing  `json:"missing,omitempty"` // asked for, but left out
	Workloads []Workload `json:"workloads"`
}

// Pin is how the CPUs were divided between the servers and the load.
type Pin struct {
	Asked     string `json:"asked"`          // auto, off, or SERVER:GENERATOR
	Server    string `json:"server"`         // CPUs as in 0-2,5; "" if not pinned
	Generator string `json:"generator"`      // likewise; the servers' upstream runs there too
	Note      string `json:"note,omitempty"` // why the two share CPUs or cores
}

// Mode is a concurrency model in the bench, in the order of the table's columns.
type Mode struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Server  string `json:"server,omitempty"` // command line or URL of a user's own server
	// Targets maps a workload to the path requested from this server instead of the workload's
	// target.
	Targets map[string]string `json:"targets,omitempty"`
}

// Missing is a mode that was left out.
type Missing struct {
	Mode     string `json:"mode"`
	Workload string `json:"workload,omitempty"` // the workload it does not serve; "" for all
	Reason   string `json:"reason"`             // says what to do about it
}

// Workload is a route and the ladder of loads that each trial put on a server.
type Workload struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Method  string `json:"method"`
	Target  string `json:"target"`
	Ladder  []Step `json:"ladder"` // from the fewest connections to the most
	Base    int    `json:"base"`   // connections of the rung that Performance is read from
	// a request's wait; left out if short or mixed
	WaitUS float64 `json:"wait_us,omitempty"`
	CPUUS  float64 `json:"cpu_us,omitempty"` // a request's computing; likewise
	Poison *Poison `json:"poison,omitempty"` // runs beside the victim requests; nil for none
	Surge  *Surge  `json:"surge,omitempty"`  // the overload that ends each trial; nil for none
	// Tells says that connections are subscribers, or members of chat rooms, and that what came to
	// one counts as a request
	Tells    bool `json:"tells,omitempty"`
	RoomSize int  `json:"room_size,omitempty"` // members of each room; 0 for no chat
	// Plays says that connections are viewers, and that a segment of a video counts as a request
	Plays bool `json:"plays,omitempty"`
	// Beyond is with how many connections the search for those that a mode holds may end; 0 where
	// it stays within the ladder
	Beyond int `json:"beyond,omitempty"`
	// why the ladder or the CPUs differ from other workloads'
	Note string `json:"note,omitempty"`
}

// Surge is the plan of an overload: a multiple of a mode's own capacity for a time, then a share of
// it. A mode has no overload if the multiple exceeds MostRPS.
type Surge struct {
	Times   float64 `json:"times"`    // of the capacity, during the surge
	ForS    float64 `json:"for_s"`    // length of the surge
	Then    float64 `json:"then"`     // of the capacity, after the surge
	ThenS   float64 `json:"then_s"`   // length of the time after
	Clients int     `json:"clients"`  // most requests in flight
	MostRPS float64 `json:"most_rps"` // most that the generator offers on time
}

// SurgeOutcome counts what happened to the requests due during a surge and after it. InTime to
// Unsent add up to Due.
type SurgeOutcome struct {
	Due uint64 `json:"due"` // during the surge
	// answered without error within Settings.SLOUS of their due time
	InTime     uint64  `json:"in_time"`
	Late       uint64  `json:"late"`        // answered without error, but later
	Refused    uint64  `json:"refused"`     // answered with an error, or connection refused or closed
	TimedOut   uint64  `json:"timed_out"`   // unanswered when the client gave up
	Unsent     uint64  `json:"unsent"`      // not sent, as no client became free in time
	GoodputRPS float64 `json:"goodput_rps"` // InTime per second of the surge
	InFlight   uint64  `json:"in_flight"`   // most requests at once
	RecoveryS  float64 `json:"recovery_s"`  // from the surge's end until requests were in time again
	Recovered  bool    `json:"recovered"`   // false if RecoveryS is Surge.ThenS, a lower bound

	// The next fields count requests by due time, in steps from the start of the surge to the end
	// of the overload.
	StepS        float64  `json:"step_s"`
	DueInTime    []uint64 `json:"due_in_time"`   // answered in time
	DueOtherwise []uint64 `json:"due_otherwise"` // late, with an error, or not at all
}

// Poison is a second load on the same server, whose requests compute or wait for long.
type Poison struct {
	Target  string  `json:"target"`
	RateRPS float64 `json:"rate_rps"`
}

// PoisonOutcome counts the poison sent from shortly before a rung to its end.
type PoisonOutcome struct {
	Requests uint64 `json:"requests"`  // answered or failed
	Errors   uint64 `json:"errors"`    // failed requests
	InFlight uint64 `json:"in_flight"` // at the end of the rung
}

// Step is one rung as planned.
type Step struct {
	Connections int     `json:"connections"`
	DurationS   float64 `json:"duration_s"`
}

// Connections returns the ladder's rungs, in connections.
func (w Workload) Connections() []int {
	var all []int
	for _, step := range w.Ladder {
		all = append(all, step.Connections)
	}
	return all
}

// Top returns the most connections of the ladder.
func (w Workload) Top() int {
	if len(w.Ladder) == 0 {
		return 0
	}
	return w.Ladder[len(w.Ladder)-1].Connections
}

// Trial is one mode on one workload's ladder, on a freshly started server process.
type Trial struct {
	Workload string    `json:"workload"`
	Mode     string    `json:"mode"`
	Round    int       `json:"round"`           // from 1
	Cores    int       `json:"cores,omitempty"` // of a trial of Record.Cores: the CPUs that its server had
	Started  time.Time `json:"started"`
	ElapsedS float64   `json:"elapsed_s"` // including start, warm-up and stop
	// Standing says that the server was not started by the trial: it ran before and goes on
	// running.
	Standing bool    `json:"standing,omitempty"`
	WarmUp   *WarmUp `json:"warm_up,omitempty"`
	Rungs    []Rung  `json:"rungs"`           // those completed
	Books    *Books  `json:"books,omitempty"` // of a workload that writes orders
	// Between holds closed loads between the ladder's rungs, run after the ladder in this order.
	// They refine the knee and the connections held, and enter no other figure.
	Between []Rung `json:"between,omitempty"`

	// why it is incomplete: the server died, or did not start or stop
	Failure string   `json:"failure,omitempty"`
	Stderr  []string `json:"stderr,omitempty"` // the server's last lines of output, after a failure
	// Lost says why nothing of the trial counts though its server is not at fault: the yardstick or
	// the upstream died.
	Lost        string `json:"lost,omitempty"`
	Interrupted bool   `json:"interrupted,omitempty"`
	// the worst of its rungs'; nil in records that predate it
	Trust *Trust `json:"trust,omitempty"`
	// Voided is the trust of an earlier trial that was lost and that this one replaces.
	Voided *Trust `json:"voided,omitempty"`
}

// Books are an audit of the orders that a trial's server was sent, warm-up included: what its
// clients were told, and what its database holds.
type Books struct {
	Placed    uint64 `json:"placed"`              // orders confirmed with 201
	Conflicts uint64 `json:"conflicts,omitempty"` // orders refused with 409
	// Lost counts requests without a whole answer: they may have been carried out.
	Lost    uint64 `json:"lost,omitempty"`
	Audited bool   `json:"audited"`
	// Orders are those in the database; of a user's server, those placed and read back.
	Orders   uint64   `json:"orders"`
	Breaches []string `json:"breaches,omitempty"` // of what must always hold, some of each kind

	// Of PostgreSQL: transactions that it undid and the server began anew, and deadlocks that it
	// found, in the whole database.
	Retries   uint64 `json:"retries,omitempty"`
	Deadlocks uint64 `json:"deadlocks,omitempty"`
}

// WarmUp is how a trial's server was brought to a steady state before measuring.
type WarmUp struct {
	TookS   float64 `json:"took_s"`
	Windows int     `json:"windows"` // runs of load, one after another
	Steady  bool    `json:"steady"`  // false: ended at its cap while a request's cost still changed
	Errors  uint64  `json:"errors"`  // failed requests

	// answered without error; 0 in records that predate it
	Requests uint64  `json:"requests,omitempty"`
	CPUS     float64 `json:"cpu_s,omitempty"` // the server's; 0 if the system does not report it
}

// Rung is what one step of load measured.
type Rung struct {
	Load        string  `json:"load"`
	Engine      string  `json:"engine"` // vegeta or loop
	Connections int     `json:"connections"`
	StartS      float64 `json:"start_s"` // since the trial's start
	// ElapsedS runs from the first request to the last answer, or to the end of the time in which
	// requests were to be sent, if that is later.
	ElapsedS float64 `json:"elapsed_s"`
	// EndedS is when the last request ended, if that failed after ElapsedS.
	EndedS        float64           `json:"ended_s,omitempty"`
	Requests      uint64            `json:"requests"` // sent, and answered or failed
	Errors        uint64            `json:"errors"`   // failed requests
	ErrorKinds    map[string]uint64 `json:"error_kinds,omitempty"`
	ErrorExamples map[string]string `json:"error_examples,omitempty"` // the first error of each kind
	Codes         map[int]uint64    `json:"codes"`                    // whole responses by status
	ThroughputRPS float64           `json:"throughput_rps"`           // requests without error, per second of ElapsedS
	// InFlight is a mean by Little's law: throughput times mean latency.
	InFlight  float64 `json:"in_flight"`
	LatencyUS Latency `json:"latency_us"` // in an open load counted from when a request was due
	// Histogram holds LatencyUS in nanoseconds: HDR, V2 compressed, base64.
	Histogram string `json:"histogram,omitempty"`
	// target rate of an open load, or of an overload's surge
	OfferedRPS float64 `json:"offered_rps,omitempty"`
	// requests of an open load that were due but never sent
	Unsent uint64 `json:"unsent,omitempty"`
	// open load: counted from when a request was sent
	UncorrectedUS *Latency       `json:"uncorrected_us,omitempty"`
	SendLagUS     *Lag           `json:"send_lag_us,omitempty"` // open load: time from due to sent
	Yardstick     *Yardstick     `json:"yardstick,omitempty"`   // nil if none ran beside it
	Poison        *PoisonOutcome `json:"poison,omitempty"`      // nil for none
	SurgeOutcome  *SurgeOutcome  `json:"toll,omitempty"`        // of an overload
	Deliveries    *Deliveries    `json:"deliveries,omitempty"`  // of subscribers and members
	Viewing       *Viewing       `json:"viewing,omitempty"`     // of viewers
	Timeline      *Timeline      `json:"timeline,omitempty"`
	// the server's; nil if the system does not report it
	Process *Process `json:"process,omitempty"`
	// the PostgreSQL's; nil if the server asked none, or one that is the user's own
	Database *DatabaseUse `json:"database,omitempty"`
	// Trust says what may be concluded from the rung; nil in records that predate it.
	Trust *Trust `json:"trust,omitempty"`
	// Voided is the trust of a VOID first run that this one replaces.
	Voided *Trust `json:"voided,omitempty"`
	// Idle was measured right after an open load at a rate the user set; nil if the system does not
	// report it.
	Idle *Idle `json:"idle,omitempty"`
}

// Idle is what a server used with its connections open and no requests.
type Idle struct {
	ElapsedS float64 `json:"elapsed_s"`
	CPUS     float64 `json:"cpu_s"`
}

func (r Rung) void() bool { return r.Trust != nil && r.Trust.Status == Void }

// Void reports whether nothing can be concluded from the record: each rung is VOID or belongs to a
// failed trial.
func (r *Record) Void() bool {
	for _, t := range r.Trials {
		for _, rung := range t.Rungs {
			if _, ok := t.Rung(RungKey{rung.Load, rung.Connections}); ok {
				return false
			}
		}
	}
	return true
}

// share returns the part of the requests that were answered, of the viewers who had no stall, or of
// the events that subscribers should have heard: those who heard nothing should have heard as much
// as the others.
func (r Rung) share() (share float64, ok bool) {
	if r.Viewing != nil {
		return partOf(r.Viewing.Smooth, r.Viewing.Viewers)
	}
	d := r.Deliveries
	if d == nil {
		return partOf(r.Answered(), r.Requests)
	}
	if r.Connections == 0 || r.Answered() == 0 {
		return nextToNone, r.Connections > 0
	}
	hearing := 1 - float64(d.Silent)/float64(r.Connections)
	return max(nextToNone, hearing*float64(r.Answered())/float64(d.Owed(r.Answered()))), true
}

// Answered returns the number of requests without error.
func (r Rung) Answered() uint64 { return r.Requests - r.Errors }

// Latency is over the requests without error, in microseconds.
type Latency struct {
	Mean float64 `json:"mean"`
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p999"`
	Max  float64 `json:"max"`
}

// Process is what the server's processes together used during a rung, and their peaks. Memory is
// resident. For several processes it is the memory at the rung's end, with shared pages divided
// among them if the system reports that.
type Process struct {
	CPUS            float64 `json:"cpu_s"`              // user and system
	CPUUSPerRequest float64 `json:"cpu_us_per_request"` // per request without error; 0 without any
	Threads         int     `json:"threads"`
	ActiveThreads   int     `json:"active_threads"` // that ran at all during the rung
	// BusyThreads counts the threads with at least half of the busiest one's CPU time.
	BusyThreads         int    `json:"busy_threads"`
	RSSBytes            uint64 `json:"rss_bytes"`
	VoluntarySwitches   uint64 `json:"voluntary_switches"`
	InvoluntarySwitches uint64 `json:"involuntary_switches"`
	Processes           int    `json:"processes,omitempty"` // 0 in records that predate it
	// Files counts open file descriptors, connections included; 0 if they may not be read.
	Files int `json:"files,omitempty"`
	// ShortLived counts the threads and processes that came and went during the rung, an upper
	// bound.
	ShortLived uint64 `json:"short_lived,omitempty"`
}

// Yardstick is a server that never changes (servers/yardstick), on the same CPUs. The load
// alternated between it and the measured server, slice by slice, so that a slow moment of the
// machine affects both.
type Yardstick struct {
	Slices        int     `json:"slices"`
	CPUUS         float64 `json:"cpu_us_per_request"`
	ThroughputRPS float64 `json:"throughput_rps"`
	// The relative figures are medians over the slices of the server's figure over the yardstick's
	// in the neighbouring slice; 0 if unknown.
	RelativeCPU        float64 `json:"relative_cpu"`
	RelativeThroughput float64 `json:"relative_throughput"`
	// CPUs holds the ratios behind RelativeCPU, slice by slice.
	CPUs []float64 `json:"relative_cpus,omitempty"`
	// CPUsAfter holds the ratios measured again after the ladder, for a server that may have
	// compiled itself meanwhile.
	CPUsAfter []float64 `json:"relative_cpus_after,omitempty"`
}

// Timeline is a rung's uninterrupted run, interval by interval.
type Timeline struct {
	IntervalS float64   `json:"interval_s"`
	Requests  []uint64  `json:"requests"`            // answered without error in each interval
	CPUS      []float64 `json:"cpu_s,omitempty"`     // the server's CPU time in each interval
	Threads   []int     `json:"threads,omitempty"`   // at the end of each interval
	RSSBytes  []uint64  `json:"rss_bytes,omitempty"` // likewise
}
