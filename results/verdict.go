package results

import "slices"

// The rows of the article's table.
const (
	RowExecution   = "Execution"
	RowPerformance = "Performance"
	RowScalability = "Scalability"
)

// The words of its cells, and two that it has not.
const (
	Blocking     = "Blocking"
	NonBlocking  = "Non-blocking"
	High         = "High"
	Moderate     = "Moderate"
	Lower        = "Lower"
	NoDifference = "No difference"
	CannotTell   = "Cannot tell"
)

// Verdict is what a workload's trials say about each row of the table.
type Verdict struct {
	Workload string    `json:"workload"`
	Findings []Finding `json:"findings"` // Execution, Performance, Scalability
}

// Finding is one row: a word for each mode, and what the words follow from.
type Finding struct {
	Row         string        `json:"row"`
	Words       []Word        `json:"words"`                 // in the order of the settings' modes
	Threads     []ThreadCount `json:"threads,omitempty"`     // Execution: the rung that each word follows from
	Comparisons []Comparison  `json:"comparisons,omitempty"` // Performance, Scalability: every metric of every two modes
}

// Word is one cell's label; "" when there is no other mode to compare with.
type Word struct {
	Mode string `json:"mode"`
	Word string `json:"word"`
}

// ThreadCount is how many OS threads a server had for how many requests in flight: medians over the rounds.
type ThreadCount struct {
	Mode        string  `json:"mode"`
	Connections int     `json:"connections"`
	Threads     float64 `json:"threads"`
	InFlight    float64 `json:"in_flight"`
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

// Judge derives the verdicts from the trials, by the rules of docs/method.md. It changes nothing in the record.
func Judge(r *Record) []Verdict {
	var verdicts []Verdict
	for _, w := range r.Settings.Workloads {
		verdicts = append(verdicts, Verdict{Workload: w.Name, Findings: []Finding{
			execution(r, w),
			rank(r, w, RowPerformance, Moderate, Performance, largest),
			rank(r, w, RowScalability, Lower, Scalability, first),
		}})
	}
	return verdicts
}

// execution looks at the rungs of at least 64 connections, and 4 for each core, since a runtime has threads of its own for
// each core. A server with at least as many threads as requests in flight at one of them gives each request a thread:
// Blocking. One rung is enough, for a pool of threads falls behind on the rungs above its size.
func execution(r *Record, w Workload) Finding {
	f := Finding{Row: RowExecution}
	least := max(Base, 4*r.Host.Cores)
	for _, m := range r.Settings.Modes {
		word, shown := CannotTell, ThreadCount{Mode: m.Name}
		for _, step := range w.Ladder {
			if step.Connections < least || word == Blocking {
				continue
			}
			threads, ok := r.Median(w.Name, m.Name, step.Connections, Threads)
			inFlight, answers := r.Median(w.Name, m.Name, step.Connections, InFlight)
			// Where the generator or errors left most connections idle, threads cannot be told from requests.
			if !ok || !answers || inFlight < float64(step.Connections)/4 {
				continue
			}
			at := ThreadCount{m.Name, step.Connections, threads, inFlight}
			switch {
			case threads >= inFlight:
				word, shown = Blocking, at
			case word == CannotTell:
				word, shown = NonBlocking, at
			}
		}
		f.Words = append(f.Words, Word{m.Name, word})
		if word != CannotTell {
			f.Threads = append(f.Threads, shown)
		}
	}
	return f
}

// rank gives High to the modes that no other is better than, and lesser to the rest. decide picks, from the comparisons of
// two modes, the one that decides between them; -1 for none.
func rank(r *Record, w Workload, row, lesser string, metrics []Metric, decide func([]Comparison) int) Finding {
	f := Finding{Row: row}
	known, beaten := map[string]bool{}, map[string]bool{}
	whole := true // every metric was there for every two modes that were measured together
	for i, a := range r.Settings.Modes {
		for _, b := range r.Settings.Modes[i+1:] {
			var pair []Comparison
			enough := 0
			for _, m := range metrics {
				c := m.compare(r, w, a.Name, b.Name)
				if c.Rounds >= minRounds {
					known[a.Name], known[b.Name] = true, true
					enough++
				}
				pair = append(pair, c)
			}
			whole = whole && (enough == 0 || enough == len(metrics))
			if d := decide(pair); d >= 0 {
				pair[d].Decides = true
				beaten[pair[d].Worse()] = true
			}
			f.Comparisons = append(f.Comparisons, pair...)
		}
	}
	for _, m := range r.Settings.Modes {
		word := High
		switch {
		case len(r.Settings.Modes) == 1:
			word = ""
		case !known[m.Name] || len(beaten) == len(known): // the latter: each is beaten by another, in a circle
			word = CannotTell
		case len(beaten) == 0 && !whole: // what is missing might differ
			word = CannotTell
		case len(beaten) == 0:
			word = NoDifference
		case beaten[m.Name]:
			word = lesser
		}
		f.Words = append(f.Words, Word{m.Name, word})
	}
	return f
}

// largest is the rule of Performance: a difference in the share of requests answered comes before all; then of throughput
// and CPU per request the one that differs more decides.
func largest(pair []Comparison) int {
	if d := first(pair[:1]); d >= 0 {
		return d
	}
	best := -1
	for i, c := range pair {
		if c.Better != "" && (best < 0 || c.weight() > pair[best].weight()) {
			best = i
		}
	}
	return best
}

// first is the rule of Scalability: the metrics are in the order of what matters more.
func first(pair []Comparison) int {
	return slices.IndexFunc(pair, func(c Comparison) bool { return c.Better != "" })
}
