package watch

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"nodecompare/results/unit"
)

// say puts what the lanes show into sentences.
func (m *Mode) say() {
	m.nameThreads()
	if m.unseenWorkers() && m.Recorded {
		m.Unknown = "Node.js does not say which of the other threads works for whom"
	}
	n := len(m.Requests)
	answered := fmt.Sprintf("all %d were answered after %s", n, millis(m.End-m.first()))
	if n == 1 {
		answered = "it was answered after " + millis(m.End-m.first())
	}
	if !m.Recorded {
		m.Says = []string{upper(answered) + ". Only what the clients saw is known: this server records no trace."}
		return
	}
	m.Says = append(m.Says, upper(m.threadsSay())+"; "+answered+".")
	m.Says = append(m.Says, m.heldSay())
	if ran, had := m.ran(); ran-had >= heldMS && had < 3*ran/4 {
		m.Says = append(m.Says,
			fmt.Sprintf("Threads that could run had to wait for a CPU, %s in all.", millis(ran-had)))
	}
}

// ran returns for how long threads ran requests, and for how long of that they had a CPU, as far as
// the kernel told.
func (m *Mode) ran() (ran, had float64) {
	for _, t := range m.Threads {
		if len(t.OnCPU) == 0 || t.silent() {
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
func (m *Mode) first() float64 {
	first := math.Inf(1)
	for _, l := range m.Requests {
		first = min(first, l.Sent)
	}
	return first
}

// nameThreads numbers threads by what they do.
func (m *Mode) nameThreads() {
	threads, workers, others := 0, 0, 0
	for i := range m.Threads {
		t := &m.Threads[i]
		if t.silent() {
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
	if loop := slices.IndexFunc(m.Threads, func(t Thread) bool { return !t.Worker }); m.loops() && loop >= 0 {
		m.Threads[loop].Name = "the loop"
	}
}

// loops reports whether the mode is an event loop on one thread.
func (m *Mode) loops() bool { return m.Name == "async" || m.Name == "node" || m.Name == "express" }

// unseenWorkers reports whether requests waited for workers that recorded nothing.
func (m *Mode) unseenWorkers() bool {
	return slices.ContainsFunc(m.Requests, func(l Lane) bool {
		return slices.ContainsFunc(l.Spans, func(s Span) bool { return s.State == Waiting && s.For == "a worker" })
	}) && !slices.ContainsFunc(m.Threads, func(t Thread) bool {
		return t.Worker && !t.silent()
	})
}

// threadsSay says what the threads did.
func (m *Mode) threadsSay() string {
	var waited []float64
	threads, workers, others, awake, known := 0, 0, 0, 0.0, true
	for _, t := range m.Threads {
		if t.silent() {
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
	var says string
	if len(waited) > 0 {
		slices.Sort(waited)
		each := ""
		if len(waited) > 1 {
			each = " each"
		}
		says = fmt.Sprintf("%s%s stood still for %s", unit.Counted(len(waited), "thread"), each,
			millis(waited[len(waited)/2]))
		if computed := threads - len(waited); computed > 0 {
			says += fmt.Sprintf(", and %d more computed", computed)
		}
		return says
	}
	says = unit.Counted(threads, "thread")
	if known {
		says += fmt.Sprintf(", awake for %s of %s", short(awake), millis(m.End-m.first()))
	}
	if workers > 0 {
		says += fmt.Sprintf(", and workers on %s", unit.Counted(workers, "other thread"))
	}
	if others > 0 {
		says += fmt.Sprintf(", while %s computed", unit.Counted(others, "other thread"))
	}
	return says
}

// heldSay says who was held up, and by whom.
func (m *Mode) heldSay() string {
	longest := map[State]float64{}
	who := map[State][]int{}
	by := map[int]bool{}
	for _, l := range m.Requests {
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
	computing := m.computing(by)
	switch {
	case len(held)+len(queued) == 0:
		return "Nobody was held up by another request for " + millis(heldMS) + " or more."
	case computing > 0:
		all := append(slices.Clone(held), queued...)
		slices.Sort(all)
		all = slices.Compact(all)
		return fmt.Sprintf("Request %d computed on the thread that they all need: %s %s held up, by up to %s.",
			computing, requests(all), were(len(all)), millis(max(longest[HeldUp], longest[Queued])))
	case len(queued) > 0:
		return fmt.Sprintf("%s queued for a thread that could read them, for up to %s.", upper(requests(queued)),
			millis(longest[Queued]))
	}
	return fmt.Sprintf("%s could have gone on, and waited up to %s for the thread.", upper(requests(held)),
		millis(longest[HeldUp]))
}

// heldMS is how long somebody must be held up before it is said.
const heldMS = 10.0

// computing returns the one request that held up others by computing; 0 for none, or several.
func (m *Mode) computing(by map[int]bool) int {
	if len(by) != 1 {
		return 0
	}
	for n := range by {
		for _, s := range m.Requests[n-1].Spans {
			if s.State == Running && s.To-s.From >= heldMS {
				return n
			}
		}
	}
	return 0
}

// requests names requests: "request 4", "requests 4 and 5", "requests 1 to 3 and 5".
func requests(all []int) string {
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

func were(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// millis writes milliseconds that people compare with each other: whole from 10 on.
func millis(ms float64) string {
	if ms < 10 {
		return short(ms)
	}
	return fmt.Sprintf("%.0f ms", ms)
}

// short writes milliseconds with two figures.
func short(ms float64) string { return unit.Rounded(ms, 2) + " ms" }
