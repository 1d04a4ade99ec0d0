package load_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nodecompare/cmd/load"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// A limit on a figure that is not known is not kept, and says why the figure is not known.
func TestLimitsOnWhatIsNotKnown(t *testing.T) {
	answered := func(change func(*results.LoadRun)) results.LoadRun {
		r := results.LoadRun{Requests: 100, Trust: results.Trust{Status: results.Valid}}
		change(&r)
		return r
	}
	heard := func(d results.Deliveries) results.LoadRun {
		return answered(func(r *results.LoadRun) { r.Deliveries = &d })
	}
	for _, c := range []struct {
		limit, why string
		run        results.LoadRun
	}{
		{"max-missed", "no ids that rise by one", heard(results.Deliveries{})},
		{"max-p99", `no "due_us"`, heard(results.Deliveries{Untimed: 100})},
		{"max-p99", "no request was answered", answered(func(r *results.LoadRun) { r.Errors = 100 })},
		{"max-p999", "it needs at least 1000 answers, and there are 99",
			answered(func(r *results.LoadRun) { r.Errors = 1 })},
		{"max-errors", "no request was sent", answered(func(r *results.LoadRun) { r.Requests = 0 })},
		{"min-smooth", "no viewer began", answered(func(r *results.LoadRun) { r.Viewing = &results.Viewing{} })},
	} {
		load.Judge(&c.run, []results.Threshold{{Name: c.limit}})
		got := c.run.Thresholds[0]
		if got.Value != nil || !got.Missed() || !strings.Contains(got.Unknown, c.why) {
			t.Errorf("%s: %+v, want that %s", c.limit, got, c.why)
		}
	}
}

// While the last answers come nothing is due any more, and no rate is below 0.
func TestSecondsAfterTheLastIsDue(t *testing.T) {
	for name, a := range map[string]loadgen.Attack{
		"falling": {Rate: 500, To: 10, Duration: time.Second},
		"steady":  {Rate: 500, Duration: time.Second},
	} {
		var out bytes.Buffer
		a.InFlight = new(atomic.Int64)
		s := load.NewSeconds(&out, a)
		began := time.Now().Add(-time.Minute)
		s.Each(&loadgen.Outcome{Due: began, End: time.Now(), Code: 200})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		var last load.Second
		if err := json.Unmarshal(out.Bytes(), &last); err != nil || last.Requests != 1 || last.OfferedRPS != 0 {
			t.Errorf("%s: %v, %s", name, err, out.Bytes())
		}
	}
}
