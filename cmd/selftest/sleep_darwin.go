package selftest

import "time"

// sharpenTimers does nothing: Go sleeps by kqueue, in nanoseconds.
func sharpenTimers() error { return nil }

func sleep(d time.Duration) { time.Sleep(d) }
