package summary

import (
	"fmt"
	"slices"
	"strings"

	"nodecompare/results"
)

// articleSays is what the article's table has for Node.js and for a traditional backend.
var articleSays = map[string]string{
	results.RowExecution:   "non-blocking for Node.js, blocking for a traditional backend",
	results.RowPerformance: "high for Node.js, moderate for a traditional backend",
	results.RowScalability: "high for Node.js, lower for a traditional backend",
}

// ArticleSentences say of each of the article's claims what was found.
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

// executionFound names the modes of which the same was seen together.
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
		order[i] = fmt.Sprintf("%s (%s)", seen, listed(of[seen]))
	}
	return "Found: " + strings.Join(order, "; ")
}

func seenWhere(s results.Seen, workloads int) string {
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
			parts = append(parts, part.seen+" on "+listed(part.on))
		}
	}
	if s.Word == results.Mixed || s.Word == results.CannotTell {
		parts = append(parts, "so it is in no pair below")
	}
	return strings.Join(parts, ", ")
}

// claimFound says what a claim comes to, and on which workloads.
func claimFound(a results.Article, c results.Claim) string {
	for _, word := range []string{results.NonBlocking, results.Blocking} {
		if a.Group(word) == nil {
			return "Not tested here: no mode was seen to be " + strings.ToLower(word)
		}
	}
	pairs := 0
	for _, on := range c.Workloads {
		pairs += len(on.Duels)
	}
	found := fmt.Sprintf("Measured, with %s (non-blocking) against %s (blocking), ",
		listed(a.Group(results.NonBlocking)), listed(a.Group(results.Blocking)))
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

// inAll is how many pairs agree, where all do; "" for a single one, which the workloads say
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

// byWorkload names the workloads together of which the same is to be said.
func byWorkload(a results.Article, c results.Claim) string {
	var parts []string
	for _, s := range said {
		var order []string
		of := map[string][]results.ClaimOn{}
		for _, on := range c.Workloads {
			if on.Outcome() == s.outcome {
				split := byOutcome(a, on.Duels)
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
				names, pairs = append(names, on.Workload), pairs+len(on.Duels)
			}
			part := s.text + " on " + listed(names)
			switch {
			case pairs == 0:
				part = "nothing to compare on " + listed(names)
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

// byOutcome counts the pairs by what they say, and names them; "" when all say the same.
func byOutcome(a results.Article, duels []results.Duel) string {
	var parts []string
	for _, s := range said {
		of := slices.DeleteFunc(slices.Clone(duels), func(d results.Duel) bool { return d.Outcome != s.outcome })
		switch {
		case len(of) == len(duels):
			return ""
		case len(of) > 0 && parts == nil:
			parts = append(parts, fmt.Sprintf("%d of %d pairs %s (%s)", len(of), len(duels), s.some, opponents(a, of)))
		case len(of) > 0:
			parts = append(parts, fmt.Sprintf("%d %s (%s)", len(of), s.some, opponents(a, of)))
		}
	}
	return listed(parts)
}

// opponents is "async, node against pool": the non-blocking modes, and against which blocking ones
// where that is not all of them.
func opponents(a results.Article, duels []results.Duel) string {
	var all, some []string
	for _, n := range a.Group(results.NonBlocking) {
		var against []string
		for _, d := range duels {
			if d.NonBlocking == n {
				against = append(against, d.Blocking)
			}
		}
		switch len(against) {
		case 0:
		case len(a.Group(results.Blocking)):
			all = append(all, n)
		default:
			some = append(some, n+" against "+listed(against))
		}
	}
	return strings.Join(append(all, some...), ", ")
}

// listed is "hello", "hello and wait", "hello, wait and cpu".
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
