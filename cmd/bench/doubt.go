package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"nodecompare/servers/workload"
)

// A server that answers whatever it is asked alike, at once, has no route for a workload and would
// win its table. So each of a user's servers is asked for what only the route can do: to wait, or
// to be another than a path that nobody has.

const (
	// tries are how often a server is asked to wait: a first request can be slower than the next
	// ones, and the quickest one counts.
	tries = 3
	// triesTime is how long that may take, where the wait is long.
	triesTime = time.Second
)

// early reports whether an answer came before the wait was over. A tenth is left to clocks of a few
// milliseconds.
func (q question) early(took time.Duration) bool { return took < q.wait*9/10 }

// doubt returns why what was answered first cannot be the workload's work, and "" where nothing
// speaks against it.
func (q question) doubt(ctx context.Context, server running, first answer) string {
	switch {
	case q.wait > 0:
		return q.hurried(ctx, server, first)
	case q.path == workload.All[0].Name:
		return "" // what is at / may be at every path
	}
	return q.sameAsMissing(ctx, server, first)
}

// hurried tells of a wait that was not waited for.
func (q question) hurried(ctx context.Context, server running, first answer) string {
	quickest, all := first.took, first.took
	for n := 1; n < tries && !q.early(quickest) && all < triesTime; n++ {
		a, err := ask(ctx, server, q.target)
		if err != nil {
			break // it has answered once; trials will tell of the rest
		}
		quickest, all = min(quickest, a.took), all+a.took
	}
	if !q.early(quickest) {
		return ""
	}
	return fmt.Sprintf("%s %s was answered after %v, and not after a wait of %v", q.target.Method,
		q.target.URL, quickest.Round(10*time.Microsecond), q.wait)
}

// sameAsMissing tells of a path that does not exist and gets the same answer. What comes back as it was
// sent is an echo, wherever it is.
func (q question) sameAsMissing(ctx context.Context, server running, first answer) string {
	nowhere := q.target
	nowhere.URL = q.nowhere
	a, err := ask(ctx, server, nowhere)
	if err != nil || !bytes.Equal(a.body, first.body) || len(a.body) > 0 && bytes.Equal(a.body, q.target.Body) {
		return ""
	}
	return fmt.Sprintf("%s %s is answered as a path that does not exist", q.target.Method, q.target.URL)
}

// remark puts a sentence below the table of a workload.
func (p *Plan) remark(name, text string, say func(string)) {
	for i := range p.settings.Workloads {
		if w := &p.settings.Workloads[i]; w.Name == name && !strings.Contains(w.Note, text) {
			w.Note = strings.TrimSpace(w.Note + " " + text)
			say("note: " + name + ": " + text)
		}
	}
}
