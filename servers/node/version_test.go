package node_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"nodecompare/servers/node"
)

// An interruption while node --version hangs is one, and no sign that Node.js is missing. What it
// has started ends with it.
func TestInterruptedWhileNodeHangs(t *testing.T) {
	for name, script := range map[string]string{
		"itself":  "exec sleep 1000",
		"a child": `sleep 1000 & echo $! >"$0.pid"; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "node"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			began := time.Now()
			go func() {
				defer cancel()
				time.Sleep(100 * time.Millisecond)
				for name == "a child" && time.Since(began) < 10*time.Second { // until the child is there
					if text, err := os.ReadFile(filepath.Join(dir, "node.pid")); err == nil && len(text) > 0 {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
			_, err := node.Prepare(ctx, node.HTTP, t.TempDir(), func(string) {})
			if !errors.Is(err, context.Canceled) || errors.As(err, new(*node.Unavailable)) ||
				time.Since(began) > 20*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
			if name == "a child" {
				text, err := os.ReadFile(filepath.Join(dir, "node.pid"))
				pid, notPID := strconv.Atoi(strings.TrimSpace(string(text)))
				if err := errors.Join(err, notPID); err != nil {
					t.Fatal(err)
				}
				await(t, "its child is gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
			}
		})
	}
}
