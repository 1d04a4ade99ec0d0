package workload

import (
	"net/http"
	"time"
)

var wait = Workload{
	Name:    "wait",
	Method:  http.MethodGet,
	Path:    "/wait",
	Summary: "a pure wait of ms milliseconds, as for a slow service: what a waiting request costs",
	Target:  "/wait?ms=50",
	Wait:    50 * time.Millisecond,
	handle:  serveWait,
}

// UpstreamPath is the upstream's route on servers of this program.
const UpstreamPath = "/upstream"

// upstream is the service that /api requests by default. It is not a workload, because nobody
// measures it.
var upstream = Workload{
	Name:    "upstream",
	Method:  http.MethodGet,
	Path:    UpstreamPath,
	Summary: "the service behind /api: a little JSON after ms milliseconds",
	Target:  "/upstream?ms=50",
	handle:  serveUpstream,
}

// A wait is 50 ms by default and a minute at most, so that a server can be drained in bounded time.
const (
	defaultWaitMS = 50
	maxWaitMS     = 60_000
)

// The continuations are plain functions with their state in x, because a closure would be allocated
// for each request.

func serveWait(_ *Service, x *Exchange) {
	if x.millis(defaultWaitMS, maxWaitMS) {
		x.IO.Wait(x, x.duration(), waited)
	}
}

func waited(x *Exchange) { x.count(`{"waited_ms":`, `}`) }

func serveUpstream(_ *Service, x *Exchange) {
	if x.millis(defaultWaitMS, maxWaitMS) {
		x.IO.Wait(x, x.duration(), upstreamWaited)
	}
}

func upstreamWaited(x *Exchange) { x.count(`{"service":"upstream","waited_ms":`, `}`) }
