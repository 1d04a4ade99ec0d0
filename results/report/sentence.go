package report

import (
	"fmt"
	"strings"

	"nodecompare/results"
)

// sentences say in plain words, a sentence a row, why the labels are what they are.
func sentences(w results.Workload, v results.Verdict) []string {
	var all []string
	for _, f := range v.Findings {
		var s string
		if f.Row == results.RowExecution {
			s = executionSentence(f)
		} else {
			s = rankSentence(w, f)
		}
		if s != "" {
			all = append(all, f.Row+": "+s)
		}
	}
	return all
}

func executionSentence(f results.Finding) string {
	var parts []string
	for _, t := range f.Threads {
		what := "waits on few threads for many requests"
		if f.Of(t.Mode) == results.Blocking {
			what = "holds a thread for each request"
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s for %s in flight)", t.Mode, what, count(t.Threads), count(t.InFlight)))
	}
	if unknown := unknown(f); unknown != "" {
		parts = append(parts, "too little was measured to tell about "+unknown+": both threads and requests in flight are needed")
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

// unknown lists the modes of which a row cannot tell.
func unknown(f results.Finding) string {
	var modes []string
	for _, w := range f.Words {
		if w.Word == results.CannotTell {
			modes = append(modes, w.Mode)
		}
	}
	return strings.Join(modes, ", ")
}

// rankSentence speaks of each mode that came second against one that beat it; and, when none did, of what came closest.
func rankSentence(w results.Workload, f results.Finding) string {
	if len(f.Words) < 2 {
		return ""
	}
	var parts []string
	told := map[string]bool{}
	for _, c := range f.Comparisons {
		if !c.Decides || told[c.Worse()] || f.Of(c.Better) != results.High {
			continue
		}
		told[c.Worse()] = true
		parts = append(parts, advantage(w, c)+against(w, f, c))
	}
	if unknown := unknown(f); unknown != "" {
		parts = append(parts, "too little was measured to tell about "+unknown+": every figure is needed, from two rounds or more with another mode beside it")
	}
	if parts != nil {
		return strings.Join(parts, "; ") + "."
	}
	for _, c := range f.Comparisons {
		if c.Rounds > 0 && (c.Metric == "CPU per request" || c.Metric == "memory per connection") {
			more, ratio, low, high := c.Factors()
			less := c.A
			if more == c.A {
				less = c.B
			}
			parts = append(parts, fmt.Sprintf("%s: %s %s times that of %s (%s)", c.Metric, more, digits(ratio), less, spread(c, low, high)))
		}
	}
	if parts == nil {
		return "no difference."
	}
	return "no difference that is large enough, and the same in every round; " + strings.Join(parts, "; ") + "."
}

// advantage says by what, and by how much, the better mode is better.
func advantage(w results.Workload, c results.Comparison) string {
	better, worse := c.Better, c.Worse()
	_, ratio, low, high := c.Factors()
	times := digits(ratio)
	var s string
	switch c.Metric {
	case "answered share":
		return fmt.Sprintf("%s failed more requests than %s at %s connections", worse, better, count(float64(c.Connections)))
	case "throughput":
		s = fmt.Sprintf("%s answered %s times as many requests a second as %s", better, times, worse)
	case "CPU per request":
		s = fmt.Sprintf("%s spent %s times as much CPU on a request as %s", worse, times, better)
	case "throughput kept":
		s = fmt.Sprintf("%s kept %s times as much of its throughput as %s", better, times, worse)
	case "p99":
		s = fmt.Sprintf("the slowest hundredth of requests took %s times as long with %s as with %s", times, worse, better)
	case "memory per connection":
		s = fmt.Sprintf("a further connection cost %s %s times as much memory as %s", worse, times, better)
	case "threads per connection":
		s = fmt.Sprintf("a further connection cost %s %s times as many threads as %s", worse, times, better)
	default:
		s = fmt.Sprintf("%s differs by a factor of %s in favour of %s", c.Metric, times, better)
	}
	where := "at " + count(float64(c.Connections))
	switch c.Metric {
	case "throughput kept", "memory per connection", "threads per connection":
		where = fmt.Sprintf("from %s to %s", count(float64(w.Base())), count(float64(w.Top())))
	}
	return fmt.Sprintf("%s %s connections (%s)", s, where, spread(c, low, high))
}

// spread says how steady the ratio was.
func spread(c results.Comparison, low, high float64) string {
	return fmt.Sprintf("%s to %s in %d rounds", digits(low), digits(high), c.Rounds)
}

// against names what points the other way: a label is one word, and the reader should know what it leaves out.
func against(w results.Workload, f results.Finding, decider results.Comparison) string {
	for _, c := range f.Comparisons {
		if c.A == decider.A && c.B == decider.B && c.Better == decider.Worse() && c.Better != "" {
			return ", though " + advantage(w, c)
		}
	}
	return ""
}
