package servers_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"nodecompare/servers"
	"nodecompare/servers/node"
	"nodecompare/thorough"
	"nodecompare/thorough/browsers"
)

// What testdata/talk.js reports: both heard everything in one order; the code that a client closes
// with comes back; what is too long, or binary, is refused.
const talked = "true true 3001 true 1009 1003 true"

// TestChatWithWS has npm's ws talk to all modes: it makes fragments, pings and wrong frames too.
func TestChatWithWS(t *testing.T) {
	thorough.Only(t)
	app, err := node.Prepare(t.Context(), node.Express, dataDir, func(line string) { t.Log(line) })
	if errors.As(err, new(*node.Unavailable)) {
		thorough.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	eachChat(t, servers.Config{PoolSize: 4, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		c := exec.CommandContext(t.Context(), "node", "testdata/ws_client.mjs",
			filepath.Join(app.Dir, "node_modules", "ws", "wrapper.mjs"), "ws://"+s.addr+"/chat?room=lobby")
		c.Stderr = os.Stderr
		out, err := c.Output()
		const want = talked + "; still there?; in pieces; 1007; 1002\n"
		if err != nil || string(out) != want {
			t.Errorf("%v, it reports %q, want %q", err, out, want)
		}
	})
}

// TestChatInChromium has a real browser talk to all modes.
func TestChatInChromium(t *testing.T) {
	thorough.Only(t)
	talk, err := os.ReadFile("testdata/talk.js")
	if err != nil {
		t.Fatal(err)
	}
	browser := browsers.Open(t)
	eachChat(t, servers.Config{PoolSize: 12, Loops: 2}, func(t *testing.T, mode string, s *chatServer) {
		tab, leave := chromedp.NewContext(browser)
		defer leave()
		limited, stop := context.WithTimeout(tab, patience)
		defer stop()
		var report string
		script := string(talk) + "; talk(WebSocket, " + "`ws://${location.host}/chat?room=lobby`)"
		err := chromedp.Run(limited, chromedp.Navigate(s.url+"/"), chromedp.Evaluate(script, &report,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
		if err != nil || strings.TrimSpace(report) != talked {
			t.Errorf("%v, it reports %q, want %q", err, report, talked)
		}
	})
}
