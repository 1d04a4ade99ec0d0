package results

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Rule is one way for a measurement to lose trust. docs/method.md lists the rules.
type Rule struct {
	Name string
	// Suspect and Void are the conditions, as in docs/method.md, and Why is the reason for them, as
	// in docs/calibration.md; "" if the rule never gives that word.
	Suspect, Void, Why string
	Plain              string // the meaning in a few words, for many runs at once
	// Of names the conversations that the rule is for; nil means all.
	Of       []string
	LoadOnly bool // concerns throughput and latency, not what the server used
	weigh    func(Evidence) (status, reason string)
}

// Request is the conversation that consists of HTTP requests and their responses.
const Request = "request"

const (
	sentSuspect, sentVoid = 0.99, 0.90

	lagShare   = 0.1
	lagFloorUS = 200 // microseconds

	generatorShare  = 0.9
	waitedShare     = 0.01
	waitedMuch      = 0.10
	waitedOfLatency = 0.1
	// longest time that Linux runs one thread while others wait
	slice = 3 * time.Millisecond

	littleShare = 0.05

	errorsSuspect   = 0.10
	arithmeticCPU   = 0.05
	arithmeticSlack = 40 * time.Millisecond // the window is slightly longer than the run
	arithmeticKept  = 0.10

	stolenSuspect, stolenVoid = 0.01, 0.10
	throttledVoid             = 0.10
	othersSuspect             = 0.10
	tick                      = 10 * time.Millisecond // of /proc/stat
	percent                   = 100
	histogramError            = 0.001 // 3 significant digits
)

// slowest names what was sent that is beyond p99; of fewer than a hundred that is the latest alone.
func slowest(e Evidence) string {
	n := e.Requests
	if e.Conversation == Chat {
		n = e.Sent
	}
	if n < percent {
		return "the latest of " + count(int(n), e.said())
	}
	return "one " + e.said() + " in a hundred"
}

// Stopped is the reason of a measurement in which this program was stopped.
const Stopped = "nodecompare was stopped (Ctrl-Z) and went on later, so that times and rates are not those of the load"

// RuleGeneratorCPU is the rule that fires if the load was at its own limit.
const RuleGeneratorCPU = "generator CPU"

// RuleDrift is the rule that fires if the server changed while it was measured.
const RuleDrift = "drift"

// Rules are all rules of trust. Each fires on its own, and the worst word counts.
var Rules = slices.Concat(commonRules, deliveryRules, playbackRules)

var commonRules = []Rule{
	{
		Name:     "sent",
		Plain:    "not all of the requests that were due were sent",
		LoadOnly: true,
		Suspect:  "less than 99% of the requests that were due were sent",
		Void:     "less than 90%",
		Why:      "it was another load than the one that was asked for; by a tenth it cannot stand for it",
		weigh: func(e Evidence) (string, string) {
			if !e.Open || e.Offered == 0 || e.ClientsWaited {
				return Valid, ""
			}
			share := float64(e.Sent) / float64(e.Offered)
			return below(share, sentSuspect, sentVoid), fmt.Sprintf(
				"only %.2f%% of the %ss that were due were sent (%d of %d): the server or the "+
					"generator did not keep up, and what was not sent is in no percentile",
				percent*share, e.said(), e.Sent, e.Offered)
		},
	},
	{
		Name:     "send lag",
		Plain:    "requests were sent late, and part of the latency is that delay",
		LoadOnly: true,
		Suspect:  "p99 of the send lag is above a tenth of p99 latency, and above 200 µs; or p90 of p90, or p50 of p50",
		Why: "latency counts from the moment a request was due, so it holds the lag, and is an upper bound. " +
			"Below 200 µs it is the kernel's: " +
			"timer slack is 50 µs (prctl(2), PR_SET_TIMERSLACK), and a thread that wakes waits for a core. " +
			"Never VOID: a server that stalls holds all " +
			"connections, and the requests that wait for one are late by its fault",
		weigh: func(e Evidence) (string, string) {
			lag, latency := e.SendLagUS, e.LatencyUS
			for _, q := range []struct {
				lag, latency float64
				of           string
			}{
				{lag.P99, latency.P99, slowest(e) + " was sent %s late or more, against a p99 latency of %s"},
				// A stall stretches p99 so much that only the lower percentiles show the lag.
				{lag.P90, latency.P90,
					"one " + e.said() + " in ten was sent %s late or more, against a p90 latency of %s"},
				{lag.P50, latency.P50,
					"every other " + e.said() + " was sent %s late or more, against a p50 latency of %s"},
			} {
				if e.Open && !e.ClientsWaited && q.lag > lagFloorUS && q.lag > lagShare*q.latency {
					return Suspect,
						fmt.Sprintf(q.of+
							": part of the latency is the generator's delay, or the wait for a free connection",
							micros(q.lag), micros(q.latency))
				}
			}
			return Valid, ""
		},
	},
	{
		Name: RuleGeneratorCPU,
		Plain: "the load generator was at its own limit, so throughput and latency are the generator's more " +
			"than the server's; CPU per request is sound",
		LoadOnly: true,
		Suspect:  "it used more than 90% of its cores, or one of its threads 90% of a core",
		Why: "throughput and latency are then the generator's and not the server's, or those of one " +
			"thread's connections are. The server's CPU per request still holds, so it is not VOID",
		weigh: generatorCPU,
	},
	{
		Name: RuleDatabase,
		Plain: "the database was at its limit, so throughput and latency are the database's more than the " +
			"server's; CPU per request is sound",
		LoadOnly: true,
		Suspect: "PostgreSQL and the load used more than 90% of the CPUs that they share; or in a closed load of " +
			"more connections than the server has to the database, the server used less than 90% of one CPU, and " +
			"the load was not at its limit",
		Why: "with more requests in flight than connections to the database, a server that has time waits for " +
			"these: for the database's CPUs, its disk or its locks. All modes wait for the same, so throughput " +
			"tells nothing of them. The server's CPU per request still holds, so it is not VOID",
		weigh: databaseLimit,
	},
	{
		Name:     "generator waited",
		Plain:    "the load generator had to wait for a CPU, and part of the latency is that wait",
		LoadOnly: true,
		Suspect: "the generator's busy threads were ready to run and had no CPU for more than 1% of the " +
			"run, and each time for more than a tenth of p50 latency " +
			"in the mean; or for more than 10% of it, where a scheduler's slice of 3 ms is more than a tenth of p50. " +
			"Where the load is on several threads, one of them is enough",
		Why: "a request that is due, and an answer that has come, wait for that thread, so latency is an " +
			"upper bound; 1% reaches the one request in a hundred that p99 is. " +
			"The mean hides few long waits among many short ones, and none is longer than some slices. " +
			"Waits that are short beside the latency are lost in it: on some workloads another process " +
			"shares the load's CPUs by design. Never VOID: what the server used still holds",
		weigh: generatorWaited,
	},
	{
		Name:     "Little's law",
		Of:       []string{Request},
		Plain:    "throughput and latency do not fit the number of connections",
		LoadOnly: true,
		Suspect: "in a closed load on the loop engine, the latencies of a connection, all added up, are " +
			"shorter by more than 5% than the time from its first request until sending was over",
		Void: "in any closed load, they are longer than the whole run by more than 5%",
		Why: "L = λW (Little 1961), over both ends of the run. A connection holds one request at most: " +
			"more than the run, to the last answer of all, cannot be in its latencies, so counts or clocks are " +
			"wrong. " +
			"And from its first request on it holds one until the time for sending is over. Less means time " +
			"on connections that is in no latency: failed requests, connections that had to be opened anew, " +
			"or a generator that is late. Both are means over the connections. vegeta's closed loop hands " +
			"each answer on between goroutines, and on routes of less than a millisecond that keeps part of " +
			"its connections idle: " +
			"the lower bound is not asked of it, and if its CPU is the limit the rule before this says so",
		weigh: little,
	},
	{
		Name:  "answers",
		Plain: "no request was answered as it should be, so there is nothing to measure",
		Void:  "requests were sent, and none of them was answered as it should be",
		Why: "throughput is 0, and there is no latency: of a server that answers nothing, or nothing but " +
			"errors, no speed can be told",
		weigh: func(e Evidence) (string, string) {
			return when(e.Requests > 0 && e.Errors == e.Requests, Void),
				fmt.Sprintf("none of %s was answered as it should be: there is nothing to measure",
					count(int(min(e.Requests, math.MaxInt32)), "request"))
		},
	},
	{
		Name:  "percentiles",
		Plain: "the latencies contradict each other, which no measurement gives",
		Void:  "latencies are negative, not a number, or out of order (p50 ≤ p90 ≤ p99 ≤ p99.9 ≤ max, mean ≤ max)",
		Why:   "no measurement gives that: the record is damaged, or the tool has a defect",
		weigh: func(e Evidence) (string, string) {
			l := e.LatencyUS
			inOrder := 0 <= l.P50 && l.P50 <= l.P90 && l.P90 <= l.P99 && l.P99 <= l.P999 && l.P999 <= l.Max &&
				// The mean counts the middles of a histogram's buckets, the maximum the end of one.
				0 <= l.Mean && l.Mean <= l.Max*(1+histogramError) && !math.IsInf(l.Max, 1)
			return when(!inOrder, Void), fmt.Sprintf("the latencies are out of order (µs: mean %v, p50 %v, "+
				"p90 %v, p99 %v, p99.9 %v, max %v): the record is damaged, or the tool has a defect",
				l.Mean, l.P50, l.P90, l.P99, l.P999, l.Max)
		},
	},
	{
		Name:  "counts",
		Of:    []string{Request},
		Plain: "the counts of requests do not add up, which no measurement gives",
		Void: "responses and errors without one do not add up to the requests, the kinds of error to the " +
			"errors, or the latencies to the requests without error",
		Why: "the same",
		weigh: func(e Evidence) (string, string) {
			addUp := e.Errors <= e.Requests && e.Answers+
				e.Unanswered == e.Requests && e.ErrorsByKind == e.Errors && e.Recorded == e.Requests-e.Errors
			return when(!addUp, Void), fmt.Sprintf(
				"the counts do not add up: %d requests, but %d responses and %d errors without one; %d "+
					"errors, but %d by kind; %d latencies: the record is damaged, or the tool has a defect",
				e.Requests, e.Answers, e.Unanswered, e.Errors, e.ErrorsByKind, e.Recorded)
		},
	},
	{
		Name:     "errors",
		Plain:    "many requests failed, and throughput and latency are only of those that were answered",
		LoadOnly: true,
		Suspect:  "more than 10% of the requests failed",
		Why: "throughput and latency are then of the few that were answered, and a server that refuses " +
			"nearly all serves those quickly. Never VOID: how many it answers is a figure too",
		weigh: func(e Evidence) (string, string) {
			share := float64(e.Errors) / float64(max(e.Requests, 1))
			if e.ClientsWaited {
				share = e.FailedBefore
			}
			return when(share > errorsSuspect && share < 1, Suspect),
				fmt.Sprintf(
					"%.1f%% of the requests failed: throughput and latency are only of those that were answered",
					percent*share)
		},
	},
	{
		Name:  "stopped",
		Plain: "nodecompare was stopped meanwhile, so times and rates are not those of the load",
		Void:  "nodecompare was stopped within the run (Ctrl-Z, SIGSTOP), and went on later",
		Why: "the server ran on and no load did: requests that were due waited for the shell, " +
			"and the pause is in rates and latencies",
		weigh: func(e Evidence) (string, string) { return when(e.Stopped, Void), Stopped },
	},
	{
		Name:  "books",
		Plain: "the orders in the database are not those that clients were told of, or do not add up",
		Void:  "the [audit of orders](servers.md) finds too few or too many, or sums that are wrong",
		Why: "a server that loses orders, or sells what it does not have, is quick for nothing: what was " +
			"measured is not the work",
		weigh: func(e Evidence) (string, string) {
			return when(len(e.Breaches) > 0, Void),
				"the audit of the orders found what must not be: " + strings.Join(e.Breaches, "; ")
		},
	},
	{
		Name:  "steal",
		Plain: "the host ran other machines on these CPUs (steal time), so everything may look slower than it is",
		Suspect: "the hypervisor withheld more than 1% of the CPU time that was wanted, and more than two " +
			"ticks of 10 ms for each CPU",
		Void: "more than 10%",
		Why: "1% reaches the one request in a hundred that p99 is; a tenth is twice the floor of " +
			"throughput: a difference could be the host's alone. Two readings of the clock may be off by a tick each",
		weigh: func(e Evidence) (string, string) {
			share := ratio(e.Stolen, e.Stolen+e.Busy)
			status := above(share, stolenSuspect, stolenVoid)
			if e.Stolen <= 2*tick*time.Duration(max(1, e.CPUs)) {
				status = Valid
			}
			return status, fmt.Sprintf("the host's hypervisor withheld %.2f%% of the CPU time that was "+
				"wanted (steal time): server and generator were slowed down by other machines", percent*share)
		},
	},
	{
		Name:  "other processes",
		Plain: "other programs took CPU time from server and load, so everything may look slower than it is",
		Suspect: "processes that are neither the load's nor the server's ran for more than 10% of the CPU " +
			"time that there was, and more than two ticks of 10 ms for each CPU",
		Why: "on CPUs of which both sides ask for all, what others take is missing, and each time they take " +
			"it caches are cold; a quiet system's own processes take a hundredth or two. " +
			"Never VOID, as steal is: the yardstick had as much of them, and who shares a machine can stop them",
		weigh: func(e Evidence) (string, string) {
			share := ratio(e.Others, e.All)
			return when(share > othersSuspect && e.Others > 2*tick*time.Duration(max(1, e.CPUs)), Suspect), fmt.Sprintf(
				"other processes used %.0f%% of the CPU time, and slowed server and generator down: stop "+
					"what else runs on this machine", percent*share)
		},
	},
	{
		Name:    "throttling",
		Plain:   "a CPU quota stopped server and load, so latency is the quota's",
		Suspect: "a CPU quota of the cgroup was used up at least once within the run",
		Void:    "CPUs stood still by it for more than 10% of the run",
		Why: "each time, all that runs in the group stands still for the rest of a period (100 ms as a " +
			"rule): the tail of latency is then the quota's; the share as for steal",
		weigh: func(e Evidence) (string, string) {
			share := ratio(e.Throttled, e.Elapsed*time.Duration(max(1, e.CPUs)))
			status := when(e.Throttles > 0, Suspect)
			if share > throttledVoid {
				status = Void
			}
			return status, fmt.Sprintf("the CPU quota of this container or cgroup stopped it %s, for %.1f%% "+
				"of the CPU time: latencies are the quota's; run with a higher one, or none",
				count(int(min(e.Throttles, math.MaxInt32)), "time"), percent*share)
		},
	},
	{
		Name:    "steady state",
		Plain:   "the warm-up reached its limit while the cost of a request was still changing",
		Suspect: "the warm-up ended at its cap, and the last two quarters of its requests differed",
		Why:     "the server, or the machine, was still changing: a longer run might give other figures",
		weigh: func(e Evidence) (string, string) {
			return when(e.Unsteady, Suspect), "no steady state: the warm-up reached its limit while the " +
				"cost of a request was still changing; a longer run may give other figures"
		},
	},
	{
		Name:  "arithmetic",
		Plain: "figures of the server contradict what there can be",
		Void: "the server's CPU time is above that of all CPUs within the run, by more than 5% and two " +
			"ticks of its sampling; or on a route that only waits throughput grew " +
			"from the base rung to the top by a tenth more than the connections did",
		Why: "neither can be. What waits for a fixed time answers each connection at a fixed rate at most, " +
			"so a base rung that fell so far below it was disturbed, or measured in another way than the " +
			"top. Both rungs are then VOID",
		weigh: func(e Evidence) (string, string) {
			if there := max(e.Elapsed, e.Ended) * time.Duration(e.ServerCores); there > 0 &&
				e.ServerCPU > scaled(there, 1+arithmeticCPU)+arithmeticSlack*time.Duration(e.ServerCores) {
				return Void,
					fmt.Sprintf(
						"the server used %v of CPU time where there was %v: the clocks or the counts are wrong",
						e.ServerCPU.Round(time.Millisecond), there.Round(time.Millisecond))
			}
			return when(e.MostKept > 0 && e.Kept > e.MostKept*(1+arithmeticKept), Void), fmt.Sprintf(
				"throughput grew %.2f-fold from the base rung to the top, with %.2f times the connections, "+
					"though each request only waits: the base rung was disturbed", e.Kept, e.MostKept)
		},
	},
	{
		Name:  RuleDrift,
		Plain: "what a request costs the server changed while it was measured",
		Suspect: "the server's CPU per request, relative to the yardstick's, moved by more than 10% within " +
			"the slices of the base rung (by a straight line), or between them and " +
			"their repetition after the ladder, and by more than noise does in 99 of 100 runs (Student's t)",
		Why: "a server that was still compiling itself, or filled a cache, is another one at the end than " +
			"at the beginning: which of both was compared is chance",
		weigh: drift,
	},
}

// little compares the sum of a connection's latencies with its lower and upper bound. These are of
// answers alone, all of which came within Elapsed.
func little(e Evidence) (status, reason string) {
	if e.Open || e.Connections == 0 || e.Elapsed <= 0 || e.LatencyUS.Mean == 0 {
		return Valid, ""
	}
	each := time.Duration(float64(e.Recorded) * e.LatencyUS.Mean * float64(time.Microsecond) / float64(e.Connections))
	law := fmt.Sprintf("the latencies of one of %s add up to %s on average, ",
		count(e.Connections, "connection"), each.Round(time.Microsecond))
	switch {
	case each > scaled(e.Elapsed, 1+littleShare):
		return Void,
			law + fmt.Sprintf(
				"in a run of %s (Little's law): more than there can be, so the counts or the clocks are wrong",
				e.Elapsed.Round(time.Microsecond))
	case e.AlwaysInFlight && scaled(each, 1+littleShare) < e.Duration-e.Starting:
		return Suspect, law + fmt.Sprintf("though it was to send for %s (Little's law): the rest of the "+
			"time went to failed requests or to connections that were opened anew, or the generator was late to send",
			(e.Duration-e.Starting).Round(time.Microsecond))
	}
	return Valid, ""
}

func scaled(d time.Duration, by float64) time.Duration { return time.Duration(float64(d) * by) }

func when(fires bool, status string) string {
	if fires {
		return status
	}
	return Valid
}

func above(value, suspect, void float64) string {
	return worse(when(value > suspect, Suspect), when(value > void, Void))
}

func below(value, suspect, void float64) string { return above(-value, -suspect, -void) }

// ratio returns 0 if whole is not positive.
func ratio(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func micros(us float64) string {
	return time.Duration(us * float64(time.Microsecond)).Round(time.Microsecond).String()
}
