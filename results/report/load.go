package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// leastLoadTable is the terminal width from which percentiles are a table. Narrower terminals get a
// list.
const leastLoadTable = 80

// writeLoadTable writes the answer in the first line and in the last, and what it rests on between
// them.
func writeLoadTable(out io.Writer, r *results.LoadRun, o Options) error {
	p := newPage(out, o)
	if r.Deliveries != nil {
		p.deliveries(r, o)
		return p.err
	}
	if r.Viewing != nil {
		p.playback(r, o)
		return p.err
	}
	if r.Trust.Status == results.Void {
		p.warning("VOID: nothing may be concluded from this load. The reasons are below.")
	}
	p.headline(strong, loadAnswer(r), "")
	engine := r.Engine + " engine"
	if r.LoadThreads > 1 {
		engine += fmt.Sprintf(" on %d threads", r.LoadThreads)
	}
	p.paragraph(fmt.Sprintf("%s: %s, %s", asked(r), shape(r), engine))
	p.line("")
	if r.Capacity != nil {
		which := "the last one"
		if r.Capacity.RPS > 0 {
			which = "the last one at that rate"
		}
		p.paragraph(fmt.Sprintf("Found by %s, to within %s%%; %s:", unit.Counted(len(r.Capacity.Probes), "probe"),
			unit.Digits(100*r.Capacity.Resolution), which))
	}
	p.latencies(r)
	p.line("")
	p.field("requests",
		fmt.Sprintf("%s in %s, %s/s without an error", unit.Count(r.Requests), unit.Seconds(r.DurationS),
			unit.Rate(r.RateRPS)))
	p.loadErrors(r)
	if len(r.Codes) > 0 {
		p.field("status", codes(r.Codes))
	}
	if r.Unsent > 0 {
		p.field("unsent",
			fmt.Sprintf("%s were due and not sent: no connection, or no CPU, was free for them", unit.Count(r.Unsent)))
	}
	if r.Retries > 0 {
		p.field("retries",
			fmt.Sprintf("%s, over a fresh connection since the server had closed the kept one", unit.Count(r.Retries)))
	}
	if r.EngineReason != "" {
		p.field("engine", r.Engine+": "+r.EngineReason)
	}
	p.field("received", unit.Bytes(float64(r.BytesIn))+" of response bodies")
	if r.GeneratorCPUUS != nil {
		p.field("generator", unit.Micros(*r.GeneratorCPUUS)+" of CPU a request")
	}
	for _, h := range r.Hosts {
		p.field("on "+h.Name, loadHost(h))
	}
	p.ramp(r.Ramp)
	p.thresholds(r)
	p.trust(r.Trust)
	p.targets(r)
	p.loadEnd(r, o, partial(r), loadFigures(r))
	return p.err
}

// loadHost says what one of several hosts did, and what that took of it.
func loadHost(h results.LoadHost) string {
	limit := ""
	if h.AtLimit {
		limit = "; at its limit: the server may bear more"
	}
	return fmt.Sprintf("%s/s, p99 %s, on %s; its load used %.1f of its %s, which were %.0f%% busy in all%s; "+
		"its clock differs by %s ± %s", unit.Rate(h.RateRPS), unit.Micros(h.LatencyUS.P99),
		unit.Counted(h.Connections, "connection"), h.GeneratorCPU, unit.Counted(h.Cores, "CPU"), 100*h.Busy, limit,
		unit.Micros(math.Abs(h.ClockOffsetUS)), unit.Micros(h.ClockUncertaintyUS))
}

var trustLooks = map[string]style{results.Valid: good, results.Suspect: lesser, results.Void: bad}

// loadEnd writes the last lines of a load: that it is partial, if so, what to try next, and once
// more what it came to.
func (p *page) loadEnd(r *results.LoadRun, o Options, partial, figures string) {
	p.line("")
	if r.Partial {
		p.paragraph(partial)
	}
	for _, m := range o.More {
		p.paragraph(m)
	}
	p.headline(trustLooks[r.Trust.Status], r.Trust.Status+":", figures)
}

func partial(r *results.LoadRun) string {
	if r.Capacity != nil {
		return "PARTIAL: the search was interrupted: the capacity is less exact than asked, or was not confirmed."
	}
	return fmt.Sprintf("PARTIAL: the load was interrupted with %s in flight (not counted).",
		unit.Counted(r.Aborted, "request"))
}

// asked says what was sent, and where to.
func asked(r *results.LoadRun) string {
	if r.Method != "" {
		return r.Method + " " + r.URL
	}
	if r.Targets == nil {
		return "several targets of " + r.URL
	}
	n := 0
	for _, t := range r.Targets {
		n += t.Targets
	}
	return unit.Counted(n, "target") + " of " + r.URL
}

// shape describes the load.
func shape(r *results.LoadRun) string {
	connections := unit.Counted(r.Connections, "connection")
	if r.Streams > 0 {
		connections += fmt.Sprintf(" of %s with %s each", r.Protocol, unit.Counted(r.Streams, "stream"))
	}
	if r.UnixSocket != "" {
		connections += " to " + r.UnixSocket
	}
	if r.NewConnections {
		connections += " at a time, a new one for each request (latency includes connecting)"
	}
	if r.OfferedRPS == 0 {
		return "closed load on " + connections
	}
	if r.Ramp != nil {
		return fmt.Sprintf("open load from %s to %s requests/s on at most %s", unit.Rate(r.Ramp.FromRPS),
			unit.Rate(r.Ramp.ToRPS), connections)
	}
	return fmt.Sprintf("open load of %s requests/s on at most %s", unit.Rate(r.OfferedRPS), connections)
}

func (p *page) loadErrors(r *results.LoadRun) {
	if r.Errors == 0 {
		p.field("errors", "0")
		return
	}
	share := ""
	if r.Deliveries == nil {
		what := "requests"
		if r.Viewing != nil {
			what = "segments"
		}
		share = fmt.Sprintf(" (%s of the %s)", unit.Share(r.Errors, r.Requests), what)
	}
	p.field("errors", unit.Count(r.Errors)+share)
	kinds := make([]string, 0, len(r.ErrorKinds))
	for k := range r.ErrorKinds {
		kinds = append(kinds, k)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		if d := int64(r.ErrorKinds[b].Count) - int64(r.ErrorKinds[a].Count); d != 0 {
			return int(d)
		}
		return strings.Compare(a, b)
	})
	for _, k := range kinds {
		p.field("", fmt.Sprintf("%s %s, e.g. %s", unit.Count(r.ErrorKinds[k].Count), k, r.ErrorKinds[k].Example))
	}
}

// trust lists what speaks against the figures; nothing where nothing does.
func (p *page) trust(t results.Trust) {
	name := strings.ToLower(t.Status)
	for _, reason := range t.Reasons {
		p.field(name, "- "+reason)
		name = ""
	}
}

// latencies writes a line for each way of counting. A closed load has one.
func (p *page) latencies(r *results.LoadRun) {
	if r.Requests == r.Errors {
		p.paragraph("No request was answered without an error, so there are no latencies of successes.")
	}
	if r.Requests == 0 {
		return
	}
	missing := false
	cell := func(n uint64, q, us float64) string {
		if !results.Resolves(n, q) {
			// a few errors without percentiles need no explanation
			missing = missing || n > r.Errors
			return unit.Missing
		}
		return unit.Micros(us)
	}
	answered := r.Timed()
	of := func(name string, n uint64, l results.Latency) []string {
		return []string{name, cell(n, 50, l.P50), cell(n, 90, l.P90), cell(n, 99, l.P99),
			cell(n, 99.9, l.P999), unit.Micros(l.Max)}
	}
	var rows [][]string
	if answered > 0 {
		name := "latency"
		if r.Viewing != nil {
			name = "start-up"
		}
		rows = append(rows, of(name, answered, r.LatencyUS))
		sent := r.Requests
		if r.Conversation == results.Chat {
			sent = r.Messages
		} else if r.OfferedRPS > 0 {
			rows = append(rows, of("uncorrected", answered, r.UncorrectedUS))
		}
		if r.OfferedRPS > 0 {
			rows = append(rows, []string{"send lag", cell(sent, 50, r.SendLagUS.P50), unit.Missing,
				cell(sent, 99, r.SendLagUS.P99), unit.Missing, unit.Missing})
		}
	}
	if r.ErrorLatencyUS != nil {
		rows = append(rows, of("errors", r.Errors, *r.ErrorLatencyUS))
	}
	p.percentiles(rows)
	if missing {
		what := "requests"
		if r.Viewing != nil {
			what = "viewers"
		}
		p.paragraph("A percentile needs enough " + what + ": p90 at least 10, p99 at least 100, p99.9 at least 1,000.")
	}
	if n := r.DelayedACKs(); n > 0 {
		p.paragraph(delayed(n))
	}
	if r.OfferedRPS > 0 && answered > 0 && r.Conversation != results.Chat {
		p.paragraph(
			"Latency counts from when a request was due; uncorrected counts from when it was sent, as most tools do.")
	}
}

// percentiles writes a table, or on a narrow terminal a list.
func (p *page) percentiles(rows [][]string) {
	head := []string{"", "p50", "p90", "p99", "p99.9", "max"}
	if p.width >= leastLoadTable {
		p.box(box{head: head, rows: rows})
		return
	}
	for _, row := range rows {
		var cells []string
		for i, cell := range row[1:] {
			if cell != unit.Missing {
				cells = append(cells, head[i+1]+" "+cell)
			}
		}
		p.item("", row[0]+": "+strings.Join(cells, ", "))
	}
}

// delayed explains a local server's latency of one or more times 40 ms.
func delayed(acks int) string {
	return fmt.Sprintf("p50 is near %d ms, on this machine's own network. That is probably delayed ACK with Nagle's "+
		"algorithm: does the server send a response in several small writes? Write it at once, or set TCP_NODELAY.",
		40*acks)
}

// LiveLoad returns the current state of a load in a line: requests (or what else it counts) per
// second, p99 in microseconds, errors.
func LiveLoad(what string, rps, p99 float64, errors uint64) string {
	return fmt.Sprintf("%s %s/s, p99 %s, %s", unit.Rate(rps), what, unit.Micros(p99), unit.Counted(errors, "error"))
}

// Probe returns one probe of a capacity search in a line.
func Probe(p results.ProbeRun) string {
	s := fmt.Sprintf("%6s/s  p99 %-8s", unit.Rate(p.RPS), unit.Micros(p.P99US))
	if p.Meets {
		return s + "  meets the objective"
	}
	return s + "  fails: " + p.Why
}

func codes(all map[int]uint64) string {
	sorted := make([]int, 0, len(all))
	for code := range all {
		sorted = append(sorted, code)
	}
	slices.Sort(sorted)
	parts := make([]string, len(sorted))
	for i, code := range sorted {
		parts[i] = fmt.Sprintf("%d: %s", code, unit.Count(all[code]))
	}
	return strings.Join(parts, ", ")
}
