package bench

import (
	"time"

	"nodecompare/loadgen"
	"nodecompare/results"
)

const (
	// recorderStep is the resolution of a surgeRecorder: short beside any surge, with several
	// requests at any rate worth an overload.
	recorderStep = 50 * time.Millisecond
	// recoverySteps make the window in which requests must be in time again.
	recoverySteps = 10
	flightStep    = 10 * time.Millisecond
)

// A surgeRecorder counts the outcomes of one open load by due time. During a run only the engine's
// goroutine may use it.
type surgeRecorder struct {
	rate         float64 // requests per second
	surge, whole time.Duration
	slo          time.Duration
	open         bool // outcomes before are not counted

	inTime                 []uint64 // by recorderStep
	inSurge                uint64   // those of inTime due within the surge
	late, refused, timeout uint64   // due within the surge
	flights                []int    // by flightStep: sent in it less ended in it
}

func newSurgeRecorder(rate float64, surge, whole, slo time.Duration) surgeRecorder {
	return surgeRecorder{rate: rate, surge: surge, whole: whole, slo: slo, inTime: make([]uint64, steps(whole))}
}

func steps(d time.Duration) int { return int((d + recorderStep - 1) / recorderStep) }

// add is loadgen.Attack's Each.
func (l *surgeRecorder) add(x *loadgen.Outcome) {
	if !l.open {
		return
	}
	due := loadgen.Due(x.Seq, l.rate)
	start := x.Due.Add(-due)
	l.flight(x.Sent.Sub(start), 1)
	l.flight(x.End.Sub(start), -1)
	within := due < l.surge
	switch {
	case x.Kind == "" && x.End.Sub(x.Due) <= l.slo:
		l.inTime[min(int(due/recorderStep), len(l.inTime)-1)]++
		if within {
			l.inSurge++
		}
	case !within:
	case x.Kind == "":
		l.late++
	case x.Kind == loadgen.Timeout:
		l.timeout++
	default:
		l.refused++
	}
}

// before returns how many of the load's requests are due before a time.
func (l *surgeRecorder) before(t time.Duration) uint64 {
	n := uint64(t.Seconds() * l.rate) // or off by one, because times are whole nanoseconds
	for loadgen.Due(n, l.rate) < t {
		n++
	}
	for n > 0 && loadgen.Due(n-1, l.rate) >= t {
		n--
	}
	return min(n, loadgen.Offered(l.rate, l.whole))
}

func (l *surgeRecorder) flight(at time.Duration, change int) {
	i := max(0, int(at/flightStep))
	for len(l.flights) <= i {
		l.flights = append(l.flights, 0)
	}
	l.flights[i] += change
}

// dueIn returns how many requests are due in a step.
func (l *surgeRecorder) dueIn(step int) uint64 {
	from := time.Duration(step) * recorderStep
	return l.before(from+recorderStep) - l.before(from)
}

// addTo adds the load's requests to a SurgeOutcome.
func (l *surgeRecorder) addTo(t *results.SurgeOutcome) {
	t.Due += l.before(l.surge)
	t.InTime += l.inSurge
	t.Late += l.late
	t.Refused += l.refused
	t.TimedOut += l.timeout
	for i, n := range l.inTime {
		if i == len(t.DueInTime) {
			t.DueInTime, t.DueOtherwise = append(t.DueInTime, 0), append(t.DueOtherwise, 0)
		}
		t.DueInTime[i] += n
		t.DueOtherwise[i] += l.dueIn(i) - n
	}
}

// recovery returns the time from the end of the surge to the first window in which at most one
// request in a hundred, and one more for rounding, was not answered in time. ok is false if there
// is no such window; after is then all the time there was.
func (l *surgeRecorder) recovery() (after time.Duration, ok bool) {
	for from := steps(l.surge); from+recoverySteps <= len(l.inTime); from++ {
		var due, inTime uint64
		for i := from; i < from+recoverySteps; i++ {
			due, inTime = due+l.dueIn(i), inTime+l.inTime[i]
		}
		if due-inTime <= due/100+1 {
			return max(0, time.Duration(from)*recorderStep-l.surge), true
		}
	}
	return l.whole - l.surge, false
}
