//go:build linux || darwin

// Command nodecompare measures what a server's concurrency model costs and what it buys.
package main

import (
	"os"

	"nodecompare/cmd"
)

func main() { os.Exit(cmd.Main()) }
