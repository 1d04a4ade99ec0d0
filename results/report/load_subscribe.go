package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// subscription writes the result of a load of subscribers, as writeLoadTable does of requests.
func (p *page) subscription(r *results.LoadRun, o Options) {
	if r.Trust.Status == results.Void {
		p.warning("VOID: nothing may be concluded from this load. The reasons are below.")
	}
	came := r.Requests - r.Errors
	p.headline(strong, subscribersAnswer(r), "")
	engine := ""
	if r.LoadThreads > 1 {
		engine = fmt.Sprintf(", on %d threads", r.LoadThreads)
	}
	p.paragraph(fmt.Sprintf("%s: %s to server-sent events%s", asked(r), unit.Counted(r.Connections, "subscriber"),
		engine))
	p.line("")
	if came > 0 && !r.Untimed() {
		p.latencies(r)
		p.paragraph("Delivery latency counts from when an event was due, as its data says, to when it was there.")
		p.line("")
	}
	p.field("events", fmt.Sprintf("%s in %s, %s/s", unit.Count(came), unit.Seconds(r.DurationS), unit.Rate(r.RateRPS)))
	p.deliveries(r.Deliveries, came)
	if n := r.Deliveries.Silent; n > 0 {
		p.field("silent", fmt.Sprintf("%s had heard nothing when the load ended",
			unit.Counted(n, "subscriber")))
	}
	p.loadErrors(r)
	p.field("received", unit.Bytes(float64(r.BytesIn))+" of the events' data")
	if s := r.Server; s != nil {
		p.field("server", fmt.Sprintf("%s of CPU an event; its memory grew by %s a subscriber",
			unit.Micros(s.CPUUSPerEvent), unit.Bytes(s.BytesPerSubscriber)))
	}
	if r.GeneratorCPUUS != nil {
		p.field("generator", unit.Micros(*r.GeneratorCPUUS)+" of CPU an event")
	}
	p.thresholds(r)
	p.trust(r.Trust)
	p.line("")
	if r.Partial {
		p.paragraph("PARTIAL: the load was interrupted.")
	}
	for _, m := range o.More {
		p.paragraph(m)
	}
	p.headline(trustLooks[r.Trust.Status], r.Trust.Status+":", subscribersFigures(r))
}

// deliveries writes what became of the events that did not come as they should.
func (p *page) deliveries(d *results.Deliveries, came uint64) {
	switch {
	case came == 0:
	case !d.Numbered:
		p.field("missed", "unknown: the events have no ids that rise by one")
	case d.Missed == 0:
		p.field("missed", "0")
	default:
		p.field("missed", fmt.Sprintf("%s (%s%%): left out among the ids", unit.Count(d.Missed),
			unit.Digits(100*float64(d.Missed)/float64(d.Owed(came)))))
	}
	for _, c := range []struct {
		name string
		n    uint64
		says string
	}{
		{"overdue", d.Overdue, "were due, and had not come when the load ended"},
		{"doubled", d.Doubled, "came a second time, and are in no figure"},
		{"disorder", d.OutOfOrder, "came behind a later one, and are in no figure"},
		{"early", d.Early, "came before they were due: the server's clock is not this machine's"},
	} {
		if c.n > 0 {
			p.field(c.name, unit.Count(c.n)+" "+c.says)
		}
	}
	if d.Untimed > 0 && came > 0 {
		what := "all events"
		if d.Timed(came) {
			what = unit.Counted(d.Untimed, "event")
		}
		p.field("latency", fmt.Sprintf("unknown of %s: no \"due_us\" in the data says when they were due", what))
	}
}

// subscribersAnswer is what a load of subscribers comes to, for people.
func subscribersAnswer(r *results.LoadRun) string {
	came := r.Requests - r.Errors
	if came == 0 {
		return "No subscriber heard an event."
	}
	text := fmt.Sprintf("%s heard %s events/s", unit.Counted(r.Connections, "subscriber"), unit.Rate(r.RateRPS))
	if !r.Untimed() {
		text += ": " + arrivals(came, r.LatencyUS)
	}
	switch d := r.Deliveries; {
	case d.Absent() > 0:
		text += fmt.Sprintf("; %s%% never came", unit.Digits(100*float64(d.Absent())/float64(d.Owed(came))))
	case d.Numbered:
		text += "; none was missed"
	}
	if r.Errors > 0 {
		text += fmt.Sprintf("; %s failed or ended early", unit.Counted(r.Errors, "subscription"))
	}
	return text + "."
}

// arrivals says how late the usual event came, and how late the slow ones did.
func arrivals(n uint64, l results.Latency) string {
	if !results.Resolves(n, 99) {
		return "the latest came " + unit.Micros(l.Max) + " after it was due"
	}
	return fmt.Sprintf("half came within %s of when they were due, the slowest 1 in 100 after %s or more",
		unit.Micros(l.P50), unit.Micros(l.P99))
}

// subscribersFigures is the same in the field's terms.
func subscribersFigures(r *results.LoadRun) string {
	came := r.Requests - r.Errors
	text := unit.Rate(r.RateRPS) + " events/s"
	for _, q := range []struct{ q, us float64 }{{50, r.LatencyUS.P50}, {99, r.LatencyUS.P99}} {
		if results.Resolves(came, q.q) && !r.Untimed() {
			text += fmt.Sprintf(", p%.0f %s", q.q, unit.Micros(q.us))
		}
	}
	if d := r.Deliveries; d.Numbered {
		text += fmt.Sprintf(", %s missed", unit.Count(d.Absent()))
	}
	return concluded(r, text+", "+unit.Counted(r.Errors, "error"))
}
