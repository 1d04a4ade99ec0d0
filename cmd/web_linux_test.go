package cmd_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nodecompare/results"
	"nodecompare/thorough"
	"nodecompare/thorough/browsers"
)

// tab opens a tab in a browser of the test's own; wrong is what its pages complained of.
func tab(t *testing.T) (tab context.Context, wrong func() []string) {
	t.Helper()
	tab = browsers.Open(t)
	var mu sync.Mutex
	var all []string
	chromedp.ListenTarget(tab, func(e any) {
		if e, ok := e.(*runtime.EventExceptionThrown); ok {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e.ExceptionDetails.Error())
		}
	})
	return tab, func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(all) }
}

// wire passes connections on to an address, and can cut those that there are.
type wire struct {
	net.Listener
	to string

	mu    sync.Mutex
	conns []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{Listener: l, to: to}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			w.mu.Lock()
			w.conns = append(w.conns, a, b)
			w.mu.Unlock()
			pass := func(to, from net.Conn) {
				io.Copy(to, from) // until either side has gone
				to.Close()
				from.Close()
			}
			all.Go(func() { pass(a, b) })
			all.Go(func() { pass(b, a) })
		}
	})
	t.Cleanup(func() { l.Close(); w.cut(); all.Wait() })
	return w
}

func (w *wire) cut() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	n := len(w.conns)
	w.conns = nil
	return n
}

// A page that is opened in the midst of a bench shows every later trial, also after its connection
// was cut, keeps open what its reader has opened, and ends as the saved report.
func TestPageOfABenchThatGoesOn(t *testing.T) {
	thorough.Only(t)
	t.Parallel()
	browser, wrong := tab(t)
	dir := t.TempDir()
	record, report := filepath.Join(dir, "record.json"), filepath.Join(dir, "report.html")
	c := exec.Command(os.Args[0], "bench", "--modes=async", "--workloads=hello", "--profile=quick", "--rounds=5",
		"--selftest=off", "--web", "--save="+record, "--report="+report)
	c.Env = append(os.Environ(), "XDG_STATE_HOME="+dir)
	notes, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(notes)
	var between *wire
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "[2/5]") {
		if _, at, ok := strings.Cut(lines.Text(), "the page is at "); ok {
			u, err := url.Parse(at)
			if err != nil || !strings.HasPrefix(u.Host, "127.0.0.1:") {
				t.Fatalf("the page is at %q", at)
			}
			between = newWire(t, u.Host)
		}
	}
	if between == nil {
		t.Fatal("the bench does not say where its page is")
	}
	if err := chromedp.Run(browser, chromedp.EmulateViewport(1280, 900),
		chromedp.Navigate("http://"+between.Addr().String()+"/"),
		chromedp.Evaluate(`document.getElementById("w1").open = true;
			document.getElementById("scene").open = true;
			document.getElementById("scene").kept = true;
			window.quick = fetch; // a browser that is slow to ask: by then the bench has ended
			window.fetch = async (...what) => { await new Promise(go => setTimeout(go, 4000)); return quick(...what); };
			window.seen = [];
			new MutationObserver(() => {
				const text = document.querySelector("#live .last")?.textContent;
				if (text && text !== seen.at(-1)) seen.push(text);
			}).observe(document.body, { subtree: true, childList: true, characterData: true })`, nil)); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "[3/5]") {
	}
	if n := between.cut(); n == 0 {
		t.Error("the page had no connection that could be cut")
	}
	go func() {
		for lines.Scan() {
		}
	}()
	var live, wide, open, kept bool
	var shown string
	var seen []string
	if err := chromedp.Run(browser, chromedp.Poll(`!document.getElementById("live")`, nil,
		chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(2*time.Minute)),
		chromedp.Evaluate(`document.getElementById("live") !== null`, &live),
		chromedp.Evaluate(`document.getElementById("w1").open`, &open),
		chromedp.Evaluate(`document.getElementById("scene").kept === true`, &kept),
		chromedp.Evaluate(`seen`, &seen),
		chromedp.EmulateViewport(390, 800),
		chromedp.ActionFunc(func(ctx context.Context) error { // plots are drawn anew a moment later
			wide = chromedp.Poll(`document.documentElement.scrollWidth <= innerWidth`, nil,
				chromedp.WithPollingTimeout(time.Minute)).Do(ctx) != nil
			return nil
		}),
		chromedp.EmulateViewport(1280, 900),
		chromedp.Evaluate(pageText, &shown)); err != nil {
		t.Fatal(err, wrong())
	}
	if err := c.Wait(); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	var r results.Record
	if err := json.Unmarshal(text, &r); err != nil || len(r.Trials) != 5 {
		t.Fatalf("the record has %d trials, %v", len(r.Trials), err)
	}
	for round := 3; round <= 5; round++ {
		if !slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, roundOf(round)) }) {
			t.Errorf("the page did not show round %d: %q", round, seen)
		}
	}
	if live || wide || !open || !kept {
		t.Errorf("in the end it still is live: %v; too wide for a phone: %v; what was opened is open: %v; the scene, "+
			"which may be playing, is the one that was opened: %v", live, wide, open, kept)
	}
	if s := r.Scene; s == nil || s.Scene != "waits" || len(s.Modes) != 1 || len(s.Modes[0].Threads) != 1 ||
		len(s.Modes[0].Requests) != 6 {
		t.Errorf("the record's scene is %+v, want six requests that wait, and async's one thread", s)
	}
	var saved string
	if err := chromedp.Run(browser, chromedp.Navigate("file://"+report),
		chromedp.Evaluate(`document.getElementById("w1").open = document.getElementById("scene").open = true`, nil),
		chromedp.Poll(`document.querySelector("#w1 [data-figures] figure") !== null &&
			document.querySelector("#scene .span.running") !== null`, nil),
		chromedp.Evaluate(pageText, &saved)); err != nil {
		t.Fatal(err)
	}
	if shown != saved {
		at := 0
		for at < min(len(shown), len(saved)) && shown[at] == saved[at] {
			at++
		}
		t.Errorf("from byte %d on the page ends with\n%.200q\nand the saved report has\n%.200q", at, shown[at:],
			saved[at:])
	}
	if w := wrong(); w != nil {
		t.Errorf("the page complains: %q", w)
	}
}

// pageText is all that a page says, and the data that it draws.
const pageText = `document.querySelector("header").textContent + document.querySelector("main").textContent +
	document.getElementById("data").textContent`

func roundOf(n int) string { return "round " + string(rune('0'+n)) + ", " }
