package watch_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nodecompare/cmd/watch"
	"nodecompare/thorough/browsers"
)

// The page replays by keyboard, tells what a span is, asks for nothing and complains of nothing.
func TestPageReplays(t *testing.T) {
	options := browsers.Chromium(t)
	file := filepath.Join(t.TempDir(), "watch.html")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := watch.WriteHTML(f, small()); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	limit, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	allocator, end := chromedp.NewExecAllocator(limit, options...)
	defer end()
	tab, leave := chromedp.NewContext(allocator)
	defer leave()
	var mu sync.Mutex
	var wrong []string
	chromedp.ListenTarget(tab, func(e any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file:") && !strings.HasPrefix(e.Request.URL, "data:") {
				wrong = append(wrong, "it asks for "+e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			wrong = append(wrong, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			wrong = append(wrong, "it writes to the console: "+string(e.Type))
		}
	})
	var whole, begun, later, back, moment, detail, playing string
	const now = `document.getElementById('now').textContent`
	var wide bool
	if err := chromedp.Run(tab, network.Enable(), chromedp.EmulateViewport(390, 800),
		chromedp.Navigate("file://"+file),
		chromedp.Evaluate(now, &whole),
		chromedp.Evaluate(`document.documentElement.scrollWidth > innerWidth`, &wide),
		chromedp.KeyEvent(kb.Home), chromedp.Evaluate(now, &begun),
		chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight),
		chromedp.Evaluate(now, &later), chromedp.Text(".moment", &moment),
		chromedp.KeyEvent(kb.ArrowLeft), chromedp.Evaluate(now, &back),
		chromedp.Focus(".bar.held[tabindex]"), chromedp.Text("#detail", &detail),
		chromedp.KeyEvent(" "), chromedp.Evaluate(`document.getElementById('play').textContent`, &playing),
		// at 30 times slower it plays for half a second, and then stops by itself
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			for over := false; err == nil && !over; time.Sleep(20 * time.Millisecond) {
				err = chromedp.Evaluate(`document.body.classList.contains('whole')`, &over).Do(ctx)
			}
			return err
		}),
	); err != nil {
		t.Fatal(err)
	}
	if whole != "20 ms" || begun != "0.0 ms" || later != "7.0 ms" || back != "2.0 ms" ||
		!strings.Contains(playing, "Pause") {
		t.Errorf("it begins at %q; Home is %q, three steps %q, one back %q; Play says %q", whole, begun, later, back,
			playing)
	}
	if !strings.Contains(moment, "In the queue, ready, and held up: request 1.") {
		t.Errorf("at 7 ms it says %q", moment)
	}
	if !strings.Contains(detail, "request 1 is ready, and held up, by request 1") {
		t.Errorf("a focused span is explained by %q", detail)
	}
	if wide {
		t.Error("on a phone the page is wider than the screen")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(wrong) > 0 {
		t.Errorf("the page: %s", strings.Join(wrong, "; "))
	}
}
