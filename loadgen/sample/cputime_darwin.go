package sample

import "time"

// cpuTime is not possible here: see Sample.
func cpuTime(int) (time.Duration, error) { return 0, ErrUnsupported }
