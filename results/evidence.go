package results

import "time"

// Evidence is what is known about one measured run (a rung of a bench, a load). A zero field is
// unknown or does not apply, and fires no rule.
type Evidence struct {
	// Conversation is the kind of load, under the generator's name for it; "" means Request.
	Conversation string

	Open     bool          // an open load, at its own rate; else closed
	Elapsed  time.Duration // of the run, to its last answer or the end of the sending
	Ended    time.Duration // of its last request, from the start; 0 if no later than Elapsed
	Duration time.Duration // planned time of sending; 0 if cut short
	// Starting is, for a closed load, the mean time from the start to a connection's first request.
	Starting  time.Duration
	Offered   uint64 // requests due within the run; 0 in a closed load
	Sent      uint64 // those sent
	SendLagUS Lag    // how late they were sent; 0 in a closed load

	Requests     uint64  // sent, and answered or failed
	Errors       uint64  // failed requests
	ErrorsByKind uint64  // the sum over the kinds of error
	Answers      uint64  // complete responses: the sum over the status codes
	Unanswered   uint64  // errors without a complete response: all kinds but unwanted status
	Recorded     uint64  // latencies in the histogram, one for each request without error
	LatencyUS    Latency // of requests without error; all 0 without any
	Connections  int     // most requests in flight in a closed load; 0 in an open one
	// AlwaysInFlight says that the generator sends on a connection at the moment of its answer (the
	// loop engine).
	AlwaysInFlight bool
	Generator      Generator // cost of the load

	// ClientsWaited says that all clients had a request in flight when others became due, as an
	// overload intends. Late and unsent requests are then the server's doing.
	ClientsWaited bool
	// FailedBefore is the share of the requests due before that which failed.
	FailedBefore float64

	// Deliveries are of a conversation in which the server tells; nil for others. OtherClock says
	// that its due times are by another machine's clock.
	Deliveries *Deliveries
	OtherClock bool
	CutShort   bool     // the run was interrupted, with deliveries on their way
	Viewing    *Viewing // of players; nil for others. Their SendLagUS is of how late they asked

	Unsteady bool // warm-up ended at its cap while a request's cost still changed

	// ServerCPU cannot exceed the CPU time of ServerCores. Both are 0 if unknown.
	ServerCPU   time.Duration
	ServerCores int
	// Kept is throughput over that of a rung with fewer connections, and MostKept the ratio of the
	// connections. Kept cannot exceed MostKept if requests only wait. Both are 0 if unknown.
	Kept, MostKept float64

	Database *DatabaseEvidence // nil if the server asked none, or none but its own

	// Breaches are of what must always hold in the server's database, as an audit found them.
	Breaches []string

	// Costs are the server's CPU per request over the yardstick's, slice by slice: within the run,
	// and in CostsAfter at the same load later in the trial.
	Costs, CostsAfter []float64

	Stopped bool // this program was stopped within the run, and went on

	// What others took of the host during the run, by /proc/stat and cpu.stat, summed over CPUs
	// CPUs.
	CPUs         int
	Stolen, Busy time.Duration // runnable but withheld by the hypervisor; run
	Others, All  time.Duration // run by processes other than load and server; available
	Throttles    uint64        // how often the cgroup used up its CPU quota
	Throttled    time.Duration // CPU time lost to that
}
