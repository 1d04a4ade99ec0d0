package bench

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"nodecompare/loadgen"
	"nodecompare/results"
)

// A server behind TLS is driven by vegeta alone. Closed loads then cost the generator more than
// they do elsewhere in the table, and no overload is put on it: to open a connection for each
// request of a surge takes the generator longer than the surge lasts.

// connect says how connections to a server are made: over https with HTTP/1.1 too, so that nothing
// but TLS differs from the others.
func (p *Plan) connect(url string) loadgen.Connect {
	if !isHTTPS(url) {
		return loadgen.Connect{}
	}
	return loadgen.Connect{TLS: p.tls, Protocol: loadgen.HTTP1}
}

func isHTTPS(url string) bool { return strings.HasPrefix(url, "https:") }

// distrusted tells a server that cannot be trusted, or does not trust us, from one that cannot be
// reached.
func distrusted(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || alert
}

// secured are the rungs of a column whose server speaks TLS, without the overload; none of a
// workload that is all about that. What is left out is said.
func (p *Plan) secured(column slot, over *rung) []rung {
	w := &p.settings.Workloads[len(p.settings.Workloads)-1]
	if w.Name == overloadName {
		reason := fmt.Sprintf("server %s on %s: an overload is the loop engine's, which has no TLS",
			column.name, w.Name)
		p.settings.Missing = append(p.settings.Missing,
			results.Missing{Mode: column.name, Workload: w.Name, Reason: reason})
		return nil
	}
	text := fmt.Sprintf("Server %s is behind TLS: vegeta drives its closed loads too, at a higher cost, and "+
		"what it loses against plain HTTP is partly the generator's", column.name)
	if over != nil {
		text += "; no overload ends its trials"
	}
	w.Note = strings.TrimSpace(w.Note + " " + text + ".")
	return slices.DeleteFunc(slices.Clone(column.rungs), func(r rung) bool { return r.surge != nil })
}
