package loadgen

import "time"

// CPUTime is not possible here: see Sample.
func CPUTime(int) (time.Duration, error) { return 0, ErrUnsupported }
