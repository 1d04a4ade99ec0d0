package results

import "nodecompare/results/stat"

// The rows of the article's table.
const (
	RowExecution   = "Execution"
	RowPerformance = "Performance"
	RowScalability = "Scalability"
)

// RowIsolation is the row of a workload with poison: how far innocent requests are kept apart from
// it.
const RowIsolation = "Isolation"

// The words of its cells, and two that it has not.
const (
	Blocking      = "Blocking"
	NonBlocking   = "Non-blocking"
	High          = "High"
	Moderate      = "Moderate"
	Lower         = "Lower"
	NoDifference  = "No difference"
	DependsOnLoad = "Depends on load" // another mode is ahead at light load than under a saturated one
	CannotTell    = "Cannot tell"
)

// Verdict is what a workload's trials say about each row of the table.
type Verdict struct {
	Workload   string          `json:"workload"`
	Findings   []Finding       `json:"findings"`             // Execution, Performance, Scalability
	Detectable []MinDetectable `json:"detectable,omitempty"` // of a bench of one mode against itself
}

// Finding is one row: a word for each mode, and what the words follow from.
type Finding struct {
	Row string `json:"row"`
	// in the order of the settings' modes, without those that took no part
	Words       []Word       `json:"words"`
	Models      []Model      `json:"models,omitempty"`      // Execution: one for each mode
	Comparisons []Comparison `json:"comparisons,omitempty"` // Performance, Scalability: every metric of every two modes
	// Performance, Scalability: one for each mode that was compared
	Standings []Standing `json:"standings,omitempty"`
	Scaling   []Scaling  `json:"scaling,omitempty"` // Scalability: one for each mode
}

// The models that a server's threads tell from outside.
const (
	ThreadPerRequest = "thread per request"
	ThreadPool       = "pool of about" // Threads of them
	EventLoop        = "event loop"    // Threads of them
)

// Model is what a server's threads did as the requests in flight were stepped up.
type Model struct {
	Mode string `json:"mode"`
	Name string `json:"name"` // "" when one cannot tell
	// of the pool, or how many loops; 0 for a thread per request, and for loops where the system
	// does not tell
	Threads int         `json:"threads"`
	Why     string      `json:"why"`   // one sentence, with its numbers; when one cannot tell, what was missing
	Steps   []ModelStep `json:"steps"` // the evidence, from few connections to many
}

// ModelStep is one rung of it: medians over the rounds.
type ModelStep struct {
	Connections        int     `json:"connections"`
	InFlight           float64 `json:"in_flight"`
	ThroughputRPS      float64 `json:"throughput_rps"`
	P50US              float64 `json:"p50_us"`         // latency
	Threads            float64 `json:"threads"`        // the most there were
	ActiveThreads      float64 `json:"active_threads"` // that ran at all
	BusyThreads        float64 `json:"busy_threads"`   // that did the work
	CPUUSPerRequest    float64 `json:"cpu_us_per_request"`
	SwitchesPerRequest float64 `json:"switches_per_request"` // voluntary context switches

	Processes float64 `json:"processes,omitempty"` // that the threads are spread over
	// open file descriptors, connections among them
	Files                float64 `json:"files,omitempty"`
	ShortLivedPerRequest float64 `json:"short_lived_per_request,omitempty"` // threads and processes that came and went
}

// Scaling is how a mode's throughput grew with its connections.
type Scaling struct {
	Mode string `json:"mode"`
	USL  *USL   `json:"usl,omitempty"` // nil with fewer than 4 rungs
	// connections: the fewest tried with at least 90% of the highest throughput; 0 when there is
	// none
	Knee int `json:"knee,omitempty"`
	// the most connections tried with p99 within the SLO and no errors; 0 when none were
	Held int `json:"held"`
	Most int `json:"most"` // connections that were tried: Held may be more where it is the same
}

// USL is the Universal Scalability Law, X(N) = λN / (1 + σ(N−1) + κN(N−1)), fitted to each round's
// ladder (N. J. Gunther, Guerrilla Capacity Planning, 2007). Each parameter is the median over the
// rounds with its interval.
type USL struct {
	Lambda stat.Estimate `json:"lambda"` // requests per second of one connection
	Sigma  stat.Estimate `json:"sigma"`  // contention: the share that goes one after the other
	Kappa  stat.Estimate `json:"kappa"`  // coherency: what each pair of connections costs
	// the fit's quality: the share of the variance that it explains, the rounds' median
	R2 float64 `json:"r2"`
	// connections of the highest throughput, √((1−σ)/κ); 0 where κ is not surely above 0, or more
	// of them have more
	Peak   float64 `json:"peak"`
	Beyond bool    `json:"beyond"` // the peak lies beyond the ladder: extrapolated
}

// At is the fitted throughput, in requests per second.
func (u USL) At(connections float64) float64 {
	n := connections
	return u.Lambda.Value * n / (1 + u.Sigma.Value*(n-1) + u.Kappa.Value*n*(n-1))
}

// Word is one cell's label; "" when there is no other mode to compare with.
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

// Judge derives the verdicts from the trials, by the rules of docs/method.md. It changes nothing in
// the record, and does not look at a second run of suspects (Record.Again).
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

// isolation is the verdict of a workload with poison. Its words are those of Scalability, by the
// same rules.
func isolation(r *Record, w Workload, pairs []pair) Verdict {
	v := Verdict{Workload: w.Name, Findings: []Finding{rank(r, pairs, len(ranked)-1)}}
	if r.Settings.Null {
		v.Detectable = detectable(w, pairs)
	}
	return v
}
