package bench

// UsersCompiled takes users' servers for compiled ones, so that tests of other things do not wait
// for the warm-up of a server about which nothing is known. UsersCompiled returns what undoes it.
func UsersCompiled() (undo func()) {
	usual := usersCompile
	usersCompile = 0
	return func() { usersCompile = usual }
}
