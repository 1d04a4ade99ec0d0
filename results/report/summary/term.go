package summary

import (
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/results/unit"
)

// A Term is a word of the reports with its meaning in plain English.
type Term struct {
	Name  string
	Also  []string // synonyms
	Text  string
	shows *termFigure // the term's figure in a record; nil for none
}

// A termFigure is a figure, and where it is read.
type termFigure struct {
	at    results.Place
	where string // "" if the figure says so itself
	of    results.Figure
}

// Terms are the words in reports that a reader may not know, from the article's to the field's.
var Terms = []Term{
	{Name: "execution", Also: []string{"model"}, Text: "Execution is what is tied up while a request waits: " +
		"a thread of its own (blocking), or none (non-blocking). It is not asked of the program but seen " +
		"from outside, by counting the threads that ran while more and more requests were under way."},
	{Name: "performance", Text: "Performance is what a request costs: the server's CPU time for it, under a " +
		"steady load. Where a request computes for long, it is how many requests are answered in a second instead."},
	{Name: "scalability", Text: "Scalability is what happens as connections grow, from one to a thousand: " +
		"how much longer the slowest requests take, and how much memory each connection needs."},
	{Name: "isolation", Also: []string{"poison", "blast"},
		Text: "A few requests are deliberately heavy. Isolation is how much they delay all the others: on " +
			"one event loop everybody waits for a long computation, with threads hardly anybody does."},
	{Name: "blocking", Also: []string{"thread per request"},
		Text: "A blocking server gives each waiting request a thread of the operating system. The code is " +
			"simple, as it reads from top to bottom. But a thousand waiting requests are a thousand " +
			"threads, each with memory of its own."},
	{Name: "pool",
		Text: "A pool is a fixed number of blocking threads. When all of them are busy, further requests " +
			"wait in a queue."},
	{Name: "non-blocking", Also: []string{"event loop", "async", "loop"},
		Text: "An event loop starts what a request must wait for, goes on with other requests, and comes " +
			"back when the answer is there. One thread serves thousands. But one long computation holds up everybody."},
	{Name: "high, moderate, lower", Also: []string{"high", "moderate", "lower"},
		Text: "High goes to every mode that no other mode beats. Moderate (in Performance) and Lower (in " +
			"Scalability) go to those that one does beat, by more than 5% in CPU or a factor of 2 in p99, " +
			"and not by chance."},
	{Name: "no difference", Also: []string{"same", "level", "="},
		Text: "No difference is a finding: whatever there is between the modes, it is too small to matter. " +
			"That was measured, and is not for want of data."},
	{Name: "cannot tell", Also: []string{"undecided", "not sure", "?"},
		Text: "Undecided means that chance could explain what was seen, or that two figures contradict each " +
			"other. More rounds (--rounds=12) or a quieter machine may decide it."},
	{Name: "stall", Also: []string{"smooth", "no stall"},
		Text: "A player shows a video while it fetches what comes next. A stall is when that is not there in time, and " +
			"the picture stands still until it is. What counts is the share of viewers who see none."},
	{Name: "start-up", Also: []string{"start-up time"},
		Text: "Start-up is how long a viewer waits for a video to begin: from coming, over connecting, to the first " +
			"whole segment (two seconds of it)."},
	{Name: "CPU per request", Also: []string{"cpu"},
		Text: "CPU per request is the processor time that the server took for one answer. The less it is, " +
			"the more requests fit into one machine.", shows: &termFigure{results.Base, "", results.CPUPerRequest}},
	{Name: "speed-up", Also: []string{"efficiency", "cores"},
		Text: "Speed-up is how many times as many requests are answered when the server has more CPUs " +
			"(bench --cores=1,2,4). Twice the CPUs give a speed-up of 2 at best. Efficiency is the part of that " +
			"best which was reached."},
	{Name: "throughput", Also: []string{"req/s", "requests per second"},
		Text: "Throughput is how many requests are answered in a second. When the load generator is slower " +
			"than the server, it measures the generator: the mark * then says so.",
		shows: &termFigure{results.Base, "", results.Throughput}},
	{Name: "p50", Also: []string{"median"},
		Text: "Half of the requests took no longer than p50. It says what is usual, and nothing about the slow " +
			"ones.", shows: &termFigure{results.Top, "", results.P50}},
	{Name: "p99", Also: []string{"p90", "p99.9", "percentile", "percentiles", "tail", "latency"},
		Text: "Of 100 requests, 99 were answered at least as fast as p99, and one was slower. Averages hide " +
			"slow requests; a page that makes 100 requests will more often than not meet one as slow as " +
			"p99. p99.9 is the same for one in 1,000.", shows: &termFigure{results.Top, "", results.P99}},
	{Name: "connections", Text: "Connections are clients that ask at the same time, each on a connection " +
		"that it keeps. A ladder of them (1, 8, 64, …) shows how a server copes with more and more."},
	{Name: "in flight", Text: "A request is in flight from when it is sent until its answer is there. With " +
		"64 connections there are at most 64 at once."},
	{Name: "memory per connection", Also: []string{"memory"},
		Text: "Memory per connection is what each connection beyond the base adds to the server's resident " +
			"memory.", shows: &termFigure{results.Top, " in all", results.Memory}},
	{Name: "threads",
		Text: "Threads are the operating system's: each has a stack, and the kernel gives them the CPUs in " +
			"turn.", shows: &termFigure{results.Top, "", results.Threads}},
	{Name: "closed loop", Also: []string{"closed", "closed load"},
		Text: "In a closed loop each client sends its next request when it has its answer. That shows what " +
			"a server can do at most. But when the server stalls, the clients stall with it and ask " +
			"nothing: the stall shows up as one slow request."},
	{Name: "open loop", Also: []string{"open", "open load", "rate", "common rate"},
		Text: "In an open loop requests come at a given rate, whether the server keeps up or not, as real " +
			"users do. Latency counts from when a request was due, so that a stall delays all that were due " +
			"in it, and none of them is forgotten (coordinated omission)."},
	{Name: "knee", Text: "The knee is the fewest connections with 90% of the highest throughput. Beyond it " +
		"more clients only wait longer."},
	{Name: "held", Also: []string{"connections held", "slo"},
		Text: "Connections are held while 99% of the requests are answered within the objective (100 ms, or " +
			"--slo) and none fails."},
	{Name: "scalability law", Also: []string{"usl"},
		Text: "The scalability law (Gunther's) is a curve through the throughput with three numbers: what " +
			"one connection gets (λ), what must wait in line (σ), and what everyone loses to coordination (κ)."},
	{Name: "interval", Also: []string{"±", "confidence", "95%"},
		Text: "No measurement repeats exactly, so a bench runs in rounds. An interval such as 1.5–1.8 is " +
			"where the true figure lies, 95 times of 100; what a word rests on is held to 99. The fewer " +
			"rounds or the more noise, the wider it is."},
	{Name: "round", Also: []string{"rounds", "trial"},
		Text: "In each round every mode is measured once on each workload, on a freshly started server and " +
			"in an order of its own. Such a measurement is a trial. Differences are taken within a round, " +
			"so that a slow minute of the machine hits both sides."},
	{Name: "yardstick", Text: "The yardstick is a small server that never changes. It runs beside each " +
		"measured one and takes turns with it, 20 ms each. When the machine slows down both do, and their " +
		"ratio stays: that is how 5% can be told on a noisy machine."},
	{Name: "warm-up", Also: []string{"warm"}, Text: "Before a server is measured it gets load until a " +
		"request's CPU no longer falls. Node.js and Java compile the busy parts of a program while it runs, " +
		"and are several times slower before."},
	{Name: "self-test", Also: []string{"selftest"},
		Text: "The self-test measures servers whose answers are known, such as one that always takes 5 ms. " +
			"It tells whether this machine, at this moment, can be measured on, and whether this tool measures " +
			"rightly."},
	{Name: "suspect", Also: []string{"*", "valid", "void", "mark", "trust"},
		Text: "Every run is checked. SUSPECT, the mark *, means that something may have changed a figure: " +
			"the load was at its limit, or other programs used the CPU. A VOID run is left out of every figure. " +
			"'nodecompare report --details' has each reason."},
	{Name: "send lag", Text: "Send lag is how much later than planned the load generator sent a request. It " +
		"is part of the latency shown, since users would wait for it too; when it is a large part, the " +
		"figure is marked."},
	{Name: "overload", Also: []string{"goodput"}, Text: "In an overload a server is offered twice what it " +
		"can do, then half. Goodput counts the answers that came in time: an answer that comes too late is " +
		"work for nothing."},
	{Name: "baseline", Also: []string{"gate", "regressed", "inconclusive"},
		Text: "A baseline is the record of an earlier bench. 'bench --baseline=FILE' fails with exit code 3 " +
			"when something got worse, and not by chance; 4 means that it is undecided, and 5 that the two " +
			"cannot be compared."},
}

// TermNamed finds a term by its name or a synonym, in any case.
func TermNamed(name string) (t Term, ok bool) {
	name = strings.ToLower(strings.Join(strings.Fields(name), " "))
	i := slices.IndexFunc(Terms, func(t Term) bool {
		return strings.ToLower(t.Name) == name || slices.Contains(t.Also, name)
	})
	if i < 0 {
		return t, false
	}
	return Terms[i], true
}

// InRecord returns the term's figure in a record; "" if it has none.
func (t Term) InRecord(r *results.Record) string {
	if t.shows == nil {
		return ""
	}
	for _, w := range r.Settings.Workloads {
		var parts []string
		at := t.shows.at(w)
		for _, m := range r.Settings.Modes {
			if e, ok := r.Estimate(w.Name, m.Name, at, t.shows.of); ok {
				parts = append(parts, m.Name+" "+t.written(e))
			}
		}
		if parts != nil {
			return "In the last bench, on " + w.Name + " at " + unit.Counted(at.Connections, "connection") +
				": " + joinNames(parts) + "."
		}
	}
	return ""
}

func (t Term) written(e stat.Estimate) string {
	return unit.Writer(t.shows.of.Unit)(e.Value) +
		map[string]string{"requests/s": " req/s"}[t.shows.of.Unit] + t.shows.where
}
