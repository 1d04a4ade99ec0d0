package report

import (
	"fmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// playback writes the result of a load of players, as writeLoadTable does of requests.
func (p *page) playback(r *results.LoadRun, o Options) {
	v := r.Viewing
	if r.Trust.Status == results.Void {
		p.warning("VOID: nothing may be concluded from this load. The reasons are below.")
	}
	p.headline(strong, viewersAnswer(r), "")
	engine := ""
	if r.LoadThreads > 1 {
		engine = fmt.Sprintf(", on %d threads", r.LoadThreads)
	}
	p.paragraph(fmt.Sprintf("%s: %s of %s Mbit/s, in segments of %s%s", asked(r),
		unit.Counted(r.Connections, "viewer"), unit.Digits(8*float64(v.SegmentBytes)/1e6/v.SegmentS),
		unit.Seconds(v.SegmentS), engine))
	p.line("")
	if r.Timed() > 0 {
		p.latencies(r)
		p.paragraph("Start-up counts from when a viewer came, over connecting, to its first whole segment.")
		p.line("")
	}
	p.field("segments", fmt.Sprintf("%s in %s, %s/s", unit.Count(r.Requests-r.Errors), unit.Seconds(r.DurationS),
		unit.Bytes(r.RateRPS*float64(v.SegmentBytes))))
	p.field("stalls", stalls(v))
	if v.Unstarted > 0 {
		p.field("waiting", fmt.Sprintf("%s had no whole segment when the load ended",
			unit.Counted(v.Unstarted, "viewer")))
	}
	p.loadErrors(r)
	p.field("received", unit.Bytes(float64(r.BytesIn))+" of the video")
	if s := r.Server; s != nil {
		p.field("server", fmt.Sprintf("%s of CPU a MB; its memory grew by %s a viewer", unit.Micros(s.CPUUSPerMB),
			unit.Bytes(s.BytesPerConnection)))
	}
	if r.GeneratorCPUUS != nil {
		p.field("generator", unit.Micros(*r.GeneratorCPUUS*1e6/float64(v.SegmentBytes))+" of CPU a MB")
	}
	p.thresholds(r)
	p.trust(r.Trust)
	p.loadEnd(r, o, "PARTIAL: the load was interrupted.", viewersFigures(r))
}

// stalls says how many segments came after their time, to how many viewers, and how long these
// waited.
func stalls(v *results.Viewing) string {
	if v.Stalls == 0 {
		return "0"
	}
	text := fmt.Sprintf("%s, seen by %s: %s each in the mean, %s the longest", unit.Count(v.Stalls),
		unit.Counted(v.Viewers-v.Unstarted-v.Smooth, "viewer"), unit.Seconds(v.StalledS/float64(v.Stalls)),
		unit.Seconds(v.LongestStallS))
	if v.WatchedS > 0 {
		text += fmt.Sprintf("; %s%% of all viewing time", unit.Digits(100*v.StalledS/v.WatchedS))
	}
	return text
}

// viewersAnswer is what a load of players comes to, for people.
func viewersAnswer(r *results.LoadRun) string {
	v := r.Viewing
	if r.Timed() == 0 {
		return "No viewer saw anything."
	}
	text := fmt.Sprintf("%s of %s saw no stall", unit.Count(v.Smooth), unit.Counted(v.Viewers, "viewer"))
	switch v.Smooth {
	case v.Viewers:
		text = fmt.Sprintf("None of %s saw a stall", unit.Counted(v.Viewers, "viewer"))
	case 0:
		text = fmt.Sprintf("Every one of %s saw a stall, or nothing", unit.Counted(v.Viewers, "viewer"))
	}
	text += "; " + beginnings(r.Timed(), r.LatencyUS)
	if r.Errors > 0 {
		text += fmt.Sprintf("; %s failed", unit.Counted(r.Errors, "segment"))
	}
	return text + "."
}

// beginnings says how soon the usual viewer began, and how late the slow ones did.
func beginnings(n uint64, l results.Latency) string {
	if !results.Resolves(n, 99) {
		return "the slowest to start up took " + unit.Micros(l.Max)
	}
	return fmt.Sprintf("half started up within %s, the slowest 1 in 100 took %s or more", unit.Micros(l.P50),
		unit.Micros(l.P99))
}

// viewersFigures is the same in the field's terms.
func viewersFigures(r *results.LoadRun) string {
	text := unit.Bytes(r.RateRPS*float64(r.Viewing.SegmentBytes)) + "/s"
	for _, q := range []struct{ q, us float64 }{{50, r.LatencyUS.P50}, {99, r.LatencyUS.P99}} {
		if results.Resolves(r.Timed(), q.q) {
			text += fmt.Sprintf(", start-up p%.0f %s", q.q, unit.Micros(q.us))
		}
	}
	return concluded(r, fmt.Sprintf("%s, %s%% without a stall, %s", text, unit.Digits(100*r.Viewing.Share()),
		unit.Counted(r.Errors, "error")))
}
