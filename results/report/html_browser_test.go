package report_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"nodecompare/results"
	tell "nodecompare/results/report/summary"
	"nodecompare/thorough"
	"nodecompare/thorough/browsers"
)

// visit is a browser's tab, and what it complained of and asked for.
type visit struct {
	context.Context
	mu        sync.Mutex
	complains []string
	requests  []string
}

// chromium is the one browser of all tests, which each open tabs of their own in it. TestMain ends
// it.
var chromium struct {
	once    sync.Once
	browser context.Context
	err     error
	end     func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	if chromium.end != nil {
		chromium.end()
	}
	os.Exit(code)
}

// start returns the browser, and starts it for the first test that asks.
func start(t *testing.T) context.Context {
	t.Helper()
	options := browsers.Chromium(t)
	chromium.once.Do(func() {
		all, stop := context.WithTimeout(context.Background(), 9*time.Minute) // less than a test may take
		allocator, end := chromedp.NewExecAllocator(all, options...)
		browser, leave := chromedp.NewContext(allocator)
		chromium.browser, chromium.err = browser, chromedp.Run(browser)
		chromium.end = func() {
			leave()
			end()
			stop()
		}
	})
	if chromium.err != nil {
		t.Fatal(chromium.err)
	}
	return chromium.browser
}

// open loads a file from disk in a tab of its own, as wide as that window, and waits until its
// plots are drawn.
func open(t *testing.T, browser context.Context, page string, wide int64, dark bool) *visit {
	t.Helper()
	v := tab(t, browser, wide, dark)
	v.load(t, page)
	return v
}

// tab opens one with nothing in it.
func tab(t *testing.T, browser context.Context, wide int64, dark bool) *visit {
	t.Helper()
	tab, leave := chromedp.NewContext(browser)
	t.Cleanup(leave)
	v := &visit{Context: tab}
	chromedp.ListenTarget(tab, v.hear)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	v.do(t,
		network.Enable(),
		emulation.SetDeviceMetricsOverride(wide, 900, 1, false),
		emulation.SetEmulatedMedia().WithFeatures(
			[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	)
	return v
}

// load has the tab show a file from disk, and waits until its plots are drawn. What was complained
// of before is forgotten.
func (v *visit) load(t *testing.T, page string) {
	t.Helper()
	v.mu.Lock()
	v.complains, v.requests = nil, nil
	v.mu.Unlock()
	v.do(t, chromedp.Navigate("file://"+page), chromedp.WaitVisible(`html[data-drawn="yes"]`))
}

// hear notes errors, and what was asked for.
func (v *visit) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		v.complains = append(v.complains, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			v.complains = append(v.complains, fmt.Sprintf("console.%s: %v", e.Type, e.Args))
		}
	case *network.EventRequestWillBeSent:
		v.requests = append(v.requests, e.Request.URL)
	}
}

func (v *visit) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(v, actions...); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression of the page.
func ask[T any](t *testing.T, v *visit, expression string) (answer T) {
	t.Helper()
	v.do(t, chromedp.Evaluate(expression, &answer))
	return answer
}

// saved writes a record's page to a file.
func saved(t *testing.T, r *results.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, html(t, r), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// painted has, for each plot, its size and how many of its pixels are not transparent.
type painted struct {
	ID            string
	Width, Height int
	Pixels        int
	Colour        bool // some pixel is of a mode's colour, and not grey
}

const paintedPlots = `[...document.querySelectorAll(".plot")].map(el => {
	const c = el.querySelector("canvas");
	if (!c) return { ID: el.id };
	const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
	let pixels = 0, colour = false;
	for (let i = 0; i < d.length; i += 4) {
		if (d[i + 3] === 0) continue;
		pixels++;
		colour ||= d[i + 3] > 200 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 80;
	}
	return { ID: el.id, Width: el.clientWidth, Height: el.clientHeight, Pixels: pixels, Colour: colour };
})`

const tooWide = `document.documentElement.scrollWidth - document.documentElement.clientWidth`

// unfold opens all that is folded away, and waits until it is there.
func (v *visit) unfold(t *testing.T) {
	t.Helper()
	v.do(t, chromedp.Evaluate(`document.querySelectorAll("details.part").forEach(d => d.open = true)`, nil),
		chromedp.Poll(`[...document.querySelectorAll(".workload")].every(d =>
			d.querySelector(".timeline canvas") || !d.querySelector(".timeline") && d.dataset.filled)`,
			nil, chromedp.WithPollingTimeout(0)))
}

func TestPageInBrowser(t *testing.T) {
	r := bench(t, 3, 2, 6)
	voided(r, 0, 3)
	failed(r, 7, `</script><script>window.harmed = true</script><img src=x onerror="window.harmed = true">`)
	file, browser := saved(t, r), start(t)
	for _, c := range []struct {
		name string
		wide int64
		dark bool
	}{{"desktop", 1280, false}, {"desktop, dark", 1280, true}, {"phone", 390, false}} {
		t.Run(c.name, func(t *testing.T) {
			if c.name != "phone" {
				thorough.Only(t)
			}
			v := open(t, browser, file+"#100%", c.wide, c.dark) // a fragment that nobody made
			if over := ask[int](t, v, tooWide); over > 0 {
				t.Errorf("at a width of %d the first screen is %d pixels too wide", c.wide, over)
			}
			v.unfold(t)
			plots := ask[[]painted](t, v, paintedPlots)
			// the claims' plots; of each workload the figures, and the timeline's tracks
			if want := 3 + 2*(7+3); len(plots) != want {
				t.Errorf("%d plots, want %d", len(plots), want)
			}
			for _, p := range plots {
				if p.Width < 200 || p.Height < 100 || p.Pixels < 500 || !p.Colour {
					t.Errorf("plot %s is not drawn: %+v", p.ID, p)
				}
			}
			if over := ask[int](t, v, tooWide); over > 0 {
				t.Errorf("at a width of %d the page is %d pixels too wide", c.wide, over)
			}
			if light := ask[bool](t, v,
				`getComputedStyle(document.body).backgroundColor === "rgb(255, 255, 255)"`); light == c.dark {
				t.Errorf("dark is %v, and the paper is white: %v", c.dark, light)
			}
			if ask[bool](t, v, `window.harmed === true`) {
				t.Error("a server's last words were run as a script")
			}
			v.quiet(t)
		})
	}
}

// quiet checks that nothing was complained of, and that nothing but the file was asked for.
func (v *visit) quiet(t *testing.T) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.complains {
		t.Errorf("the browser complained: %s", c)
	}
	for _, url := range v.requests {
		if !strings.HasPrefix(url, "file://") && !strings.HasPrefix(url, "data:") {
			t.Errorf("a request left the page: %s", url)
		}
	}
	if len(v.requests) == 0 {
		t.Error("no request was seen, not even the page's own: the test is blind")
	}
}

func TestPageByKeyboard(t *testing.T) {
	thorough.Only(t)
	v := open(t, start(t), saved(t, bench(t, 2, 2, 3)), 1280, false)
	v.do(t, chromedp.KeyEvent(kb.Tab))
	if at := ask[string](t, v, `document.activeElement.className`); at != "skip" {
		t.Errorf("the first stop of Tab is %q, want the link that skips the head", at)
	}
	claims := `document.querySelector("#answer-throughput canvas").toDataURL()`
	hello := ask[string](t, v, claims)
	v.do(t, chromedp.Focus(`input[name="workload"]`), chromedp.KeyEvent(kb.ArrowRight),
		chromedp.Poll(fmt.Sprintf("%s !== %q", claims, hello), nil, chromedp.WithPollingTimeout(0)))

	v.do(t, chromedp.Evaluate(`location.hash = "#w1"`, nil), // which opens what it leads to
		chromedp.Poll(`document.querySelector("#w1[open] canvas") !== null`, nil, chromedp.WithPollingTimeout(0)))
	reached := map[string]bool{}
	for range 60 {
		v.do(t, chromedp.KeyEvent(kb.Tab))
		at := ask[string](t, v,
			`(e => e.matches("button[data-mode]") ? "button" : e.matches(".plot") ? "plot" : `+
				`e.localName)(document.activeElement)`)
		reached[at] = true
		if !ask[bool](t, v,
			`document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== `+
				`"none"`) {
			t.Errorf("the focus on %s cannot be seen", at)
		}
	}
	for _, want := range []string{"button", "plot", "summary", "select"} {
		if !reached[want] {
			t.Errorf("Tab never reaches a %s; it reached %v", want, reached)
		}
	}

	v.do(t, chromedp.Focus("#w1-throughput"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight))
	if spoken := ask[string](t, v,
		`document.getElementById("spoken").textContent`); !strings.HasPrefix(spoken, "8: blocking ") ||
		!strings.Contains(spoken, ", async ") {
		t.Errorf("two arrow keys say %q, want the figures of both modes at 8 connections", spoken)
	}

	before := ask[int](t, v, colours)
	v.do(t, chromedp.Focus(`#w1 button[data-mode="0"]`), chromedp.KeyEvent(" "))
	if pressed := ask[string](t, v,
		`document.querySelector('.tools button[data-mode="0"]').getAttribute("aria-pressed")`); pressed != "false" {
		t.Errorf("after the space key the mode's other button is pressed: %s", pressed)
	}
	// fewer coloured pixels: blocking's line is gone
	v.do(t, chromedp.Poll(fmt.Sprintf("%s < %d", colours, before), nil, chromedp.WithPollingTimeout(0)))

	name := func() string {
		return ask[string](t, v, `document.querySelector("#w1-timeline-rate canvas").toDataURL()`)
	}
	first := name()
	v.do(t, chromedp.Focus("select"), chromedp.KeyEvent(kb.ArrowDown),
		chromedp.Poll(`document.querySelector("select").value === "1"`, nil, chromedp.WithPollingTimeout(0)))
	if name() == first {
		t.Error("another trial was chosen, and the timeline is the same")
	}
	v.quiet(t)
}

// Without script the page says what it came to, and what is missing.
func TestPageWithoutScript(t *testing.T) {
	thorough.Only(t)
	r := bench(t, 2, 1, 6)
	v := tab(t, start(t), 390, false)
	v.do(t, emulation.SetScriptExecutionDisabled(true), chromedp.Navigate("file://"+saved(t, r)))
	v.do(t, emulation.SetScriptExecutionDisabled(false)) // for the test to ask what is seen
	seen := ask[string](t, v, `document.body.innerText`)
	a := tell.AnswerOf(r)
	for _, want := range []string{"switched off", a.Claims[1].Text, a.Rows[1].Lines[0].Cells[0].Text, a.Trust} {
		if !strings.Contains(strings.ToLower(seen), strings.ToLower(want)) {
			t.Errorf("without script the page does not say %q:\n%s", want, seen)
		}
	}
	if ask[bool](t, v, `document.querySelector(".view").clientHeight > 0`) {
		t.Error("there is room for plots that nobody draws")
	}
	v.quiet(t)
}

// colours counts the coloured pixels of the throughput plot.
const colours = `(() => {
	const c = document.querySelector("#w1-throughput canvas");
	const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
	let n = 0;
	for (let i = 0; i < d.length; i += 4) {
		const rgb = d.slice(i, i + 3);
		if (d[i + 3] > 200 && Math.max(...rgb) - Math.min(...rgb) > 80) n++;
	}
	return n;
})()`

func TestPageFollowsTheColourScheme(t *testing.T) {
	thorough.Only(t)
	v := open(t, start(t), saved(t, bench(t, 2, 1, 6)), 1280, false)
	v.unfold(t)
	picture := `document.querySelector("#w1-throughput canvas").toDataURL()`
	light := ask[string](t, v, picture)
	v.do(t, emulation.SetEmulatedMedia().WithFeatures(
		[]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}),
		chromedp.Poll(`getComputedStyle(document.body).backgroundColor !== "rgb(255, 255, 255)"`, nil,
			chromedp.WithPollingTimeout(0)))
	v.do(t, chromedp.Poll(fmt.Sprintf("%s !== %q", picture, light), nil, chromedp.WithPollingTimeout(0)))
	v.quiet(t)
}

func TestPagePrints(t *testing.T) {
	thorough.Only(t)
	v := open(t, start(t), saved(t, bench(t, 2, 1, 6)), 1280, true)
	var pdf []byte
	v.do(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPrintBackground(false).Do(ctx)
		return err
	}))
	if !strings.HasPrefix(string(pdf), "%PDF-") {
		t.Errorf("no PDF: %.20q", pdf)
	}
	if open := ask[int](t, v, `document.querySelectorAll("details[open]").length`); open != 0 {
		t.Errorf("after printing, %d tables are still open", open)
	}
	v.quiet(t)
}

// Pages of records that lack something are drawn without a complaint too.
func TestPageOfLittleInBrowser(t *testing.T) {
	thorough.Only(t)
	v := tab(t, start(t), 1280, false)
	for name, r := range lacking(t) {
		t.Run(name, func(t *testing.T) {
			v.load(t, saved(t, r))
			v.quiet(t)
		})
	}
}
