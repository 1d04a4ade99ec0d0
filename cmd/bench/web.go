package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/results"
	"nodecompare/results/report"
	"nodecompare/results/report/html"
	"nodecompare/results/unit"
)

// Web serves the report's page while the bench goes on. A page that is open is told of each trial
// by server-sent events (WHATWG, HTML, 9.2), and asks for itself again. It is written between runs,
// on the load's CPUs.
type Web struct {
	URL string // of the page

	pace
	server http.Server
	ended  chan error
	told   time.Time // when readers were last told what is being done

	mu      sync.Mutex
	page    []byte
	shown   report.BenchStatus
	trials  []string      // a line each
	over    bool          // page is that of the finished record
	readers int           // of events
	news    chan struct{} // closed when any of these changes
}

const (
	tellInterval  = 500 * time.Millisecond // between two words on what is being done
	lastPatience  = 3 * time.Second        // with readers that have not yet read the finished page
	headerTimeout = 5 * time.Second
)

// ServeWeb listens at an address, on 127.0.0.1 if addr has only a port. Call Finish afterwards.
func ServeWeb(ctx context.Context, addr string) (*Web, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", measure.LoopbackAddress(addr))
	if err != nil {
		return nil, fmt.Errorf("serve the page at %s: %w", addr, err)
	}
	w := &Web{URL: "http://" + l.Addr().String() + "/", ended: make(chan error, 1), news: make(chan struct{})}
	w.moved = w.tell
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", w.servePage)
	mux.HandleFunc("GET /events", w.serveEvents)
	w.server = http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	if err := w.write(html.WriteLive, &results.Record{Tool: results.Tool, ToolVersion: measure.ToolVersion(),
		Host: measure.Host(), Started: time.Now()}); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	go func() { w.ended <- w.server.Serve(l) }()
	return w, nil
}

func (w *Web) Begin(p *Plan, r *results.Record) {
	w.begin(p)
	if r.Scene != nil && len(r.Trials) == 0 {
		w.refill("a scene of each mode is recorded", soFar(r))
	}
}

func (w *Web) Trial(n int, t results.Trial, soFar func() *results.Record) {
	w.trial(n)
	w.refill(describe(t), soFar())
}

// refill has the page show the record so far, and tells readers why, in a line.
func (w *Web) refill(line string, so *results.Record) {
	if err := w.write(html.WriteLive, so); err != nil {
		line += ": " + err.Error()
	}
	w.change(func() { w.trials = append(w.trials, line) })
}

func (w *Web) Say(string) {}
func (w *Web) End()       {}

// Finish has the page be that of the finished record, nil for none, waits a little for those who
// have it open, and stops to serve it.
func (w *Web) Finish(r *results.Record) error {
	var err error
	if r != nil {
		err = w.write(html.Write, r)
	}
	w.change(func() { w.over = true })
	for limit := time.After(lastPatience); ; {
		w.mu.Lock()
		left, news := w.readers, w.news
		w.mu.Unlock()
		if left == 0 {
			break
		}
		select {
		case <-news:
			continue
		case <-limit:
		}
		break
	}
	err = errors.Join(err, w.server.Close())
	if served := <-w.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	return nil
}

// tell tells readers what is being done, now and then.
func (w *Web) tell() {
	if now := time.Now(); now.Sub(w.told) >= tellInterval {
		w.told = now
		w.change(func() { w.shown = w.status() })
	}
}

func (w *Web) write(format func(io.Writer, *results.Record) error, r *results.Record) error {
	var page bytes.Buffer
	err := format(&page, r)
	if err == nil {
		w.change(func() { w.page = page.Bytes() })
	}
	return err
}

// change changes what readers are told.
func (w *Web) change(what func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what()
	close(w.news)
	w.news = make(chan struct{})
}

func (w *Web) servePage(out http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	page := w.page
	w.mu.Unlock()
	out.Header().Set("Content-Type", "text/html; charset=utf-8")
	out.Header().Set("Cache-Control", "no-store")
	if _, err := out.Write(page); err != nil {
		return // the reader has left
	}
}

// serveEvents tells a reader what is being done, each trial that it has not yet been told of, and
// the end, with the finished page: who is slow to ask for it would find nobody. A reader that comes
// back says which trial was the last. One that is new is told the last trial: its page may be
// older.
func (w *Web) serveEvents(out http.ResponseWriter, in *http.Request) {
	w.change(func() { w.readers++ })
	defer w.change(func() { w.readers-- })
	out.Header().Set("Content-Type", "text/event-stream")
	out.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(out)
	next, resumes := 0, false
	if n, err := strconv.Atoi(in.Header.Get("Last-Event-ID")); err == nil && n >= 0 {
		next, resumes = n, true
	}
	var told report.BenchStatus
	for first := true; ; first = false {
		w.mu.Lock()
		status, trials, page, over, news := w.shown, w.trials, w.page, w.over, w.news
		w.mu.Unlock()
		if first && (!resumes || next > len(trials)) { // or the page is of an earlier bench
			next = max(0, len(trials)-1)
		}
		var text bytes.Buffer
		if status != told {
			told = status
			event(&text, "status", map[string]any{"doing": status.Doing, "share": status.Share,
				"time": unit.Elapsed(status.Elapsed, status.Left)})
		}
		for ; next < len(trials); next++ {
			fmt.Fprintf(&text, "id: %d\n", next+1)
			event(&text, "trial", trials[next])
		}
		if over {
			event(&text, "over", string(page))
			news = nil
		}
		if _, err := out.Write(text.Bytes()); err != nil || control.Flush() != nil {
			return // the reader has left
		}
		select {
		case <-news:
		case <-in.Context().Done():
			return
		}
	}
}

// event writes an event with its data as JSON.
func event(out *bytes.Buffer, name string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		text = []byte("null") // texts, numbers and truth values always have JSON
	}
	fmt.Fprintf(out, "event: %s\ndata: %s\n\n", name, text)
}
