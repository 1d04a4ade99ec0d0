package loadgen

import (
	"testing"
	"time"
	"unsafe"

	"nodecompare/loadgen/response"
)

// expecting is a talk that keeps the time at which it was asked what is overdue.
type expecting struct{ asked int64 }

func (e *expecting) connected() []byte                                  { return nil }
func (e *expecting) hear(*message, []byte) (used int, h heard, _ error) { return 0, h, nil }
func (e *expecting) begun() bool                                        { return true }
func (e *expecting) ended() (a response.Answer, _ error)                { return a, nil }

func (e *expecting) overdue(now int64) uint64 {
	e.asked = now
	return 0
}

// A wall clock that is set within a run makes nothing overdue: the run's time is carried on from
// its start by the monotonic clock.
func TestOverdueOfAClockThatIsSet(t *testing.T) {
	const set = time.Hour
	start := time.Now()
	// The second word of a time.Time is its monotonic part: the wall clock then gains an hour.
	monotonic := (*int64)(unsafe.Add(unsafe.Pointer(&start), 8))
	*monotonic += int64(set)
	start = start.Add(-set)
	if ahead := time.Now().UnixNano() - start.UnixNano(); ahead < int64(set) || time.Since(start) > set/2 {
		t.Skipf("a time.Time is made in another way: %v, %v", time.Duration(ahead), time.Since(start))
	}
	e := &expecting{}
	r := &loopRun{start: start, rec: newRecorder(Attack{})}
	r.unheard(&client{talk: e, pending: true})
	if late := time.Duration(e.asked - start.UnixNano()); late > set/2 {
		t.Errorf("%v after the start it was asked for what was overdue %v after it", time.Since(start), late)
	}
}
