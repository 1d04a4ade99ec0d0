// Package watch plays a small scene of requests to a real server and shows, thread by thread and
// request by request, what became of them.
package watch

import (
	"fmt"
	"net/http"
	"time"

	"nodecompare/servers/workload"
)

// Scene is a few requests, each with its time.
type Scene struct {
	Name     string
	Summary  string // what happens, in one line
	Look     string // one sentence: what to look for
	Lesson   string // why it is so, once it was seen
	Twice    string // what twice the requests would do
	Requests []Request
	PoolSize int // threads of the pool mode; 0 for four
}

// Request is one request of a scene.
type Request struct {
	At             time.Duration // after the scene's start
	Method, Target string
	Header         http.Header // of its own; nil for none
	Body           string
	ContentType    string
}

// String returns the scene's name.
func (s Scene) String() string { return s.Name }

// gap is between two requests that come one after the other, so that their order is seen.
const gap = 2 * time.Millisecond

// Scenes is the table of scenes, the first of which is shown by default. A new scene is a line
// here.
var Scenes = []Scene{
	{Name: "mixed", Summary: "five requests that wait 100 ms for a timer, and one that computes for 200 ms",
		Look: "Which requests have to wait for the one that computes?",
		Lesson: "A thread does one thing at a time: what is on its call stack. An event loop is one thread. While it " +
			"computes, everything else stays in the queue, even what is ready to go on. Where each request has " +
			"a thread of its own, the others go on beside the computation.",
		Twice: "Twice the computations would hold up a loop for twice as long. Twice the waits would need twice " +
			"the threads, and still one loop.",
		Requests: append(some(3, 0, get("/wait?ms=100")), append(some(1, 3*gap, get("/cpu?ms=200")),
			some(2, 4*gap, get("/wait?ms=100"))...)...), PoolSize: 6},
	{Name: "waits", Summary: "six requests that wait 100 ms for a timer",
		Look: "Which threads stand still while requests wait?",
		Lesson: "Nothing has to run during a wait. A thread that blocks stands still until its wait is over. " +
			"An event loop puts the request aside and goes on with the next one.",
		Twice: "With a thread for each request, twice the requests need twice the threads. A loop is still one " +
			"thread, which has twice next to nothing to do.",
		Requests: some(6, 0, get("/wait?ms=100")), PoolSize: 6},
	{Name: "pool", Summary: "eight requests that wait 100 ms for a timer; the pool has two threads",
		Look: "Which requests queue, though the processor has nothing to do?",
		Lesson: "A pool of two threads can hold two waits at a time, so all others queue. Where a wait holds no " +
			"thread, nobody queues.",
		Twice:    "The pool would take twice as long for twice the requests. A loop would take no longer.",
		Requests: some(8, 0, get("/wait?ms=100")), PoolSize: 2},
	{Name: "database", Summary: "six look-ups in a database",
		Look: "Which thread asks the database?",
		Lesson: "A call that blocks must not be on the loop. Where the library blocks, async hands the call to " +
			"a worker and gets the answer back through the queue. Node.js's SQLite is so quick that it is " +
			"called on the loop itself.",
		Requests: some(6, 0, named("db"))},
	{Name: "login", Summary: "six logins, each of which hashes a password for about 10 ms",
		Look: "Who computes the hashes, and can others run meanwhile?",
		Lesson: "A hash is computing, and on a loop it would hold up everyone. So it goes to one of four workers, " +
			"and the loop goes on.",
		Twice:    "Two processors compute two hashes at a time, in each mode: twice the logins take twice as long.",
		Requests: some(6, 0, named("login"))},
	{Name: "feed", Summary: "three requests that each make three calls to another service (10, 20 and 15 ms)",
		Look: "Are the three calls made at once, or one after the other?",
		Lesson: "A thread that blocks makes one call after the other: 45 ms. A loop sends all three and goes on " +
			"when the last answer is there: 20 ms.",
		Requests: some(3, 0, named("feed"))},
	{Name: "api", Summary: "six requests that each make one call to another service, which takes 50 ms",
		Look: "Who waits for the other service?",
		Lesson: "To wait for another service is to wait as for a timer: a thread stands still, or the loop " +
			"goes on.",
		Twice:    "Twice the requests need twice the threads, or the same loop.",
		Requests: some(6, 0, named("api"))},
}

func get(target string) Request { return Request{Method: "GET", Target: target} }

// named returns the example request of a workload.
func named(name string) Request {
	for _, w := range workload.All {
		if w.Name == name {
			return Request{Method: w.Method, Target: w.Target, Body: w.Body, ContentType: w.ContentType}
		}
	}
	panic(fmt.Sprintf("watch: no workload %q", name))
}

// some returns a request n times, a gap apart, the first at the given time.
func some(n int, at time.Duration, r Request) []Request {
	var all []Request
	for i := range n {
		r.At = at + time.Duration(i)*gap
		all = append(all, r)
	}
	return all
}

// End returns when the last request is sent.
func (s Scene) End() (last time.Duration) {
	for _, r := range s.Requests {
		last = max(last, r.At)
	}
	return last
}
