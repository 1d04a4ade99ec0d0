// Package browsers finds a Chromium for the tests that look at pages. Only tests import it.
package browsers

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"nodecompare/thorough"
)

// Chromium returns how a test starts a Chromium. Without one the test is skipped, and in CI it
// fails: there the pages must have been looked at.
func Chromium(t testing.TB) []chromedp.ExecAllocatorOption {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"chrome", "headless-shell", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
				chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute), chromedp.ModifyCmdFunc(outlive))
		}
	}
	thorough.Lacks(t, "no Chromium to open the page with: apt-get install chromium")
	return nil
}

// Open starts a Chromium for a test, and returns its first tab. Subtests may use it beside each
// other, after the test's function.
func Open(t testing.TB) context.Context {
	t.Helper()
	options := Chromium(t)
	limit, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	allocator, end := chromedp.NewExecAllocator(limit, options...)
	tab, leave := chromedp.NewContext(allocator)
	t.Cleanup(func() { leave(); end(); stop() })
	if err := chromedp.Run(tab); err != nil {
		t.Fatal(err)
	}
	return tab
}

// outlive lets the browser live as long as the test wants it. By default the kernel kills it with
// the thread that started it, and threads of the servers that are tested here end.
func outlive(*exec.Cmd) {}
