package results

import "slices"

// What a bench found of a claim of the article, beside NoDifference and CannotTell.
const (
	AsSaid   = "as the article says"
	Reversed = "the other way round"
	Mixed    = "Mixed" // some of this and some of that
)

// Article is what a bench of several workloads found of the article's table. It follows from the
// verdicts.
type Article struct {
	Workloads []string        // that have the article's rows
	Modes     []ModeExecution // in the order of the settings
	Claims    []Claim         // Performance, Scalability
}

// ModeExecution is what a mode's Execution was found to be, and on which workloads.
type ModeExecution struct {
	Mode string
	// NonBlocking or Blocking: so on some workloads, and the other on none. Mixed: both;
	// CannotTell: neither
	Word        string
	NonBlocking []string
	Blocking    []string
	CannotTell  []string
}

// Claim is a row of the article: that non-blocking modes are the better ones.
type Claim struct {
	Row       string
	Workloads []ClaimOn
}

// ClaimOn is a claim on one workload.
type ClaimOn struct {
	Workload string
	Pairings []Pairing // each non-blocking mode with each blocking one, where both were measured
}

// Pairing is the claim on two modes.
type Pairing struct {
	NonBlocking string
	Blocking    string
	Outcome     string     // AsSaid, Reversed, NoDifference, DependsOnLoad, CannotTell
	On          Comparison // the figure that the outcome rests on
	Light       Comparison // the figure at light load that makes it depend on the load
}

// CheckArticle holds the article against a record's verdicts. It takes two modes that are not one
// and the same, and a workload with the article's rows.
func CheckArticle(r *Record) (a Article, ok bool) {
	var verdicts []Verdict
	for _, v := range r.Verdicts {
		if _, ok := v.finding(RowExecution); ok { // with poison there is another row instead
			verdicts = append(verdicts, v)
			a.Workloads = append(a.Workloads, v.Workload)
		}
	}
	if r.Settings.Null || len(r.Settings.Modes) < 2 || len(verdicts) == 0 {
		return Article{}, false
	}
	for _, m := range r.Settings.Modes {
		a.Modes = append(a.Modes, executionOf(m.Name, verdicts))
	}
	for _, row := range []string{RowPerformance, RowScalability} {
		c := Claim{Row: row}
		for _, v := range verdicts {
			f, _ := v.finding(row)
			c.Workloads = append(c.Workloads, ClaimOn{v.Workload, a.pairings(f)})
		}
		a.Claims = append(a.Claims, c)
	}
	return a, true
}

func (v Verdict) finding(row string) (f Finding, ok bool) {
	i := slices.IndexFunc(v.Findings, func(f Finding) bool { return f.Row == row })
	if i < 0 {
		return Finding{}, false
	}
	return v.Findings[i], true
}

func executionOf(mode string, verdicts []Verdict) ModeExecution {
	s := ModeExecution{Mode: mode, Word: CannotTell}
	for _, v := range verdicts {
		f, _ := v.finding(RowExecution)
		switch f.Of(mode) {
		case NonBlocking:
			s.NonBlocking = append(s.NonBlocking, v.Workload)
		case Blocking:
			s.Blocking = append(s.Blocking, v.Workload)
		case CannotTell:
			s.CannotTell = append(s.CannotTell, v.Workload)
		}
	}
	switch {
	case s.NonBlocking != nil && s.Blocking != nil:
		s.Word = Mixed
	case s.NonBlocking != nil:
		s.Word = NonBlocking
	case s.Blocking != nil:
		s.Word = Blocking
	}
	return s
}

// Group is the modes of an Execution's word.
func (a Article) Group(word string) []string {
	var names []string
	for _, s := range a.Modes {
		if s.Word == word {
			names = append(names, s.Mode)
		}
	}
	return names
}

// pairings are a row's, of which something was measured.
func (a Article) pairings(f Finding) []Pairing {
	var pairings []Pairing
	for _, n := range a.Group(NonBlocking) {
		for _, b := range a.Group(Blocking) {
			var compared []Comparison
			for _, c := range f.Comparisons {
				if c.A == n && c.B == b || c.A == b && c.B == n {
					compared = append(compared, c)
				}
			}
			l := Between(compared)
			d := Pairing{NonBlocking: n, Blocking: b, Outcome: CannotTell, On: restingOn(saturated(compared))}
			switch {
			case !l.Measured:
				continue
			case l.Depends():
				d.Outcome, d.Light = DependsOnLoad, AtLightLoad(compared)
			case l.Better == n:
				d.Outcome = AsSaid
			case l.Better == b:
				d.Outcome = Reversed
			case l.Same:
				d.Outcome = NoDifference
			}
			pairings = append(pairings, d)
		}
	}
	return pairings
}

// restingOn is the comparison that decides; else the one that the words rest on; else the first
// that was measured.
func restingOn(compared []Comparison) (on Comparison) {
	weight := func(c Comparison) int {
		switch {
		case c.Rounds == 0:
			return 0
		case c.Decides:
			return 3
		case c.Rests:
			return 2
		}
		return 1
	}
	for _, c := range compared {
		if weight(c) > weight(on) {
			on = c
		}
	}
	return on
}

// Outcome is what the pairings of a workload come to.
func (c ClaimOn) Outcome() string { return combine(c.Pairings) }

// Outcome is what the pairings of all workloads come to. A workload without any leaves it open.
func (c Claim) Outcome() string {
	var all []Pairing
	for _, on := range c.Workloads {
		all = append(all, on.Pairings...)
		if len(on.Pairings) == 0 {
			all = append(all, Pairing{Outcome: CannotTell})
		}
	}
	return combine(all)
}

// combine is what every pairing says; else Mixed. Where those that say something agree, one of which
// one cannot tell leaves it open: it may be one more of them, or the exception.
func combine(pairings []Pairing) string {
	word, unsure := "", false
	for _, d := range pairings {
		switch {
		case d.Outcome == CannotTell:
			unsure = true
		case word == "":
			word = d.Outcome
		case word != d.Outcome:
			return Mixed
		}
	}
	if unsure || word == "" {
		return CannotTell
	}
	return word
}
