package results_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

// A thread at its limit is named although the load as a whole has CPU left, and so is one that had
// to wait for a CPU.
func TestThreadsOfTheGenerator(t *testing.T) {
	const ms = time.Millisecond
	threads := func(all ...results.GeneratorThread) results.Evidence {
		e := good(false) // one second
		e.Generator = results.Generator{CPU: 950 * ms, Cores: 3, Threads: all}
		return e
	}
	for _, c := range []struct {
		name string
		e    results.Evidence
		rule string // "" for none
		says string
	}{
		{"idle", threads(results.GeneratorThread{CPU: 300 * ms}, results.GeneratorThread{CPU: 900 * ms}), "", ""},
		{"at its limit", threads(results.GeneratorThread{CPU: 30 * ms}, results.GeneratorThread{CPU: 910 * ms},
			results.GeneratorThread{CPU: 905 * ms}), results.RuleGeneratorCPU,
			"thread 2 of the load generator's 3 used 91.0% of a core: throughput and latency are the " +
				"generator's limit"},
		{"waited", threads(results.GeneratorThread{Waited: 11 * ms, EachWait: 5 * ms},
			results.GeneratorThread{Waited: 300 * ms, EachWait: 5 * ms}), "generator waited",
			"thread 2 of the load generator's 2 waited for a CPU for 30.0% of the run"},
	} {
		got := results.Weigh(c.e)
		if c.rule == "" && got.Status != results.Valid ||
			c.rule != "" && (!slices.Equal(got.Rules, []string{c.rule}) || !strings.Contains(got.Reasons[0], c.says)) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

// Rules that rest on requests and their responses say nothing of other conversations.
func TestRulesOfAConversation(t *testing.T) {
	e := good(false)
	e.Answers, e.Elapsed = e.Answers+1, e.Elapsed/2 // counts and Little's law
	if got := results.Weigh(e); got.Status != results.Void {
		t.Errorf("requests: %+v", got)
	}
	e.Conversation = "chat"
	if got := results.Weigh(e); slices.Contains(got.Rules, "counts") || slices.Contains(got.Rules, "Little's law") {
		t.Errorf("a chat: %+v", got)
	}
}
