package loadgen

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
)

// The names of the engines.
const (
	Vegeta = "vegeta"
	Loop   = "loop"
)

// Engine is a way to drive a load. Both measure the same and may check each other; they differ in
// what they cost and in what they can do:
//
//   - Vegeta: a goroutine for each connection, open or closed load, and all that a Connect asks
//     for. It may use every core. The choice where the rate is given: its users know vegeta's
//     pacing.
//   - Loop: its connections on event loops, one a thread, at half of vegeta's cost, plain HTTP/1.1
//     over TCP only. The choice for closed load, which asks for all that the server can give: there
//     the generator must not be what is measured.
//
// Where they differ in closed load: Loop opens all connections before the clock starts, in steps
// that leave a server's backlog room, and opens them again outside of any latency; an attempt to
// connect that fails is a failed request, and a pause follows. Vegeta opens each with its first
// request, as part of it, and does not pause. In open load both open a connection when a request is
// due and none is free, as part of that request.
type Engine struct {
	Name    string
	Summary string // one line, for people
	open    func(Attack) (driver, error)
}

// String returns the engine's name.
func (e Engine) String() string { return e.Name }

// Engines is the table of engines.
var Engines = []Engine{
	{Vegeta, "a goroutine for each connection, by vegeta's Attacker; https and HTTP/2 too", openVegeta},
	{Loop, "its connections on event loops, one a thread: half the CPU a request; plain HTTP/1.1 only", openLoop},
}

// driver is an engine at work on one attack. Its runs follow one another.
type driver interface {
	run(ctx context.Context, duration time.Duration) (*Result, error)
	close() // idempotent; every goroutine and connection has ended when it returns
}

// VegetaRate is the highest rate, in requests per second, that Vegeta offers on one core with a p99
// of the send lag below 1 ms.
const VegetaRate = 5000

// Auto returns the name of the engine that suits an attack. Vegeta drives what it alone can (see
// BeyondLoop), and open loads of at most mostVegeta requests per second (VegetaRate, where being on
// time is what counts). Loop drives all others.
func Auto(a Attack, mostVegeta float64) string {
	if BeyondLoop(a) != "" || a.Rate > 0 && a.Rate <= mostVegeta && beyondVegeta(a) == "" {
		return Vegeta
	}
	return Loop
}

// BeyondLoop names what an attack asks for that the Loop engine cannot do; "" is nothing.
func BeyondLoop(a Attack) string {
	scheme, _, _ := strings.Cut(a.Target.URL, ":")
	switch {
	case strings.EqualFold(scheme, "https"):
		return "https"
	case a.Connect.Protocol == HTTP2:
		return "HTTP/2"
	case a.Connect.Socket != "":
		return "a Unix socket"
	case a.Follow:
		return "following redirects"
	}
	return ""
}

// beyondVegeta names what an attack asks for that the Vegeta engine cannot do; "" is nothing.
func beyondVegeta(a Attack) string {
	if c := cmp.Or(a.Conversation, Request); c != Request {
		return "a " + c
	}
	return ""
}

func engineNamed(name string) (Engine, error) {
	known := make([]string, len(Engines))
	for i, e := range Engines {
		if e.Name == name {
			return e, nil
		}
		known[i] = e.Name
	}
	return Engine{}, fmt.Errorf("load engine %q is not known: choose one of %s", name, strings.Join(known, ", "))
}
