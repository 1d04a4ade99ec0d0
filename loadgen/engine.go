package loadgen

import (
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

// Engine is a way to drive a load. Both measure the same and may check each other; they differ in what they cost
// and in what they can do:
//
//   - Vegeta: a goroutine for each connection, open or closed load, https too. It may use every core. The choice where the
//     rate is given: its users know vegeta's pacing.
//   - Loop: all connections on one event loop and one thread, at half of vegeta's cost, http only. The choice for closed load,
//     which asks for all that the server can give: there the generator must not be what is measured.
//
// Where they differ in closed load: Loop opens all connections before the clock starts, in steps that leave a
// server's backlog room, and opens them again outside of any latency; an attempt to connect that fails is a failed
// request, and a pause follows. Vegeta opens each with its first request, as part of it, and does not pause. In
// open load both open a connection when a request is due and none is free, as part of that request.
type Engine struct {
	Name    string
	Summary string // one line, for people
	open    func(Attack) (driver, error)
}

// String returns the engine's name.
func (e Engine) String() string { return e.Name }

// Engines is the table of engines.
var Engines = []Engine{
	{Vegeta, "a goroutine for each connection, by vegeta's Attacker; https too", openVegeta},
	{Loop, "all connections on one event loop: half the CPU a request; http only", openLoop},
}

// driver is an engine at work on one attack. Its runs follow one another.
type driver interface {
	run(ctx context.Context, duration time.Duration) (*Result, error)
	close() // idempotent; every goroutine and connection has ended when it returns
}

// VegetaRate is the highest rate, in requests per second, that Vegeta offers on one core with a p99 of the send
// lag below 1 ms.
const VegetaRate = 5000

// Auto returns the name of the engine that suits a load on a URL of that scheme, at a rate in requests per second;
// 0 is a closed load. Vegeta drives https, which it alone can, and open loads of at most mostVegeta requests per
// second (VegetaRate, where being on time is what counts). Loop drives all others.
func Auto(scheme string, rate, mostVegeta float64) string {
	if strings.EqualFold(scheme, "https") || rate > 0 && rate <= mostVegeta {
		return Vegeta
	}
	return Loop
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
