// Package trace records what becomes of single requests in a server: when each was read, waited,
// went on and was answered, and on which thread. A server that is not asked to has no recorder.
package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// Header is the field that numbers a request. Requests without it are not recorded.
const Header = "Nodecompare-Request"

// FileVariable is the environment variable that names the file for a server in Node.js.
const FileVariable = "NODECOMPARE_TRACE"

// Kind is what happened to a request.
type Kind string

const (
	Read     Kind = "read"     // it was read, and its handler begins
	Wait     Kind = "wait"     // its handler has nothing to do until something else is done
	Work     Kind = "work"     // this thread begins work that was handed over to it
	Worked   Kind = "worked"   // this thread ends that work
	On       Kind = "on"       // its handler goes on
	Answered Kind = "answered" // its handler has ended with an answer
)

// Event is one thing that happened to a request.
type Event struct {
	At      int64  `json:"at"` // CLOCK_MONOTONIC, in nanoseconds
	Kind    Kind   `json:"kind"`
	Request int    `json:"request"`
	Thread  int    `json:"thread"`          // the operating system's number; 0 if not known
	CPU     int64  `json:"cpu,omitempty"`   // CPU time of the thread so far, in ns; 0 if not known
	For     string `json:"for,omitempty"`   // what a wait is for
	Least   int64  `json:"least,omitempty"` // how long a wait takes at least, in ns; 0 if not known
	// Holds says that the thread stands still for as long as the request waits.
	Holds bool `json:"holds,omitempty"`
}

// most bounds the events of a recorder. A scene has some dozens.
const most = 1 << 16

// Recorder keeps events until its server has stopped. It is safe for concurrent use.
type Recorder struct {
	mu     sync.Mutex
	events []Event
	lost   int
}

// NewRecorder returns a recorder with room for a scene.
func NewRecorder() *Recorder { return &Recorder{events: make([]Event, 0, 4096)} }

// Add records an event of the calling thread, now.
func (r *Recorder) Add(e Event) {
	e.At, e.Thread, e.CPU = Now(), thread(), threadCPU()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == most {
		r.lost++
		return
	}
	r.events = append(r.events, e)
}

// Save writes the events into a file, a JSON object a line, in the order of their time of arrival.
func (r *Recorder) Save(path string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lost > 0 {
		return fmt.Errorf("write the trace %s: %d events came after the %d that a trace holds: send fewer "+
			"requests with the field %s", path, r.lost, most, Header)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the trace: %w", err)
	}
	w := bufio.NewWriter(f)
	encoder := json.NewEncoder(w)
	for _, e := range r.events {
		if err == nil {
			err = encoder.Encode(e)
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write the trace %s: %w", path, err)
	}
	return nil
}

// Load reads the events that a server has written.
func Load(path string) (events []Event, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the server's trace: %w", err)
	}
	defer f.Close()
	for d := json.NewDecoder(f); ; {
		var e Event
		switch err := d.Decode(&e); err {
		case nil:
			events = append(events, e)
		case io.EOF:
			return events, nil
		default:
			return nil, fmt.Errorf("read the server's trace %s: %w", path, err)
		}
	}
}
