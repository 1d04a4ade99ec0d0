//go:build !linux && !darwin

// Command nodecompare runs on Linux and macOS. On any other system it says so in one line and exits
// with 1.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "nodecompare measures on Linux and macOS. "+
		"On Windows, run it in WSL 2: `wsl --install`, then the same commands there.")
	os.Exit(1)
}
