package node

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"nodecompare/servers/child"
)

const (
	installNPM = "install it (on Debian and Ubuntu: apt-get install npm; elsewhere it comes with Node.js: " +
		"https://nodejs.org/en/download)"
	goOnline = "it needs npm's registry once, to fetch its packages: connect to the network, or see " +
		"`npm config get registry` and `npm ping`, and run this again"
	makeRoom = "npm needs a folder of its own for what it fetches: make the one that `npm config get cache` " +
		"names writable, or name another in npm_config_cache"
)

// npmCI installs the packages of dir's package-lock.json, verified by their checksums, into
// dir/node_modules. It runs no install scripts. Without a network npm tries twice, which takes 2 to
// 30 s.
func npmCI(ctx context.Context, mode, dir string, packages int, progress func(string)) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return &Unavailable{mode, fmt.Errorf("looking for npm: %w", err), installNPM}
	}
	progress(fmt.Sprintf("mode %s: installing its %d packages with npm, once", mode, packages))
	began := time.Now()
	cmd := exec.Command(npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier",
		"--no-progress", "--loglevel=http", "--fetch-retries=1", "--fetch-retry-mintimeout=1000",
		"--fetch-timeout=60000")
	cmd.Dir = dir
	said, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	life, err := child.StartGuarded(cmd) // npm may wait for its registry for minutes
	if err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	defer life.Close()
	defer context.AfterFunc(ctx, func() { life.Close() })()
	complaints := follow(said, packages, func(fetched int) {
		progress(fmt.Sprintf("mode %s: %d of %d packages fetched", mode, fetched, packages))
	})
	err = cmd.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return &Unavailable{mode, fmt.Errorf("npm ci: %w: %s", err, complaints), remedy(complaints)}
	}
	progress(fmt.Sprintf("mode %s: packages installed in %.1f s", mode, time.Since(began).Seconds()))
	return nil
}

// remedy returns what to do about npm's complaints.
func remedy(complaints string) string {
	for _, code := range []string{"EACCES", "EPERM", "EROFS", "ENOTDIR", "ENOSPC"} {
		if strings.HasPrefix(complaints, "code "+code) {
			return makeRoom
		}
	}
	return goOnline
}

// follow reads npm's output to its end. It reports each quarter of the packages fetched, not
// counting those in npm's own cache, and returns npm's complaints.
func follow(said io.Reader, packages int, fetched func(int)) (complaints string) {
	var errorLines []string
	n := 0
	lines := bufio.NewReader(said)
	for {
		line, err := lines.ReadString('\n')
		if strings.HasPrefix(line, "npm http fetch GET 200 ") && strings.Contains(line, ".tgz ") {
			if n++; n*4/packages > (n-1)*4/packages && n < packages {
				fetched(n)
			}
		}
		// the second one: npm before version 10.6
		for _, mark := range []string{"npm error ", "npm ERR! "} {
			// The first lines say what happened. A stack and advice follow.
			if text, ok := strings.CutPrefix(line, mark); ok && len(errorLines) < 4 {
				errorLines = append(errorLines, strings.TrimSpace(text))
			}
		}
		if err != nil { // end of the output; npm's exit status says how it went
			return strings.Join(errorLines, "; ")
		}
	}
}
