package results

import "nodecompare/results/stat"

// Figure is one number that can be read from a rung. Rankings, gates, tables, CSV, plots and
// exports select from the figures below and add only what is their own: the place in the trial, a
// floor, a heading.
type Figure struct {
	Name         string // for people
	Slug         string // for programs, as a CSV column; ends with the unit, counts have none
	Unit         string // us, requests/s, bytes, threads or %; 1 for a share or a ratio
	LessIsBetter bool
	OfServer     bool // what the server used, which rules with LoadOnly leave trusted
	Read         func(Rung) (value float64, ok bool)

	percentile float64 // in percent; 0 for what is none
}

// Read returns a figure of the rung at. ok is false if the rung is missing or VOID, or has no such
// figure.
func (t Trial) Read(at RungKey, f Figure) (value float64, ok bool) {
	if r, ok := t.Rung(at); ok {
		return f.Read(r)
	}
	return 0, false
}

// Values are a mode's figures at one load, one a trial, in the order in which they ran; none where
// its requests there do not carry the figure.
func (r *Record) Values(workload, mode string, at RungKey, f Figure) []float64 {
	if !r.Carries(workload, mode, at, f) {
		return nil
	}
	var values []float64
	for _, t := range r.Trials {
		if t.Workload != workload || t.Mode != mode {
			continue
		}
		if v, ok := t.Read(at, f); ok {
			values = append(values, v)
		}
	}
	return values
}

// Estimate returns the median of a figure over the rounds, with its interval. ok is false if no
// trial has the figure.
func (r *Record) Estimate(workload, mode string, at RungKey, f Figure) (e stat.Estimate, ok bool) {
	values := r.Values(workload, mode, at, f)
	return stat.Median(values), len(values) > 0
}

// Figures of what the load saw.
var (
	Requests = Figure{Name: "requests", Slug: "requests", Unit: "requests",
		Read: always(func(r Rung) float64 { return float64(r.Requests) })}
	Errors = Figure{Name: "errors", Slug: "errors", Unit: "requests", LessIsBetter: true,
		Read: always(func(r Rung) float64 { return float64(r.Errors) })}
	Throughput = Figure{Name: "throughput", Slug: "throughput_rps", Unit: "requests/s",
		Read: answered(func(r Rung) float64 { return r.ThroughputRPS })}
	InFlight = Figure{Name: "requests in flight", Slug: "in_flight", Unit: "requests",
		Read: answered(func(r Rung) float64 { return r.InFlight })}
	P50     = latency("p50", "p50_us", 50, func(l Latency) float64 { return l.P50 })
	P90     = latency("p90", "p90_us", 90, func(l Latency) float64 { return l.P90 })
	P99     = latency("p99", "p99_us", 99, func(l Latency) float64 { return l.P99 })
	P999    = latency("p99.9", "p999_us", 99.9, func(l Latency) float64 { return l.P999 })
	Longest = latency("max", "max_us", 0, func(l Latency) float64 { return l.Max })

	AnsweredShare = Figure{Name: "answered share", Unit: "1",
		Read: Rung.share}
	// FailedPercent exists only if a request failed.
	FailedPercent = Figure{Name: "failed requests", Unit: "%", LessIsBetter: true, Read: func(r Rung) (float64, bool) {
		return 100 * float64(r.Errors) / float64(max(1, r.Requests)), r.Errors > 0
	}}
	RelativeThroughput = Figure{Name: "throughput, relative to the yardstick", Unit: "times",
		Read: ofYardstick(func(y Yardstick) float64 { return y.RelativeThroughput })}
)

// Figures of what the server used. Peaks are those of all its processes together.
var (
	// CPUPerRequest is user and system CPU time per request without error.
	CPUPerRequest = Figure{Name: "CPU per request", Slug: "cpu_us_per_request", Unit: "us",
		LessIsBetter: true, OfServer: true,
		Read: perAnswer(func(p Process) float64 { return p.CPUUSPerRequest })}
	RelativeCPU = Figure{Name: "CPU per request, relative to the yardstick", Slug: "relative_cpu",
		Unit: "times", LessIsBetter: true, OfServer: true,
		Read: ofYardstick(func(y Yardstick) float64 { return y.RelativeCPU })}
	Threads = Figure{Name: "threads", Slug: "threads", Unit: "threads", LessIsBetter: true, OfServer: true,
		Read: ofProcess(func(p Process) float64 { return float64(p.Threads) })}
	// ActiveThreads counts the threads that ran at all.
	ActiveThreads = Figure{Name: "active threads", Slug: "active_threads", Unit: "threads", OfServer: true,
		Read: func(r Rung) (float64, bool) {
			if r.Process == nil {
				return 0, false
			}
			return float64(r.Process.ActiveThreads), r.Process.ActiveThreads > 0
		}}
	Memory = Figure{Name: "memory", Slug: "rss_bytes", Unit: "bytes", LessIsBetter: true, OfServer: true,
		Read: ofProcess(func(p Process) float64 { return float64(p.RSSBytes) })}
	// Switches counts voluntary context switches. Systems that do not report ActiveThreads do not
	// count switches either.
	Switches = Figure{Name: "context switches per request", Unit: "switches/request", OfServer: true,
		Read: func(r Rung) (float64, bool) {
			if r.Process == nil || r.Answered() == 0 || r.Process.ActiveThreads == 0 {
				return 0, false
			}
			return float64(r.Process.VoluntarySwitches) / float64(r.Answered()), true
		}}
)

// Figures of subscribers and members only.
var (
	Absent = Figure{Name: "deliveries that never came", Slug: "missed", Unit: "deliveries", LessIsBetter: true,
		Read: ofDeliveries(func(d *Deliveries) uint64 { return d.Absent() })}
	Silent = Figure{Name: "connections that heard nothing", Slug: "silent", Unit: "connections", LessIsBetter: true,
		Read: ofDeliveries(func(d *Deliveries) uint64 { return d.Silent })}
)

// Figures of viewers only.
var (
	Smooth = Figure{Name: "viewers without a stall", Slug: "smooth_percent", Unit: "%",
		Read: ofViewing(func(v *Viewing) float64 { return 100 * v.Share() })}
	Stalls = Figure{Name: "stalls", Slug: "stalls", Unit: "stalls", LessIsBetter: true,
		Read: ofViewing(func(v *Viewing) float64 { return float64(v.Stalls) })}
	Stalled = Figure{Name: "viewing time in stalls", Slug: "stalled_percent", Unit: "%", LessIsBetter: true,
		Read: ofViewing(func(v *Viewing) float64 { return 100 * v.StalledS / max(v.WatchedS, 1e-9) })}
	Unstarted = Figure{Name: "viewers who saw nothing", Slug: "unstarted", Unit: "viewers", LessIsBetter: true,
		Read: ofViewing(func(v *Viewing) float64 { return float64(v.Unstarted) })}
)

func ofViewing(of func(*Viewing) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.Viewing == nil || r.Viewing.Viewers == 0 {
			return 0, false
		}
		return of(r.Viewing), true
	}
}

func ofDeliveries(of func(*Deliveries) uint64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.Deliveries == nil {
			return 0, false
		}
		return float64(of(r.Deliveries)), true
	}
}

// DatabaseCPU is the CPU time of PostgreSQL, counted apart from the server's.
var DatabaseCPU = Figure{Name: "database's CPU per request", Slug: "database_cpu_us_per_request", Unit: "us",
	LessIsBetter: true, OfServer: true, Read: func(r Rung) (float64, bool) {
		if r.Database == nil || r.Answered() == 0 {
			return 0, false
		}
		return r.Database.CPUUSPerRequest, true
	}}

// Figures of open loads only.
var (
	// IdleCPU is the server's share of one CPU while no requests are sent.
	IdleCPU = Figure{Name: "CPU while idle", Slug: "idle_cpu_percent", Unit: "%", LessIsBetter: true,
		OfServer: true, Read: func(r Rung) (float64, bool) {
			if r.Idle == nil || r.Idle.ElapsedS <= 0 {
				return 0, false
			}
			return 100 * r.Idle.CPUS / r.Idle.ElapsedS, true
		}}
	Offered = Figure{Name: "offered", Slug: "offered_rps", Unit: "requests/s",
		Read: func(r Rung) (float64, bool) { return r.OfferedRPS, r.OfferedRPS > 0 }}
	Unsent = Figure{Name: "unsent", Slug: "unsent", Unit: "requests", LessIsBetter: true,
		Read: always(func(r Rung) float64 { return float64(r.Unsent) })}
	SendLagP99 = Figure{Name: "p99 of the send lag", Slug: "send_lag_p99_us", Unit: "us",
		LessIsBetter: true, Read: func(r Rung) (float64, bool) {
			if r.SendLagUS == nil {
				return 0, false
			}
			return r.SendLagUS.P99, true
		}}
)

// Figures of an overload, over the requests that were due during its surge.
var (
	Due = Figure{Name: "due", Slug: "due", Unit: "requests",
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.Due) })}
	InTime = Figure{Name: "in time", Slug: "in_time", Unit: "requests",
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.InTime) })}
	Late = Figure{Name: "late", Slug: "late", Unit: "requests", LessIsBetter: true,
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.Late) })}
	Refused = Figure{Name: "refused", Slug: "refused", Unit: "requests", LessIsBetter: true,
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.Refused) })}
	TimedOut = Figure{Name: "timed out", Slug: "timed_out", Unit: "requests", LessIsBetter: true,
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.TimedOut) })}
	NotSent = Figure{Name: "not sent", Slug: "not_sent", Unit: "requests", LessIsBetter: true,
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.Unsent) })}
	MostAtOnce = Figure{Name: "most in flight", Unit: "requests",
		Read: ofSurge(func(t SurgeOutcome) float64 { return float64(t.InFlight) })}
	// Goodput is the number of requests answered in time per second of the surge.
	Goodput = Figure{Name: "goodput", Slug: "goodput_rps", Unit: "requests/s",
		Read: ofSurge(func(t SurgeOutcome) float64 { return t.GoodputRPS })}
	// Recovery is the time from the end of the surge. For a server that did not recover, Recovery
	// is the whole time that it had, a lower bound.
	Recovery = Figure{Name: "time to recover", Slug: "recovery_us", Unit: "us", LessIsBetter: true,
		Read: ofSurge(func(t SurgeOutcome) float64 { return 1e6 * max(leastRecovery, t.RecoveryS) })}
	InTimeShare = Figure{Name: "answered in time", Unit: "1",
		Read: shareOfDue(func(t SurgeOutcome) uint64 { return t.InTime })}
	AnsweredOfDue = Figure{Name: "answered share", Unit: "1",
		Read: shareOfDue(func(t SurgeOutcome) uint64 { return t.InTime + t.Late })}
)

// leastRecovery is the resolution of Recovery in seconds: one step of the window that finds it.
const leastRecovery = 0.05

// nextToNone stands for a share of 0, so that ratios have a divisor.
const nextToNone = 0.001

func partOf(part, whole uint64) (share float64, ok bool) {
	if whole == 0 {
		return 0, false
	}
	return max(nextToNone, float64(part)/float64(whole)), true
}

// latency is there where enough requests were answered for the percentile.
func latency(name, slug string, percentile float64, of func(Latency) float64) Figure {
	return Figure{Name: name, Slug: slug, Unit: "us", LessIsBetter: true, percentile: percentile,
		Read: func(r Rung) (float64, bool) { return of(r.LatencyUS), Resolves(r.timed(), percentile) }}
}

func always(of func(Rung) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) { return of(r), true }
}

// answered restricts a figure to rungs with at least one request without error.
func answered(of func(Rung) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) { return of(r), r.Answered() > 0 }
}

// ofProcess restricts a figure to systems that report a process's use.
func ofProcess(of func(Process) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.Process == nil {
			return 0, false
		}
		return of(*r.Process), true
	}
}

// perAnswer is ofProcess for rungs with at least one request without error.
func perAnswer(of func(Process) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.Process == nil || r.Answered() == 0 {
			return 0, false
		}
		return of(*r.Process), true
	}
}

func ofYardstick(of func(Yardstick) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.Yardstick == nil {
			return 0, false
		}
		return of(*r.Yardstick), of(*r.Yardstick) > 0
	}
}

func ofSurge(of func(SurgeOutcome) float64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.SurgeOutcome == nil {
			return 0, false
		}
		return of(*r.SurgeOutcome), true
	}
}

func shareOfDue(part func(SurgeOutcome) uint64) func(Rung) (float64, bool) {
	return func(r Rung) (float64, bool) {
		if r.SurgeOutcome == nil {
			return 0, false
		}
		return partOf(part(*r.SurgeOutcome), r.SurgeOutcome.Due)
	}
}
