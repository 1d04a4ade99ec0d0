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
		{"all asleep", threads{1: {cpu: 5 * ms, voluntary: 7, involuntary: 8}, 2: {}},
			threads{1: {cpu: 5 * ms, voluntary: 7, involuntary: 8}, 2: {}}, activity{}},
		{"by the clock alone", threads{1: {cpu: 5 * ms, voluntary: 7, involuntary: 8}},
			threads{1: {cpu: 6 * ms, voluntary: 7, involuntary: 8}}, activity{active: 1, busy: 1}},
		{
			"by a switch alone, too short to be seen by the clock",
			threads{1: {cpu: 5 * ms, voluntary: 7, involuntary: 8}, 2: {voluntary: 1, involuntary: 0}},
			threads{1: {cpu: 5 * ms, voluntary: 8, involuntary: 8}, 2: {voluntary: 1, involuntary: 3}},
			activity{voluntary: 1, involuntary: 3, active: 2},
		},
		{"began, and did nothing yet", threads{}, threads{1: {}}, activity{active: 1}},
		{
			"half, and less", threads{1: {cpu: 900 * ms}, 2: {}, 3: {}},
			threads{1: {cpu: 1000 * ms}, 2: {cpu: 50 * ms}, 3: {cpu: 49 * ms},
				4: {cpu: 60 * ms, voluntary: 2, involuntary: 1}},
			activity{voluntary: 2, involuntary: 1, active: 4, busy: 3},
		},
		{
			"waited, of which only those that are busy count",
			threads{1: {cpu: 100 * ms, waited: 7 * ms, runs: 10}, 2: {}, 3: {}},
			threads{1: {cpu: 200 * ms, waited: 27 * ms, runs: 50},
				2: {cpu: 60 * ms, waited: 10 * ms, runs: 20}, 3: {cpu: 1 * ms, waited: 900 * ms, runs: 1}},
			activity{active: 3, busy: 2, waited: 30 * ms, runs: 60},
		},
		{"ended", threads{1: {cpu: 900 * ms, voluntary: 9, involuntary: 9},
			2: {cpu: 1 * ms, voluntary: 1, involuntary: 1}}, threads{2: {cpu: 2 * ms, voluntary: 2,
			involuntary: 1}}, activity{voluntary: 1, active: 1, busy: 1}},
		{"an id that is another thread's by now", threads{1: {cpu: 900 * ms, voluntary: 9, involuntary: 9}},
			threads{1: {cpu: 5 * ms, voluntary: 2, involuntary: 1}}, activity{}},
	} {
		if got := c.now.since(c.earlier); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
