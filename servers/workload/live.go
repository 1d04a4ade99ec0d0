package workload

import (
	"net/http"
	"strconv"
	"time"
)

// LivePath is the route of a dashboard's events.
const LivePath = "/live"

var live = Workload{
	Name:    "live",
	Method:  http.MethodGet,
	Path:    LivePath,
	Summary: "a dashboard by server push: rate events a second, as text/event-stream",
	Target:  LivePath + "?rate=10",
	Tells:   true,
	handle:  serveLive,
}

// LiveInterval is from one event of the live workload's Target to the next.
const LiveInterval = time.Second / defaultLiveRate

const (
	defaultLiveRate = 10
	maxLiveRate     = 1000
	liveRetry       = 1000 // milliseconds after which a browser connects again
	// commentEvery is how often a comment is sent, by which either end notices that the other has
	// gone.
	commentEvery = 15 * time.Second
)

// A Source makes a response that goes on, part by part.
type Source interface {
	// Next appends what is due to b, and returns when to call it again.
	Next(b []byte, now time.Time) (part []byte, due time.Time)
	// Close is called once, when the connection takes no more.
	Close()
}

// liveSource is one subscription. Its ticks are numbered from the one that the client saw last. A
// tick that is still unsent when the next one is due is dropped, and seen as a gap in the ids.
type liveSource struct {
	service   *Service
	interval  time.Duration // 0 for no ticks
	first     int64         // the id of tick 0
	next      int64         // the number of the next tick
	start     time.Time     // when tick 0 was due; zero before Next was called
	commented time.Time
}

func serveLive(s *Service, x *Exchange) {
	rate, ok := x.number("rate", "events a second", defaultLiveRate, defaultLiveRate, maxLiveRate)
	if !ok {
		return
	}
	l := &liveSource{service: s, first: 1}
	if rate > 0 {
		l.interval = time.Second / time.Duration(rate)
	}
	// an id of another server is no error: EventSource sends on what it has
	if last, ok := whole(x.Request.Header("Last-Event-ID")); ok {
		l.first = last + 1
	}
	s.subscribers.Add(1)
	x.IO.Stream(x, typeEvents, l)
}

const typeEvents = "text/event-stream"

func (l *liveSource) Next(b []byte, now time.Time) ([]byte, time.Time) {
	if l.start.IsZero() {
		l.start, l.commented = now, now
		b = append(b, "retry: "...)
		b = strconv.AppendInt(b, liveRetry, 10)
		b = append(b, "\n\n"...)
	}
	if now.Sub(l.commented) >= commentEvery {
		l.commented = now
		b = append(b, ":\n\n"...)
	}
	due := l.commented.Add(commentEvery)
	if l.interval == 0 {
		return b, due
	}
	if tick := l.start.Add(time.Duration(l.next) * l.interval); !now.Before(tick) {
		late := int64(now.Sub(tick) / l.interval)
		l.next += late
		b = l.event(b, tick.Add(time.Duration(late)*l.interval))
		l.next++
	}
	if tick := l.start.Add(time.Duration(l.next) * l.interval); tick.Before(due) {
		due = tick
	}
	return b, due
}

// event appends a tick. JavaScript's numbers hold microseconds since 1970, and not nanoseconds.
func (l *liveSource) event(b []byte, due time.Time) []byte {
	b = append(b, "id: "...)
	b = strconv.AppendInt(b, l.first+l.next, 10)
	b = append(b, "\ndata: {\"due_us\":"...)
	b = strconv.AppendInt(b, due.UnixMicro(), 10)
	b = append(b, `,"subscribers":`...)
	b = strconv.AppendInt(b, l.service.subscribers.Load(), 10)
	b = append(b, `,"events":`...)
	b = strconv.AppendInt(b, l.service.events.Add(1), 10)
	b = l.service.rooms.appendFigures(b)
	return append(b, "}\n\n"...)
}

func (l *liveSource) Close() { l.service.subscribers.Add(-1) }
