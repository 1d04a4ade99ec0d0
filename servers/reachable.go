package servers

import (
	"strings"

	"nodecompare/servers/child"
)

// Reachable returns a mode's command with a server that listens on all addresses of its machine,
// for a load from other machines. Otherwise it listens on 127.0.0.1.
func Reachable(c child.Command) child.Command {
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		switch {
		case strings.HasPrefix(arg, "--addr=127.0.0.1:"): // a mode of this program
			arg = "--addr=" + strings.TrimPrefix(arg, "--addr=127.0.0.1")
		case arg == "--host=127.0.0.1": // one of Node.js
			arg = "--host=0.0.0.0"
		}
		args[i] = arg
	}
	c.Args = args
	return c
}
