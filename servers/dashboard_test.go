package servers_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nodecompare/servers"
	"nodecompare/thorough"
	"nodecompare/thorough/browsers"
)

// A real browser shows the dashboard of every mode, and fetches ranges of its video.
func TestBrowser(t *testing.T) {
	thorough.Only(t)
	browser := browsers.Open(t)
	see := func(t *testing.T, url string) {
		seeDashboard(t, browser, url)
		fetchVideo(t, browser, url)
	}
	eachMode(t, func(t *testing.T, mode string) { see(t, serve(t, mode, servers.Config{PoolSize: 8}).url) })
	eachNodeMode(t, func(t *testing.T, mode string) { see(t, startNode(t, mode, "", 1).URL) })
}

// seeDashboard has the page show its events and ask for nothing else.
func seeDashboard(t *testing.T, chromium context.Context, url string) {
	tab, leave := chromedp.NewContext(chromium)
	defer leave()
	var mu sync.Mutex
	var asked, complaints []string
	chromedp.ListenTarget(tab, func(e any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := e.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "data:") {
				asked = append(asked, strings.TrimPrefix(e.Request.URL, url))
			}
		case *log.EventEntryAdded:
			complaints = append(complaints, e.Entry.Text)
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, e.ExceptionDetails.Error())
		}
	})
	var state, subscribers, missed, points string
	err := chromedp.Run(tab, network.Enable(), log.Enable(), chromedp.Navigate(url+"/dashboard?rate=20"),
		chromedp.Poll(`Number(document.getElementById("rate").textContent) > 0`, nil),
		chromedp.Text("#state", &state), chromedp.Text("#subscribers", &subscribers),
		chromedp.Text("#missed", &missed), chromedp.AttributeValue("#line", "points", &points, nil))
	if err != nil {
		t.Fatal(err)
	}
	if state != "Connected." || subscribers != "1" || len(strings.Fields(points)) < 2 {
		t.Errorf("%s %s subscribers, %s missed, points %q", state, subscribers, missed, points)
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(asked, complaints); got != "[/dashboard?rate=20 /live?rate=20] []" {
		t.Errorf("it asked for and complained of %s", got)
	}
}
