package loadgen

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Names of the engines.
const (
	Vegeta = "vegeta"
	Loop   = "loop"
)

// Engine is a way to drive a load. Both engines measure the same, so that each can check the other.
// They differ in cost and in features:
//
//   - Vegeta: a goroutine for each connection, open or closed load, and everything that a Connect
//     asks for. Vegeta may use every core. It is the choice for a given rate, because its pacing is
//     well known.
//   - Loop: connections on event loops, one a thread, at half of vegeta's cost, plain HTTP/1.1 over
//     TCP only. It is the choice for closed load, which asks for everything that the server can
//     give, so that the generator must not become what is measured.
//
// In closed load, Loop opens all connections before the clock starts, at a pace that a server's
// backlog bears, and reopens them outside of any latency. A failed attempt to connect is a failed
// request, which took as long as the attempt did after the start, and a pause follows. Vegeta opens
// each connection as part of its first request, and does not pause. In open load both engines open
// a connection when a request is due and none is free, as part of that request.
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

// driver is an engine at work on one attack. Its runs must not overlap.
type driver interface {
	run(ctx context.Context, duration time.Duration) (*Result, error)
	close() // idempotent; on return all goroutines and connections have ended
}

// VegetaRate is the highest rate, in requests per second, that Vegeta offers on one core with a p99
// send lag below 1 ms (docs/calibration.md).
const VegetaRate = 5000

// Auto returns the name of the engine that suits an attack: Vegeta for what it alone supports (see
// BeyondLoop), and for open loads of at most mostVegeta requests per second (VegetaRate, if sending
// on time matters most). Loop drives all others.
func Auto(a Attack, mostVegeta float64) string {
	if BeyondLoop(a) != "" || a.Rate > 0 && max(a.Rate, a.To) <= mostVegeta && beyondVegeta(a) == "" {
		return Vegeta
	}
	return Loop
}

// BeyondLoop names what an attack asks for that the Loop engine does not support; "" for nothing.
func BeyondLoop(a Attack) string {
	scheme, _, _ := strings.Cut(a.Target.URL, ":")
	switch {
	case strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "wss"):
		return strings.ToLower(scheme)
	case a.Connect.Protocol == HTTP2:
		return "HTTP/2"
	case a.Connect.Socket != "":
		return "a Unix socket"
	case a.Follow:
		return "following redirects"
	}
	if u, err := url.Parse(a.Target.URL); err == nil && strings.Contains(u.Hostname(), "%") {
		return "an IPv6 address with a zone"
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
