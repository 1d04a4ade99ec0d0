package unit

import (
	"fmt"
	"time"
)

// Spoken writes how long something takes as people say it: 54 s, 1 min 10 s, 2 h 5 min.
func Spoken(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s%60 == 0 && s < 3600:
		return fmt.Sprintf("%d min", s/60)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}

// Elapsed says how long something has taken, and how long it has about to go: 12 s elapsed, about
// 50 s left. Without a rest that is known it says the first alone.
func Elapsed(took, left time.Duration) string {
	if left < time.Second {
		return Spoken(took) + " elapsed"
	}
	return Spoken(took) + " elapsed, about " + Spoken(left) + " left"
}
