package node_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nodecompare/servers/node"
)

// An interruption while node --version hangs is one, and no sign that Node.js is missing; nor does
// what it has started hold it up.
func TestInterruptedWhileNodeHangs(t *testing.T) {
	for name, script := range map[string]string{"itself": "exec sleep 1000", "a child": "sleep 60; :"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "node"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			stop := time.AfterFunc(100*time.Millisecond, cancel)
			defer stop.Stop()
			began := time.Now()
			_, err := node.Prepare(ctx, node.HTTP, t.TempDir(), func(string) {})
			if !errors.Is(err, context.Canceled) || errors.As(err, new(*node.Unavailable)) ||
				time.Since(began) > 20*time.Second {
				t.Errorf("after %v: %v", time.Since(began), err)
			}
		})
	}
}
