package cmd

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"

	"nodecompare/servers/child"
)

// openers are the programs that open a file on a user's desktop, by system.
var openers = map[string]string{"linux": "xdg-open", "darwin": "open"}

// openerPatience is how long such a program may take to report a failure. One that runs longer has
// become the browser itself.
const openerPatience = 3 * time.Second

// openPage opens a page, a file or a URL, in the user's browser, which outlives this process.
func openPage(path string) error {
	failed := func(err error) error {
		return fmt.Errorf("open the page in a browser: %w; the page is %s", err, path)
	}
	opener, err := exec.LookPath(openers[runtime.GOOS])
	if err != nil {
		return failed(err)
	}
	browser := exec.Command(opener, path)
	if err := child.Fork(browser); err != nil {
		return failed(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- browser.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return failed(errors.Join(errors.New(opener), err))
		}
	case <-time.After(openerPatience):
	}
	return nil
}
