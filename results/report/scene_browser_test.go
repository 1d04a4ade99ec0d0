package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nodecompare/results/report"
	"nodecompare/results/scene"
	"nodecompare/thorough"
)

// A scene replays by keyboard and tells what a span is: on the page of its own, and in the page of
// the bench that recorded it, where a link opens it.
func TestSceneReplays(t *testing.T) {
	browser := start(t)
	own := filepath.Join(t.TempDir(), "scene.html")
	if err := os.WriteFile(own, []byte(written(t, "html", sampleScene("async"), report.Options{})), 0o600); err != nil {
		t.Fatal(err)
	}
	r := bench(t, 2, 1, 2)
	r.Scene = sampleScene("blocking", "async")
	for _, c := range []struct {
		name, page string
		ready      chromedp.Action
	}{
		{"its own", own, chromedp.WaitVisible(".lane-time .span", chromedp.ByQuery)},
		{"the bench's", saved(t, r), chromedp.Click(`a[href="#scene"]`, chromedp.ByQuery)},
	} {
		v := open(t, browser, c.page, 390, false)
		v.do(t, c.ready, chromedp.WaitVisible(".lane-time .span", chromedp.ByQuery))
		v.replay(t, c.name)
		v.quiet(t)
	}
}

// A server that records nothing is not called idle while its requests are on their way.
func TestSceneOfAServerThatRecordsNothing(t *testing.T) {
	thorough.Only(t)
	browser := start(t)
	of := sampleScene("mine")
	of.Modes[0].Recorded, of.Modes[0].Threads = false, nil
	of.Modes[0].Requests[0].Spans = []scene.Span{{To: 20, State: scene.Unknown, Request: 1}}
	page := filepath.Join(t.TempDir(), "scene.html")
	if err := os.WriteFile(page, []byte(written(t, "html", of, report.Options{})), 0o600); err != nil {
		t.Fatal(err)
	}
	v := open(t, browser, page, 1280, false)
	var moment string
	v.do(t, chromedp.WaitVisible(".lane-time .span", chromedp.ByQuery), chromedp.Focus("#scene-at", chromedp.ByQuery),
		chromedp.KeyEvent(kb.Home), chromedp.Text(".moment", &moment, chromedp.ByQuery))
	v.quiet(t)
	if moment != "Sent, and not answered yet: request 1." {
		t.Errorf("it says %q", moment)
	}
}

// replay works a scene's controls.
func (v *visit) replay(t *testing.T, name string) {
	t.Helper()
	const now = `document.querySelector('#scene-now').textContent`
	var whole, begun, later, back, moment, detail, playing string
	var wide bool
	v.do(t,
		chromedp.Evaluate(now, &whole),
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
		chromedp.Focus("#scene-at", chromedp.ByQuery),
		chromedp.KeyEvent(kb.Home), chromedp.Evaluate(now, &begun),
		chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight),
		chromedp.Evaluate(now, &later), chromedp.Text(".moment", &moment, chromedp.ByQuery),
		chromedp.KeyEvent(kb.ArrowLeft), chromedp.Evaluate(now, &back),
		chromedp.Focus(".lane-time .held", chromedp.ByQuery),
		chromedp.Text(".scene .detail", &detail, chromedp.ByQuery),
		chromedp.KeyEvent(" "), chromedp.Evaluate(`document.querySelector('#scene-play').textContent`, &playing),
		// at 30 times slower it plays for half a second, and then stops by itself
		chromedp.Poll(`document.querySelector(".scene").classList.contains("whole")`, nil,
			chromedp.WithPollingTimeout(0)),
	)
	if whole != "20 ms" || begun != "0.0 ms" || later != "7.0 ms" || back != "2.0 ms" ||
		!strings.Contains(playing, "Pause") {
		t.Errorf("%s page: it begins at %q; Home is %q, three steps %q, one back %q; Play says %q", name, whole, begun,
			later, back, playing)
	}
	if !strings.Contains(moment, "In the queue, ready, but held up: request 1.") {
		t.Errorf("%s page: at 7 ms it says %q", name, moment)
	}
	if !strings.Contains(detail, "request 1 is ready, and held up, by request 1") {
		t.Errorf("%s page: a focused span is explained by %q", name, detail)
	}
	if wide {
		t.Errorf("%s page is wider than a phone's screen", name)
	}
}
