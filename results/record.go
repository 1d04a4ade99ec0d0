// Package results holds what a bench measured, the record of it, and what follows from it: the verdicts. It neither
// measures nor prints.
package results

import "time"

// Tool and SchemaVersion stand at the head of every record file. The version changes when a field changes its meaning or
// goes away; a new field alone does not change it.
const (
	Tool          = "nodecompare"
	SchemaVersion = 1
)

// Record is one bench: the host, the settings, every trial and the verdicts.
type Record struct {
	Tool          string    `json:"tool"`
	SchemaVersion int       `json:"schema_version"`
	ToolVersion   string    `json:"tool_version"`
	Started       time.Time `json:"started"`
	ElapsedS      float64   `json:"elapsed_s"`
	Partial       bool      `json:"partial"` // it was interrupted: trials are missing
	Host          Host      `json:"host"`
	Settings      Settings  `json:"settings"`
	Selftest      *Selftest `json:"selftest,omitempty"` // made right before the trials; nil where none was
	Trials        []Trial   `json:"trials"`             // in the order in which they ran
	Verdicts      []Verdict `json:"verdicts"`
}

// Host is the machine that ran both the servers and the load.
type Host struct {
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Kernel    string `json:"kernel"`
	Cores     int    `json:"cores"` // that this process may use
	Go        string `json:"go"`
	OpenFiles uint64 `json:"open_files"` // the limit for one process, which bounds the connections
}

// Settings is what was asked for, with the seed that the order of the trials follows from.
type Settings struct {
	Profile   string     `json:"profile"`
	Rounds    int        `json:"rounds"`
	Seed      uint64     `json:"seed"`   // below 2^53, so that every reader of JSON sees the same number
	Engine    string     `json:"engine"` // of the load: vegeta or loop
	Pin       Pin        `json:"pin"`
	Modes     []Mode     `json:"modes"`
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
}

// Workload is a route and the steps of load that each trial of it put on a server.
type Workload struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Method  string `json:"method"`
	Target  string `json:"target"`
	Ladder  []Step `json:"ladder"`         // from the fewest connections to the most
	Note    string `json:"note,omitempty"` // why the ladder, or the CPUs, are not those of the other workloads
}

// Step is one rung as it was planned.
type Step struct {
	Connections int     `json:"connections"`
	DurationS   float64 `json:"duration_s"`
}

// Base is the rung that Performance is read from and Scalability is counted from, in connections.
const Base = 64

// Base is the workload's base rung: that of 64 connections, or the last one below it on a ladder that ends earlier; 0 with
// no ladder.
func (w Workload) Base() int {
	base := 0
	for _, s := range w.Ladder {
		if s.Connections <= Base {
			base = s.Connections
		}
	}
	return base
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
	WarmUp   *WarmUp   `json:"warm_up,omitempty"`
	Rungs    []Rung    `json:"rungs"` // those that were finished

	Failure     string   `json:"failure,omitempty"` // why it is not whole: the server died, did not start, did not stop
	Stderr      []string `json:"stderr,omitempty"`  // the last lines the server printed, when it failed
	Interrupted bool     `json:"interrupted,omitempty"`
	Trust       *Trust   `json:"trust,omitempty"` // the worst of its rungs'; nil in records that did not ask
}

// Rung returns the trial's rung of that many connections when something may be concluded from it: ok is false for one that
// is VOID, and for every rung of a trial that failed, since what ended the server may have slowed it down before. An
// interruption comes from outside, and leaves what was finished as good as it is.
func (t Trial) Rung(connections int) (r Rung, ok bool) {
	if t.Failure != "" {
		return Rung{}, false
	}
	for _, r := range t.Rungs {
		if r.Connections == connections && !r.void() {
			return r, true
		}
	}
	return Rung{}, false
}

// WarmUp is how a trial's server was brought to a steady state before it was measured.
type WarmUp struct {
	TookS   float64 `json:"took_s"`
	Windows int     `json:"windows"` // runs of load, one after the other
	Steady  bool    `json:"steady"`  // false: it ended at its cap, with the last windows still showing a trend
	Errors  uint64  `json:"errors"`  // failed requests
}

// Rung is what one step of load measured: a closed loop, each connection sending as soon as it has its answer.
type Rung struct {
	Connections   int               `json:"connections"`
	ElapsedS      float64           `json:"elapsed_s"` // from the first request to the last answer
	Requests      uint64            `json:"requests"`  // sent, and answered or failed
	Errors        uint64            `json:"errors"`    // of these, failed
	ErrorKinds    map[string]uint64 `json:"error_kinds,omitempty"`
	ErrorExamples map[string]string `json:"error_examples,omitempty"` // the first error of each kind
	Codes         map[int]uint64    `json:"codes"`                    // whole responses by status
	ThroughputRPS float64           `json:"throughput_rps"`           // requests without error, per second of ElapsedS
	InFlight      float64           `json:"in_flight"`                // mean, by Little's law: throughput times mean latency
	LatencyUS     Latency           `json:"latency_us"`
	Process       *Process          `json:"process,omitempty"` // the server; nil where the system does not tell
	Trust         *Trust            `json:"trust,omitempty"`   // what may be concluded from it; nil in records that did not ask
	Voided        *Trust            `json:"voided,omitempty"`  // of a first run, which was VOID: this one was made in its place
}

func (r Rung) void() bool { return r.Trust != nil && r.Trust.Status == Void }

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

// Process is what the server used during a rung, and held at most.
type Process struct {
	CPUS                float64 `json:"cpu_s"`              // user and system
	CPUUSPerRequest     float64 `json:"cpu_us_per_request"` // per request without error; 0 when there was none
	Threads             int     `json:"threads"`
	RSSBytes            uint64  `json:"rss_bytes"`
	VoluntarySwitches   uint64  `json:"voluntary_switches"`
	InvoluntarySwitches uint64  `json:"involuntary_switches"`
}
