package scene

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nodecompare/results/unit"
)

// Say names the threads, and puts what the lanes show into sentences.
func (r *Recording) Say() {
	r.nameThreads()
	if r.UnseenWorkers() && r.Recorded {
		r.Unknown = "Node.js does not say which of the other threads works for whom"
	}
	r.Says = nil
	if r.Recorded {
		r.Says = append(r.Says, r.threadsSay())
	}
	r.Says = append(r.Says, r.answeredSay())
	if !r.Recorded {
		r.Says = append(r.Says, "Only what the clients saw is known: this server records nothing.")
	}
	if wrong := r.failedSay(); wrong != "" {
		r.Says = append(r.Says, wrong)
	}
	if !r.Recorded {
		return
	}
	r.Says = append(r.Says, r.heldSay())
	if ran, had := r.ran(); ran-had >= heldMS && had < 3*ran/4 {
		r.Says = append(r.Says,
			fmt.Sprintf("This machine was busy: threads that could run had to wait for a CPU, %s in all.",
				Millis(ran-had)))
	}
}

// answeredSay says when the last answer came.
func (r *Recording) answeredSay() string {
	took := Millis(r.End - r.first())
	switch n := len(r.Requests); n {
	case 1:
		return "It was answered after " + took + "."
	case 2:
		return "Both were answered after " + took + "."
	default:
		return fmt.Sprintf("All %d were answered after %s.", n, took)
	}
}

// failedSay says which requests were refused; "" for none.
func (r *Recording) failedSay() string {
	var refused []int
	status := 0
	for _, l := range r.Requests {
		if l.Status >= 400 {
			refused, status = append(refused, l.Number), l.Status
		}
	}
	if len(refused) == 0 {
		return ""
	}
	of := r.Requests[refused[len(refused)-1]-1]
	return fmt.Sprintf("The server refused %s: it answers %s %s with status %d, so its times say nothing.",
		numbered(refused), of.Method, of.Path(), status)
}

// ran returns for how long threads ran requests, and for how long of that they had a CPU, as far as
// the kernel told.
func (r *Recording) ran() (ran, had float64) {
	for _, t := range r.Threads {
		if len(t.OnCPU) == 0 || t.Silent() {
			continue
		}
		for _, s := range t.Spans {
			if s.State != Running {
				continue
			}
			ran += s.To - s.From
			for _, on := range t.OnCPU {
				had += max(min(s.To, on.To)-max(s.From, on.From), 0)
			}
		}
	}
	return ran, had
}

// first returns when the first request was sent.
func (r *Recording) first() float64 {
	first := math.Inf(1)
	for _, l := range r.Requests {
		first = min(first, l.Sent)
	}
	return first
}

// nameThreads numbers threads by what they do.
func (r *Recording) nameThreads() {
	threads, workers, others := 0, 0, 0
	for i := range r.Threads {
		t := &r.Threads[i]
		if t.Silent() {
			others++
			t.Name = fmt.Sprintf("other %d", others)
			continue
		}
		if t.Worker {
			workers++
			t.Name = fmt.Sprintf("worker %d", workers)
			continue
		}
		threads++
		t.Name = fmt.Sprintf("thread %d", threads)
	}
	if loop := slices.IndexFunc(r.Threads, func(t Thread) bool { return !t.Worker }); r.loops() && loop >= 0 {
		r.Threads[loop].Name = "the loop"
	}
}

// loops reports whether the mode is an event loop on one thread.
func (r *Recording) loops() bool { return r.Name == "async" || r.Name == "node" || r.Name == "express" }

// UnseenWorkers reports whether requests waited for workers that recorded nothing.
func (r *Recording) UnseenWorkers() bool {
	return slices.ContainsFunc(r.Requests, func(l Lane) bool {
		return slices.ContainsFunc(l.Spans, func(s Span) bool { return s.State == Waiting && s.For == "a worker" })
	}) && !slices.ContainsFunc(r.Threads, func(t Thread) bool {
		return t.Worker && !t.Silent()
	})
}

// threadsSay says what the threads did.
func (r *Recording) threadsSay() string {
	var waited []float64
	threads, workers, others, awake, known := 0, 0, 0, 0.0, true
	for _, t := range r.Threads {
		if t.Silent() {
			others++
			continue
		}
		if t.Worker {
			workers++
			continue
		}
		threads++
		awake += max(t.Awake, 0)
		known = known && t.Awake >= 0
		total := 0.0
		for _, s := range t.Spans {
			if s.State == Waiting {
				total += s.To - s.From
			}
		}
		if total > 0 {
			waited = append(waited, total)
		}
	}
	if len(waited) > 0 {
		return r.stillSay(waited, threads)
	}
	says := r.servedSay(threads)
	if known {
		says += fmt.Sprintf(", and worked for %s of %s", Short(awake), Millis(r.End-r.first()))
	}
	if workers > 0 {
		says += fmt.Sprintf("; workers on %s did the rest", unit.Counted(workers, "other thread"))
	}
	if others > 0 {
		says += fmt.Sprintf("; %s computed", unit.Counted(others, "other thread"))
	}
	return says + "."
}

// servedSay says that so many threads served the requests.
func (r *Recording) servedSay(threads int) string {
	says := unit.Counted(threads, "thread") + " served "
	switch n := len(r.Requests); n {
	case 1:
		return says + "the request"
	case 2:
		return says + "both requests"
	default:
		return says + fmt.Sprintf("all %d requests", n)
	}
}

// stillSay says how long threads stood still, of so many that served requests.
func (r *Recording) stillSay(waited []float64, threads int) string {
	slices.Sort(waited)
	long := Millis(waited[len(waited)/2])
	if len(waited) == threads && threads < len(r.Requests) {
		each := "each"
		if threads == 1 {
			each = "it"
		}
		return fmt.Sprintf("%s, and %s stood still for %s while its requests waited.", r.servedSay(threads), each, long)
	}
	stood, has := fmt.Sprintf("%s stood still for %s each", unit.Counted(len(waited), "thread"), long), "their requests"
	if len(waited) == 1 {
		stood, has = "1 thread stood still for "+long, "its requests"
	}
	says := stood + " while " + has + " waited"
	if computed := threads - len(waited); computed > 0 {
		says += fmt.Sprintf(", and %d more computed", computed)
	}
	if threads == len(r.Requests) && threads > 1 {
		return "Each request had a thread of its own: " + says + "."
	}
	return says + "."
}

// heldSay says who was held up, and by whom.
func (r *Recording) heldSay() string {
	longest := map[State]float64{}
	who := map[State][]int{}
	by := map[int]bool{}
	for _, l := range r.Requests {
		for _, s := range l.Spans {
			if d := s.To - s.From; (s.State == HeldUp || s.State == Queued) && d >= heldMS {
				if !slices.Contains(who[s.State], l.Number) {
					who[s.State] = append(who[s.State], l.Number)
				}
				longest[s.State] = max(longest[s.State], d)
				if s.By > 0 {
					by[s.By] = true
				}
			}
		}
	}
	held, queued := who[HeldUp], who[Queued]
	computing, took := r.computing(by)
	switch {
	case len(held)+len(queued) == 0:
		return "No request was held up by another for " + Millis(heldMS) + " or more."
	case computing > 0 && r.shared():
		all := append(slices.Clone(held), queued...)
		slices.Sort(all)
		all = slices.Compact(all)
		return fmt.Sprintf("Request %d computed for %s on the thread that they all need: %s had to wait for it, "+
			"up to %s.", computing, Millis(took), numbered(all), Millis(max(longest[HeldUp], longest[Queued])))
	case len(by) == 0: // no thread of theirs did anything else
		all := append(slices.Clone(held), queued...)
		slices.Sort(all)
		return fmt.Sprintf("%s had to wait up to %s for a CPU: this machine was busy.",
			upper(numbered(slices.Compact(all))), Millis(max(longest[HeldUp], longest[Queued])))
	case len(queued) > 0:
		return fmt.Sprintf("%s waited in the queue until a thread was free, up to %s.", upper(numbered(queued)),
			Millis(longest[Queued]))
	}
	return fmt.Sprintf("%s could have gone on, but had to wait up to %s for the thread.", upper(numbered(held)),
		Millis(longest[HeldUp]))
}

// shared reports whether all requests needed one thread.
func (r *Recording) shared() bool {
	serving := 0
	for _, t := range r.Threads {
		if !t.Worker && !t.Silent() {
			serving++
		}
	}
	return serving == 1
}

// heldMS is how long somebody must be held up before it is said.
const heldMS = 10.0

// computing returns the one request that held up others by computing, and for how long it did; 0
// for none, or several.
func (r *Recording) computing(by map[int]bool) (number int, took float64) {
	if len(by) != 1 {
		return 0, 0
	}
	for n := range by {
		for _, s := range r.Requests[n-1].Spans {
			if d := s.To - s.From; s.State == Running && d >= heldMS && d > took {
				number, took = n, d
			}
		}
	}
	return number, took
}

// numbered names requests: "request 4", "requests 4 and 5", "requests 1 to 3 and 5".
func numbered(all []int) string {
	var parts []string
	for i := 0; i < len(all); {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		if j-i >= 2 {
			parts = append(parts, fmt.Sprintf("%d to %d", all[i], all[j]))
		} else {
			for _, n := range all[i : j+1] {
				parts = append(parts, fmt.Sprint(n))
			}
		}
		i = j + 1
	}
	what := "requests "
	if len(all) == 1 {
		what = "request "
	}
	if n := len(parts) - 1; n > 0 {
		return what + strings.Join(parts[:n], ", ") + " and " + parts[n]
	}
	return what + parts[0]
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Millis writes milliseconds that people compare with each other: whole from 10 on.
func Millis(ms float64) string {
	if ms < 10 {
		return Short(ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// Short writes milliseconds with two figures.
func Short(ms float64) string { return unit.Rounded(ms, 2) + " ms" }

// Text says what a span is. thread is the thread whose lane it is in; "" for a request's.
func (s Span) Text(thread string) string {
	when := fmt.Sprintf(" for %s (%s to %s)", Short(s.To-s.From), Millis(s.From), Millis(s.To))
	who := fmt.Sprintf("request %d", s.Request)
	if thread != "" {
		who = thread
	}
	blame := ""
	if s.By > 0 {
		blame = fmt.Sprintf(", by request %d", s.By)
	}
	switch s.State {
	case Busy:
		return who + " has a CPU, and for whom it works is not known," + when
	case Running:
		if thread != "" {
			return fmt.Sprintf("%s runs request %d%s", who, s.Request, when)
		}
		return who + " runs" + when
	case Waiting:
		if thread != "" {
			return fmt.Sprintf("%s stands still with request %d, which waits for %s,%s", who, s.Request, s.For, when)
		}
		return who + " waits for " + s.For + "," + when
	case Queued:
		return who + " is in the queue and not read yet" + blame + "," + when
	case HeldUp:
		return who + " is ready, and held up" + blame + "," + when
	case Answering:
		return who + "'s answer is on its way" + when
	}
	return "what the server does with " + who + " is not known" + when
}
