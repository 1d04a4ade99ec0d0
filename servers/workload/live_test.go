package workload_test

import (
	"strings"
	"testing"
	"time"

	"nodecompare/servers/workload"
)

// Ticks come by their own clock: one that comes late is not made up for, but missing among the ids.
func TestLiveCountsTicksThatAreMissed(t *testing.T) {
	c := dial(t, open(t, workload.Options{}))
	if got := c.get("/live?rate=10"); got.ContentType != "text/event-stream" {
		t.Fatalf("%+v", got)
	}
	const interval = 100 * time.Millisecond
	start := time.UnixMicro(1_700_000_000_000_000)
	for _, step := range []struct {
		at, due time.Duration
		want    string
	}{
		{0, interval, "retry: 1000\n\n" + `id: 1|{"due_us":1700000000000000,"subscribers":1,"events":1}`},
		{interval / 2, interval, ""},
		{interval, 2 * interval, `id: 2|{"due_us":1700000000100000,"subscribers":1,"events":2}`},
		{5*interval + interval/2, 6 * interval, `id: 6|{"due_us":1700000000500000,"subscribers":1,"events":3}`},
		{15 * time.Second, 15*time.Second + interval,
			":\n\n" + `id: 151|{"due_us":1700000015000000,"subscribers":1,"events":4}`},
	} {
		want := strings.Replace(step.want, "|", "\ndata: ", 1)
		if want != "" {
			want += "\n\n"
		}
		got, due := c.io.source.Next(nil, start.Add(step.at))
		if string(got) != want || due.Sub(start) != step.due {
			t.Errorf("at %v: %q, then in %v; want %q, then in %v", step.at, got, due.Sub(start), want, step.due)
		}
	}
	c.io.source.Close()
	c.get("/live?rate=0")
	if got, due := c.io.source.Next(nil, start); string(got) != "retry: 1000\n\n" || due.Sub(start) != 15*time.Second {
		t.Errorf("without ticks: %q, then in %v", got, due.Sub(start))
	}
	c.io.source.Close()
}
