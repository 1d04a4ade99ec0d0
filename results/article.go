package results

import "slices"

// Outcomes of a claim of the article in a bench, besides NoDifference and CannotTell.
const (
	AsSaid   = "as the article says"
	Reversed = "the other way round"
	Mixed    = "Mixed" // the pairings disagree
)

// Article holds what a bench of several workloads found about the article's table. CheckArticle
// derives an Article from a record's verdicts.
type Article struct {
	Workloads []string        // with the article's rows
	Modes     []ModeExecution // in the order of the settings
	Claims    []Claim         // Performance, Scalability
}

// ModeExecution says how one mode's requests wait, over all workloads.
type ModeExecution struct {
	Mode string
	// Word is NonBlocking if some workloads found the mode non-blocking and none found it blocking,
	// Blocking for the reverse, Mixed if workloads disagree, and CannotTell if none decided.
	Word        string
	NonBlocking []string
	Blocking    []string
	CannotTell  []string
}

// Claim is one row of the article: the statement that non-blocking modes are better.
type Claim struct {
	Row       string
	Workloads []ClaimOn
}

// ClaimOn is a claim checked on one workload.
type ClaimOn struct {
	Workload string
	Pairings []Pairing // every measured pair of a non-blocking and a blocking mode
}

// Pairing is a claim checked on one pair of modes.
type Pairing struct {
	NonBlocking string
	Blocking    string
	Outcome     string     // AsSaid, Reversed, NoDifference, DependsOnLoad, CannotTell
	On          Comparison // the comparison that gives the outcome
	But         Comparison // the comparison that contradicts On, if that is why Outcome is CannotTell
	Light       Comparison // the comparison at light load, if Outcome is DependsOnLoad
}

// CheckArticle compares a record's verdicts with the article's claims. ok is false for a bench of
// one mode against itself, of fewer than two modes, or of no workload with the article's rows.
func CheckArticle(r *Record) (a Article, ok bool) {
	var verdicts []Verdict
	for _, v := range r.Verdicts {
		// a workload with poison has the row Isolation instead
		if _, ok := v.finding(RowExecution); ok {
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

// Group returns the names of the modes with the given Execution word.
func (a Article) Group(word string) []string {
	var names []string
	for _, s := range a.Modes {
		if s.Word == word {
			names = append(names, s.Mode)
		}
	}
	return names
}

// pairings returns the outcome of a row for every measured pair of a non-blocking and a blocking
// mode.
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
			default:
				d.But = Vetoing(compared, d.On)
			}
			pairings = append(pairings, d)
		}
	}
	return pairings
}

// Vetoing returns the comparison of the same two modes that favours the other mode; for two that
// are the same, either. It is empty if none does.
func Vetoing(compared []Comparison, of Comparison) Comparison {
	for _, c := range compared {
		if c.A == of.A && c.B == of.B && !c.Rests && !c.Light && c.Better != "" && (c.Better == of.Worse() || of.Same) {
			return c
		}
	}
	return Comparison{}
}

// restingOn returns the comparison that decides, or the comparison that the words rest on, or the
// first measured one, in this order of preference.
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

// Outcome combines the workload's pairings.
func (c ClaimOn) Outcome() string { return combine(c.Pairings) }

// Outcome combines the pairings of all workloads. A workload without a pairing counts as
// CannotTell.
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

// combine returns the pairings' common outcome, Mixed if two decided pairings disagree, and
// CannotTell if any pairing is undecided or there are none.
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
