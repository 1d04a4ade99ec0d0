package results

import "nodecompare/results/stat"

// Rows of the article's table.
const (
	RowExecution   = "Execution"
	RowPerformance = "Performance"
	RowScalability = "Scalability"
)

// RowIsolation is the row of a workload with poison: how well victim requests are shielded from the
// poison.
const RowIsolation = "Isolation"

// Words of the table's cells, and two that the article does not use.
const (
	Blocking      = "Blocking"
	NonBlocking   = "Non-blocking"
	High          = "High"
	Moderate      = "Moderate"
	Lower         = "Lower"
	NoDifference  = "No difference"
	DependsOnLoad = "Depends on load" // another mode is ahead at light load than at a saturated one
	CannotTell    = "Cannot tell"
)

// Verdict is what a workload's trials say about each row of the table.
type Verdict struct {
	Workload string    `json:"workload"`
	Findings []Finding `json:"findings"` // Execution, Performance, Scalability
	// of a bench of one mode against itself
	Detectable []MinDetectable `json:"detectable,omitempty"`
}

// Finding is one row: a word for each mode, and the evidence.
type Finding struct {
	Row string `json:"row"`
	// in the order of the settings, without modes that took no part
	Words  []Word  `json:"words"`
	Models []Model `json:"models,omitempty"` // Execution: one for each mode
	// Performance, Scalability: every metric of every pair
	Comparisons []Comparison `json:"comparisons,omitempty"`
	// Standings: Performance and Scalability, one for each compared mode.
	Standings []Standing `json:"standings,omitempty"`
	Scaling   []Scaling  `json:"scaling,omitempty"` // Scalability: one for each mode
}

// Models that a server's threads show from outside.
const (
	ThreadPerRequest = "thread per request"
	ThreadPool       = "pool of about" // of Threads threads
	EventLoop        = "event loop"    // of Threads threads
)

// Model is how a server's threads reacted as the requests in flight were stepped up.
type Model struct {
	Mode string `json:"mode"`
	Name string `json:"name"` // "" if undecided
	// Threads counts the pool's threads or the event loops; 0 for a thread per request, and for
	// loops if the system does not report it.
	Threads int         `json:"threads"`
	Why     string      `json:"why"`   // one sentence with its numbers, or what was missing
	Steps   []ModelStep `json:"steps"` // the evidence, from few connections to many
}

// ModelStep holds a rung's figures, as medians over the rounds.
type ModelStep struct {
	Connections        int     `json:"connections"`
	InFlight           float64 `json:"in_flight"`
	ThroughputRPS      float64 `json:"throughput_rps"`
	P50US              float64 `json:"p50_us"`         // latency
	Threads            float64 `json:"threads"`        // peak
	ActiveThreads      float64 `json:"active_threads"` // that ran at all
	BusyThreads        float64 `json:"busy_threads"`   // that did the work
	CPUUSPerRequest    float64 `json:"cpu_us_per_request"`
	SwitchesPerRequest float64 `json:"switches_per_request"` // voluntary context switches

	Processes float64 `json:"processes,omitempty"` // that the threads are spread over
	// Files counts open file descriptors, connections included.
	Files                float64 `json:"files,omitempty"`
	ShortLivedPerRequest float64 `json:"short_lived_per_request,omitempty"` // threads and processes that came and went
}

// Scaling is how a mode's throughput grows with its connections.
type Scaling struct {
	Mode string `json:"mode"`
	USL  *USL   `json:"usl,omitempty"` // nil with fewer than 4 rungs
	// Knee is the smallest number of connections tried with at least 90% of the highest throughput;
	// 0 if there is none.
	Knee int `json:"knee,omitempty"`
	// Held is the most connections tried with p99 within the SLO and no errors; 0 if none.
	Held int `json:"held"`
	// Most is the most connections tried; if equal to Held, Held may be more. 0 says that neither
	// is known.
	Most int `json:"most"`
}

// USL is the Universal Scalability Law, X(N) = λN / (1 + σ(N−1) + κN(N−1)), fitted to each round's
// ladder (N. J. Gunther, Guerrilla Capacity Planning, 2007). Each parameter is the median over the
// rounds with its interval.
type USL struct {
	Lambda stat.Estimate `json:"lambda"` // requests per second of one connection
	Sigma  stat.Estimate `json:"sigma"`  // contention: the serial share
	Kappa  stat.Estimate `json:"kappa"`  // coherency: the cost of each pair of connections
	// R2 is the fit's coefficient of determination, the median over the rounds.
	R2 float64 `json:"r2"`
	// Peak is the number of connections with the highest throughput, √((1−σ)/κ); 0 if κ is not
	// certainly above 0, or a higher rung has more throughput.
	Peak   float64 `json:"peak"`
	Beyond bool    `json:"beyond"` // the peak is extrapolated beyond the ladder
}

// At returns the fitted throughput in requests per second.
func (u USL) At(connections float64) float64 {
	n := connections
	return u.Lambda.Value * n / (1 + u.Sigma.Value*(n-1) + u.Kappa.Value*n*(n-1))
}

// Word is one cell's label; "" without another mode to compare with.
type Word struct {
	Mode string `json:"mode"`
	Word string `json:"word"`
}

// Of returns the word of a mode.
func (f Finding) Of(mode string) string {
	for _, w := range f.Words {
		if w.Mode == mode {
			return w.Word
		}
	}
	return ""
}

// Judge derives the verdicts from the trials, by the rules of docs/method.md. Judge does not change
// the record, and ignores a second run of suspects (Record.Again).
func Judge(r *Record) []Verdict {
	var verdicts []Verdict
	for _, w := range r.Settings.Workloads {
		r := r.On(w.Name)
		all := contests(r, w)
		if w.Poison != nil {
			verdicts = append(verdicts, isolation(r, w, all))
			continue
		}
		scalability := rank(r, all, 1)
		for _, m := range r.Settings.Modes {
			scalability.Scaling = append(scalability.Scaling, scaling(r, w, m.Name))
		}
		v := Verdict{Workload: w.Name, Findings: []Finding{execution(r, w), rank(r, all, 0), scalability}}
		if r.Settings.Null {
			v.Detectable = detectable(w, all)
		}
		verdicts = append(verdicts, v)
	}
	return verdicts
}

// isolation returns the verdict of a workload with poison. Its words are those of Scalability, by
// the same rules.
func isolation(r *Record, w Workload, pairs []pair) Verdict {
	v := Verdict{Workload: w.Name, Findings: []Finding{rank(r, pairs, len(ranked)-1)}}
	if r.Settings.Null {
		v.Detectable = detectable(w, pairs)
	}
	return v
}
