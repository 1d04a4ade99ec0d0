package bench

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"nodecompare/servers/workload"
)

// A server that answers every request alike, at once, has no route for a workload and would win its
// table. So each of a user's servers is asked for what only the route can do: to wait, or to answer
// differently from a path that does not exist.

const (
	// tries is how often a server is asked to wait. A first request may be slower than the next, so
	// the quickest one counts.
	tries = 3
	// triesTime bounds the tries of a long wait.
	triesTime = time.Second
)

// early reports whether an answer came before the wait was over, with a tenth of tolerance for
// coarse clocks.
func (q question) early(took time.Duration) bool { return took < q.wait*9/10 }

// doubt returns why the first answer cannot be the workload's work; "" if nothing speaks against
// it.
func (q question) doubt(ctx context.Context, server running, first answer) string {
	switch {
	case q.wait > 0:
		return q.hurried(ctx, server, first)
	case q.path == workload.All[0].Name:
		return "" // every path may answer like /
	}
	return q.sameAsMissing(ctx, server, first)
}

// hurried describes a wait that the server did not wait for.
func (q question) hurried(ctx context.Context, server running, first answer) string {
	quickest, all := first.took, first.took
	for n := 1; n < tries && !q.early(quickest) && all < triesTime; n++ {
		a, err := ask(ctx, server, q.target)
		if err != nil {
			break // it has answered once; the trials will report failures
		}
		quickest, all = min(quickest, a.took), all+a.took
	}
	if !q.early(quickest) {
		return ""
	}
	return fmt.Sprintf("%s %s was answered after %v, and not after a wait of %v", q.target.Method,
		q.target.URL, quickest.Round(10*time.Microsecond), q.wait)
}

// sameAsMissing describes a path that does not exist and gets the same answer. An answer equal to
// the request's body is an echo on any path.
func (q question) sameAsMissing(ctx context.Context, server running, first answer) string {
	nowhere := q.target
	nowhere.URL = q.nowhere
	a, err := ask(ctx, server, nowhere)
	if err != nil || !bytes.Equal(a.body, first.body) || len(a.body) > 0 && bytes.Equal(a.body, q.target.Body) {
		return ""
	}
	return fmt.Sprintf("%s %s is answered as a path that does not exist", q.target.Method, q.target.URL)
}

// remark adds a sentence below the table of a workload.
func (p *Plan) remark(name, text string, say func(string)) {
	for i := range p.settings.Workloads {
		if w := &p.settings.Workloads[i]; w.Name == name && !strings.Contains(w.Note, text) {
			w.Note = strings.TrimSpace(w.Note + " " + text)
			say("note: " + name + ": " + text)
		}
	}
}
