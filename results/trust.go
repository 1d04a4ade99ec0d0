package results

import (
	"cmp"
	"fmt"
	"slices"
)

// Words for how far a measurement can be trusted.
const (
	Valid   = "VALID"   // nothing speaks against it
	Suspect = "SUSPECT" // a figure may be misleading; the reason says which, and what still holds
	Void    = "VOID"    // nothing may be concluded from it
)

// Trust is the worst word that the rules gave, VALID by default, with a reason a rule.
type Trust struct {
	Status  string   `json:"status"`
	Reasons []string `json:"reasons"`         // in the order of the rules; empty if VALID, never nil
	Rules   []string `json:"rules,omitempty"` // names of the rules that fired, each once
}

// Weigh applies every rule to the evidence.
func Weigh(e Evidence) Trust {
	t := Trust{Status: Valid, Reasons: []string{}}
	for _, r := range Rules {
		if r.Of != nil && !slices.Contains(r.Of, cmp.Or(e.Conversation, Request)) {
			continue
		}
		status, reason := r.weigh(e)
		if status == Valid {
			continue
		}
		t.Reasons = append(t.Reasons, e.terms().Replace(reason))
		t.Rules = append(t.Rules, r.Name)
		t.Status = worse(t.Status, status)
	}
	return t
}

// And combines the trust with the outcome of more evidence on the same run.
func (t Trust) And(more Trust) Trust {
	both := Trust{worse(t.Status, more.Status), slices.Concat(t.Reasons, more.Reasons), slices.Clone(t.Rules)}
	for _, rule := range more.Rules {
		if !slices.Contains(both.Rules, rule) {
			both.Rules = append(both.Rules, rule)
		}
	}
	return both
}

// Weigh returns the trust in a whole trial: the worst of its rungs', with their reasons. A trial
// that failed, was lost or was interrupted is VOID. Rungs without a trust are left out.
func (t Trial) Weigh() Trust {
	whole := Trust{Status: Valid, Reasons: []string{}}
	switch {
	case t.Failure != "":
		whole = Trust{Status: Void, Reasons: []string{"the trial failed: " + t.Failure}}
	case t.Lost != "":
		whole = Trust{Status: Void, Reasons: []string{"the trial was lost: " + t.Lost}}
	case t.Interrupted:
		whole = Trust{Status: Void, Reasons: []string{"the trial was interrupted"}}
	}
	for _, r := range t.Rungs {
		if r.Trust == nil {
			continue
		}
		whole.Status = worse(whole.Status, r.Trust.Status)
		for _, rule := range r.Trust.Rules {
			if !slices.Contains(whole.Rules, rule) {
				whole.Rules = append(whole.Rules, rule)
			}
		}
		for _, reason := range r.Trust.Reasons {
			whole.Reasons = append(whole.Reasons, fmt.Sprintf("at %s: %s", count(r.Connections, "connection"), reason))
		}
	}
	return whole
}

// worse returns the worse of two words.
func worse(a, b string) string {
	if a == Void || b == Void {
		return Void
	}
	if a == Suspect || b == Suspect {
		return Suspect
	}
	return Valid
}
