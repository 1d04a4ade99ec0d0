package cmd

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"nodecompare/loadgen"
)

// ofRequests are the flags that subscribers have no use for, and why.
var ofRequests = map[string]string{
	"rate":             "the server sets how often events come",
	"requests":         "they are counted by nobody before the load ends: give --duration",
	"slo":              "the search is for a rate of requests",
	"targets":          "all subscribers hear one URL",
	"follow-redirects": "a redirect is no stream of events",
	"new-connections":  "each subscriber has a connection for itself",
	"agents":           "delivery latency would rest on the clocks of several machines",
	"http2":            "they speak HTTP/1.1",
	"unix-socket":      "they connect by TCP",
	"save-results":     "vegeta's format is one of requests",
}

// refused returns an error if a flag was given that such a load has no use for; whys says of each
// one why.
func refused(who, by string, whys map[string]string, given func(flag string) bool) error {
	for _, flag := range slices.Sorted(maps.Keys(whys)) {
		if given(flag) {
			return fmt.Errorf("--%s is not for %s, since %s: leave it out, or %s", flag, who, whys[flag], by)
		}
	}
	return nil
}

// subscribes makes the attack one of subscribers, if it is to be one, and rejects flags that
// contradict that.
func (o loadOptions) subscribes(a *loadgen.Attack, given func(flag string) bool) error {
	if !o.subscribe {
		if given("max-missed") {
			return errors.New("--max-missed is of events: give --subscribe too")
		}
		return nil
	}
	if err := refused("subscribers", "--subscribe", ofRequests, given); err != nil {
		return err
	}
	if a.Engine != "" && a.Engine != loadgen.Loop {
		return fmt.Errorf("--engine=%s knows no subscribers: leave it out", a.Engine)
	}
	if what := loadgen.BeyondLoop(*a); what != "" {
		return fmt.Errorf("--subscribe is over plain HTTP/1.1, and cannot do %s", what)
	}
	a.Conversation, a.Engine = loadgen.Subscribe, loadgen.Loop
	return nil
}
