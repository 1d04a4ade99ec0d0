package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
)

// articleSays is the article's table for Node.js and for a traditional backend.
var articleSays = map[string]string{
	results.RowExecution:   "non-blocking for Node.js, blocking for a traditional backend",
	results.RowPerformance: "high for Node.js, moderate for a traditional backend",
	results.RowScalability: "high for Node.js, lower for a traditional backend",
}

// ArticleSentences return a sentence for each of the article's claims.
func ArticleSentences(a results.Article) []string {
	all := []string{articleSentence(results.RowExecution, executionFound(a))}
	for _, c := range a.Claims {
		all = append(all, articleSentence(c.Row, claimFound(a, c)))
	}
	if len(a.Group(results.NonBlocking))*len(a.Group(results.Blocking)) > 1 {
		all = append(all, "Pairs: each is one non-blocking mode with one blocking mode. A word in the table "+
			"compares a mode with all others. So a non-blocking mode may be ahead in all its pairs and still be "+
			"behind another non-blocking one.")
	}
	return all
}

func articleSentence(row, found string) string {
	return fmt.Sprintf("%s: the article says %s. %s.", row, articleSays[row], found)
}

// executionFound groups the modes by their finding.
func executionFound(a results.Article) string {
	var order []string
	of := map[string][]string{}
	for _, s := range a.Modes {
		seen := seenWhere(s, len(a.Workloads))
		if !slices.Contains(order, seen) {
			order = append(order, seen)
		}
		of[seen] = append(of[seen], s.Mode)
	}
	for i, seen := range order {
		order[i] = fmt.Sprintf("%s (%s)", seen, joinNames(of[seen]))
	}
	return "Found: " + strings.Join(order, "; ")
}

func seenWhere(s results.ModeExecution, workloads int) string {
	var parts []string
	for _, part := range []struct {
		seen string
		on   []string
	}{{"non-blocking", s.NonBlocking}, {"blocking", s.Blocking}, {"cannot tell", s.CannotTell}} {
		switch len(part.on) {
		case 0:
		case workloads:
			parts = append(parts, part.seen+" on every workload")
		default:
			parts = append(parts, part.seen+" on "+joinNames(part.on))
		}
	}
	if s.Word == results.Mixed || s.Word == results.CannotTell {
		parts = append(parts, "so it is in no pair below")
	}
	return strings.Join(parts, ", ")
}

// claimFound says what was found of a claim, and on which workloads.
func claimFound(a results.Article, c results.Claim) string {
	for _, word := range []string{results.NonBlocking, results.Blocking} {
		if a.Group(word) == nil {
			return "Not tested here: no mode was seen to be " + strings.ToLower(word)
		}
	}
	pairs := 0
	for _, on := range c.Workloads {
		pairs += len(on.Pairings)
	}
	found := fmt.Sprintf("Measured, %s against %s: ",
		joinNames(a.Group(results.NonBlocking)), joinNames(a.Group(results.Blocking)))
	switch c.Outcome() {
	case results.AsSaid:
		return found + "it is so on every workload" + inAll(pairs, len(c.Workloads))
	case results.Reversed:
		return found + "it is the other way round on every workload" + inAll(pairs, len(c.Workloads))
	case results.NoDifference:
		return found + "there is no difference on any workload" + inAll(pairs, len(c.Workloads))
	case results.DependsOnLoad:
		return found + "it depends on the load on every workload" + inAll(pairs, len(c.Workloads))
	case results.Mixed:
		return found + "it depends: " + byWorkload(a, c)
	}
	return found + "it is undecided: " + byWorkload(a, c)
}

// inAll returns how many pairs agree, if all do; "" for a single pair, which the workloads name
// already.
func inAll(pairs, workloads int) string {
	if pairs == workloads {
		return ""
	}
	return fmt.Sprintf(" (%[1]d of %[1]d pairs)", pairs)
}

// said are the outcomes in a sentence, in their order: of a workload, and of some of its pairs.
var said = []struct{ outcome, text, some string }{
	{results.AsSaid, "as it says", "as it says"},
	{results.Reversed, "the other way round", "the other way round"},
	{results.NoDifference, "no difference", "with no difference"},
	{results.DependsOnLoad, "depends on the load", "depend on the load"},
	{results.Mixed, "mixed", ""},
	{results.CannotTell, "cannot tell", "undecided"},
}

// byWorkload groups the workloads by outcome.
func byWorkload(a results.Article, c results.Claim) string {
	var parts []string
	for _, s := range said {
		var order []string
		of := map[string][]results.ClaimOn{}
		for _, on := range c.Workloads {
			if on.Outcome() == s.outcome {
				split := byOutcome(a, on.Pairings)
				if of[split] == nil {
					order = append(order, split)
				}
				of[split] = append(of[split], on)
			}
		}
		for _, split := range order {
			var names []string
			pairs := 0
			for _, on := range of[split] {
				names, pairs = append(names, on.Workload), pairs+len(on.Pairings)
			}
			part := s.text + " on " + joinNames(names)
			switch {
			case pairs == 0:
				part = "nothing to compare on " + joinNames(names)
			case split == "":
				part += inAll(pairs, len(names))
			case len(names) == 1:
				part += ", with " + split
			default:
				part += ", on each with " + split
			}
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}

// byOutcome counts and names the pairs by outcome; "" if all have the same.
func byOutcome(a results.Article, pairings []results.Pairing) string {
	var parts []string
	for _, s := range said {
		of := slices.DeleteFunc(slices.Clone(pairings), func(d results.Pairing) bool { return d.Outcome != s.outcome })
		switch {
		case len(of) == len(pairings):
			return ""
		case len(of) > 0 && parts == nil:
			parts = append(parts, fmt.Sprintf("%d of %d pairs %s (%s)", len(of), len(pairings), s.some,
				opponents(a, of)))
		case len(of) > 0:
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(of), s.some, opponents(a, of)))
		}
	}
	return joinNames(parts)
}

// opponents returns "async, node against pool": the non-blocking modes, and their blocking ones
// unless these are all.
func opponents(a results.Article, pairings []results.Pairing) string {
	var all, some []string
	for _, n := range a.Group(results.NonBlocking) {
		var against []string
		for _, d := range pairings {
			if d.NonBlocking == n {
				against = append(against, d.Blocking)
			}
		}
		switch len(against) {
		case 0:
		case len(a.Group(results.Blocking)):
			all = append(all, n)
		default:
			some = append(some, n+" against "+joinNames(against))
		}
	}
	return strings.Join(append(all, some...), ", ")
}

// joinNames returns "hello", "hello and wait" or "hello, wait and cpu".
func joinNames(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
