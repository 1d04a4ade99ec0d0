package loadgen

// sharpenTimers has nothing to do: kevent(2) takes no slack that it is not asked for.
func sharpenTimers() error { return nil }
