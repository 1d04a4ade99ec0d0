package servers_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nodecompare/servers"
	"nodecompare/thorough"
)

func TestCurl(t *testing.T) {
	thorough.Only(t)
	eachMode(t, func(t *testing.T, mode string) { curl(t, serve(t, mode, servers.Config{PoolSize: 4}).url) })
}

// curl has curl fetch ranges, and go on with a video of which it has the beginning.
func curl(t *testing.T, url string) {
	path, err := exec.LookPath("curl")
	if err != nil {
		thorough.Lacks(t, "no curl to fetch ranges with: apt-get install curl")
	}
	run := func(arguments ...string) string {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), patience)
		defer stop()
		out, err := exec.CommandContext(ctx, path, append([]string{"-sS", url + "/stream"}, arguments...)...).Output()
		if err != nil {
			t.Fatalf("curl %v: %v", arguments, err)
		}
		return string(out)
	}
	for r, want := range map[string]string{
		"0-0": videoPart(0, 0), "12345677-20000000": videoPart(12345677, 20000000),
		"-77": videoPart(videoSize-77, videoSize-1),
	} {
		if got := run("-r", r); got != want {
			t.Errorf("-r %s: %s", r, difference(got, want))
		}
	}
	if head := run("-I"); !strings.Contains(head, "200 OK") || !strings.Contains(head, "Content-Length: 67108864") {
		t.Errorf("-I: %s", head)
	}
	name := filepath.Join(t.TempDir(), "video")
	const have = videoSize - 3_000_000
	f, err := os.Create(name)
	if err == nil {
		err = f.Truncate(have)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	run("-C", "-", "-o", name)
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != videoSize || string(got[have:]) != videoPart(have, videoSize-1) {
		t.Errorf("after it went on it has %d bytes, or others", len(got))
	}
}

// fetchVideo has a page of a browser fetch a range, leave the whole in its middle, and go on.
func fetchVideo(t *testing.T, chromium context.Context, url string) {
	tab, leave := chromedp.NewContext(chromium)
	defer leave()
	var got string
	awaited := func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
	err := chromedp.Run(tab, chromedp.Navigate(url), chromedp.Evaluate(`(async () => {
		const whole = await fetch("/stream", { cache: "no-store" });
		const reader = whole.body.getReader();
		await reader.read();
		await reader.cancel();
		const part = await fetch("/stream", { headers: { Range: "bytes=1000001-3000000" } });
		const sum = await crypto.subtle.digest("SHA-256", await part.arrayBuffer());
		const hex = Array.from(new Uint8Array(sum), (b) => b.toString(16).padStart(2, "0"));
		return [whole.status, whole.headers.get("Content-Length"), part.status, part.headers.get("Content-Range"),
			part.headers.get("ETag"), ...hex].join(" ");
	})()`, &got, awaited))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(videoPart(1000001, 3000000)))
	if want := fmt.Sprintf(`200 67108864 206 bytes 1000001-3000000/67108864 "video-1" % x`, sum); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
