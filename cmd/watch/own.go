package watch

import (
	"fmt"
	"strings"
	"time"

	"nodecompare/results/unit"
	"nodecompare/servers/workload"
)

// OwnScene makes a scene of a user's requests, each "GET /path", and their times, of which there
// may be fewer.
func OwnScene(requests []string, ats []time.Duration) (s Scene, err error) {
	if len(ats) > len(requests) {
		return s, fmt.Errorf("--at gives %d times for %s", len(ats), unit.Counted(len(requests), "request"))
	}
	s = Scene{Name: "your own", Summary: unit.Counted(len(requests), "request") + " of your own"}
	var at time.Duration
	for i, text := range requests {
		method, target, ok := strings.Cut(text, " ")
		if !ok || !strings.HasPrefix(target, "/") || strings.ContainsAny(target, " \r\n\t") || method == "" ||
			strings.ToUpper(method) != method {
			return s, fmt.Errorf("--request=%q: want a method and a path, as in 'GET /wait?ms=100'", text)
		}
		switch {
		case i < len(ats):
			at = ats[i]
		case i > 0:
			at += gap
		}
		if at < 0 || at > time.Minute {
			return s, fmt.Errorf("--at=%v: a request is sent within a minute of the start", at)
		}
		r := Request{At: at, Method: method, Target: target}
		for _, w := range workload.All {
			if w.Method == method && w.Path == target {
				r.Body, r.ContentType = w.Body, w.ContentType
			}
		}
		s.Requests = append(s.Requests, r)
	}
	return s, nil
}
