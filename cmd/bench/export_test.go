package bench

import (
	"time"

	"nodecompare/servers"
)

// Impatient has requests to servers that hang time out after a second. It returns what undoes it.
func Impatient() (undo func()) {
	usual := requestTimeout
	requestTimeout = time.Second
	return func() { requestTimeout = usual }
}

// Compiled takes users' servers, and those of Node.js, for compiled ones, so that tests of other
// things do not wait for the warm-up of a server that compiles itself. Compiled returns what undoes
// it.
func Compiled() (undo func()) {
	usual, users := make([]servers.Mode, len(servers.Modes)), usersCompile
	copy(usual, servers.Modes)
	usersCompile = 0
	for i := range servers.Modes {
		servers.Modes[i].Compiles = 0
	}
	return func() {
		usersCompile = users
		copy(servers.Modes, usual)
	}
}
