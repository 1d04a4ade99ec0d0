package sample

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

var stops struct {
	mu        sync.Mutex
	continued chan os.Signal // nil before the first call
	count     int
}

// Stops counts the times that this process was seen to go on after a stop (Ctrl-Z, SIGSTOP), from
// its first call on. What was measured between two calls with different counts holds a stop, in
// which servers ran on and no load did. Several stops between two calls count as one.
func Stops() int {
	stops.mu.Lock()
	defer stops.mu.Unlock()
	if stops.continued == nil {
		stops.continued = make(chan os.Signal, 1)
		signal.Notify(stops.continued, syscall.SIGCONT) // nobody can catch SIGSTOP
	}
	select {
	case <-stops.continued:
		stops.count++
	default:
	}
	return stops.count
}
