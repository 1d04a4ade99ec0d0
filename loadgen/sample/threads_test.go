package sample

import (
	"testing"
	"time"
)

func TestActivity(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name         string
		earlier, now threads
		want         activity
	}{
		{"nobody", threads{}, threads{}, activity{}},
		{"all asleep", threads{1: {5 * ms, 7, 8}, 2: {}}, threads{1: {5 * ms, 7, 8}, 2: {}}, activity{}},
		{"by the clock alone", threads{1: {5 * ms, 7, 8}}, threads{1: {6 * ms, 7, 8}}, activity{active: 1, busy: 1}},
		{
			"by a switch alone, too short to be seen by the clock", threads{1: {5 * ms, 7, 8}, 2: {0, 1, 0}}, threads{1: {5 * ms, 8, 8}, 2: {0, 1, 3}},
			activity{voluntary: 1, involuntary: 3, active: 2},
		},
		{"began, and did nothing yet", threads{}, threads{1: {}}, activity{active: 1}},
		{
			"half, and less", threads{1: {900 * ms, 0, 0}, 2: {}, 3: {}}, threads{1: {1000 * ms, 0, 0}, 2: {50 * ms, 0, 0}, 3: {49 * ms, 0, 0}, 4: {60 * ms, 2, 1}},
			activity{voluntary: 2, involuntary: 1, active: 4, busy: 3},
		},
		{"ended", threads{1: {900 * ms, 9, 9}, 2: {1 * ms, 1, 1}}, threads{2: {2 * ms, 2, 1}}, activity{voluntary: 1, active: 1, busy: 1}},
		{"an id that is another thread's by now", threads{1: {900 * ms, 9, 9}}, threads{1: {5 * ms, 2, 1}}, activity{}},
	} {
		if got := c.now.since(c.earlier); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
