package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// toldWords are the words of a load in which the server tells: of who hears, and of what.
type toldWords struct {
	ear, thing   string
	one, hears   string // what counts as a thing, and that it was heard
	missed, none string // what becomes of one that does not come; that none was
	failed       string // what failed or ended
	due          string // what delivery latency counts from
	received     string
}

func wordsOf(r *results.LoadRun) toldWords {
	if r.Conversation == results.Chat {
		return toldWords{ear: "member", thing: "delivery", one: "a message", hears: "had", missed: "lost",
			none: "none was lost", failed: "member", due: "when a message was due to when a member had it",
			received: "of messages"}
	}
	return toldWords{ear: "subscriber", thing: "event", one: "an event", hears: "heard", missed: "missed",
		none: "none was missed", failed: "subscription",
		due:      "when an event was due, as its data says, to when it was there",
		received: "of the events' data"}
}

// things is the plural of what is told.
func (w toldWords) things() string { return unit.Plural(w.thing) }

// deliveries writes the result of a load of subscribers or members, as writeLoadTable does of
// requests.
func (p *page) deliveries(r *results.LoadRun, o Options) {
	if r.Trust.Status == results.Void {
		p.warning("VOID: nothing may be concluded from this load. The reasons are below.")
	}
	came, w := r.Requests-r.Errors, wordsOf(r)
	p.headline(strong, deliveriesAnswer(r), "")
	engine := ""
	if r.LoadThreads > 1 {
		engine = fmt.Sprintf(", on %d threads", r.LoadThreads)
	}
	what := asked(r) + ": " + unit.Counted(r.Connections, "subscriber") + " to server-sent events"
	if r.Conversation == results.Chat {
		what = fmt.Sprintf("%s: %s in rooms of %s, %s messages/s of %s in all", r.URL,
			unit.Counted(r.Connections, "member"), unit.Count(r.RoomSize), unit.Rate(r.OfferedRPS),
			unit.Counted(r.MessageSize, "byte"))
	}
	p.paragraph(what + engine)
	p.line("")
	if came > 0 && !r.Untimed() {
		p.latencies(r)
		p.paragraph("Delivery latency counts from " + w.due + ".")
		p.line("")
	}
	if r.Conversation == results.Chat {
		p.field("messages", fmt.Sprintf("%s said in %s, each for all in its room", unit.Count(r.Messages),
			unit.Seconds(r.DurationS)))
		if r.Unsent > 0 {
			p.field("unsent", unit.Count(r.Unsent)+" were due while nobody was in the room, or no CPU was free")
		}
	}
	p.field(w.things(),
		fmt.Sprintf("%s in %s, %s/s", unit.Count(came), unit.Seconds(r.DurationS), unit.Rate(r.RateRPS)))
	p.wrongDeliveries(r)
	if n := r.Deliveries.Silent; n > 0 {
		p.field("silent", unit.Counted(n, w.ear)+" had heard nothing when the load ended")
	}
	p.loadErrors(r)
	p.field("received", unit.Bytes(float64(r.BytesIn))+" "+w.received)
	if s := r.Server; s != nil {
		threads := ""
		if s.Threads > 0 {
			threads = ", on " + unit.Counted(s.Threads, "thread")
		}
		p.field("server", fmt.Sprintf("%s of CPU %s; its memory grew by %s a %s%s", unit.Micros(s.CPUUSPerDelivery),
			an(w.thing), unit.Bytes(s.BytesPerConnection), w.ear, threads))
	}
	if r.GeneratorCPUUS != nil {
		p.field("generator", unit.Micros(*r.GeneratorCPUUS)+" of CPU "+an(w.thing))
	}
	p.thresholds(r)
	p.trust(r.Trust)
	p.loadEnd(r, o, "PARTIAL: the load was interrupted.", deliveriesFigures(r))
}

// an writes the indefinite article of what is told.
func an(thing string) string {
	if thing[0] == 'e' {
		return "an " + thing
	}
	return "a " + thing
}

// wrongDeliveries writes what became of those that did not come as they should.
func (p *page) wrongDeliveries(r *results.LoadRun) {
	d, came, w := r.Deliveries, r.Requests-r.Errors, wordsOf(r)
	absent := d.Missed
	says := "left out among the ids"
	if r.Conversation == results.Chat {
		says = fmt.Sprintf("of %s expected", unit.Count(d.Expected))
	}
	switch {
	case came == 0 && absent == 0:
	case !d.Numbered:
		p.field("missed", "unknown: the events have no ids that rise by one")
	case absent == 0:
		p.field(w.missed, "0")
	default:
		p.field(w.missed, fmt.Sprintf("%s (%s): %s", unit.Count(absent), unit.Share(absent, d.Owed(came)), says))
	}
	for _, c := range []struct {
		name string
		n    uint64
		says string
	}{
		{"overdue", d.Overdue, "were due, and had not come when the load ended"},
		{"doubled", d.Doubled, "came a second time, and are in no figure"},
		{"disorder", d.OutOfOrder, "came behind a later one, and are in no figure"},
		{"strange", d.Strange, "were not what a member has said in that room, and are in no figure"},
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

// deliveriesAnswer is what a load of subscribers or members comes to, for people.
func deliveriesAnswer(r *results.LoadRun) string {
	came, w := r.Requests-r.Errors, wordsOf(r)
	if came == 0 {
		return fmt.Sprintf("No %s heard %s.", w.ear, w.one)
	}
	text := fmt.Sprintf("%s %s %s %s/s", unit.Counted(r.Connections, w.ear), w.hears, unit.Rate(r.RateRPS), w.things())
	if !r.Untimed() {
		text += ": " + arrivals(came, r.LatencyUS)
	}
	switch d := r.Deliveries; {
	case d.Absent() > 0:
		text += fmt.Sprintf("; %s never came", unit.Share(d.Absent(), d.Owed(came)))
	case d.Numbered:
		text += "; " + w.none
	}
	if r.Errors > 0 {
		text += fmt.Sprintf("; %s failed or ended early", unit.Counted(r.Errors, w.failed))
	}
	return text + "."
}

// arrivals says how late the usual delivery came, and how late the slow ones did.
func arrivals(n uint64, l results.Latency) string {
	if !results.Resolves(n, 99) {
		return "the latest came " + unit.Micros(l.Max) + " after it was due"
	}
	return fmt.Sprintf("half came within %s of when they were due, the slowest 1 in 100 after %s or more",
		unit.Micros(l.P50), unit.Micros(l.P99))
}

// deliveriesFigures is the same in the field's terms.
func deliveriesFigures(r *results.LoadRun) string {
	came, w := r.Requests-r.Errors, wordsOf(r)
	text := unit.Rate(r.RateRPS) + " " + w.things() + "/s"
	for _, q := range []struct{ q, us float64 }{{50, r.LatencyUS.P50}, {99, r.LatencyUS.P99}} {
		if results.Resolves(came, q.q) && !r.Untimed() {
			text += fmt.Sprintf(", p%.0f %s", q.q, unit.Micros(q.us))
		}
	}
	if d := r.Deliveries; d.Numbered {
		text += fmt.Sprintf(", %s %s", unit.Count(d.Absent()), w.missed)
	}
	return concluded(r, text+", "+unit.Counted(r.Errors, "error"))
}
