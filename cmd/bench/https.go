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

// Only vegeta drives a server behind TLS. Closed loads then cost the generator more than elsewhere
// in the table, and such a server gets no overload: opening a connection for each request of a
// surge would take the generator longer than the surge lasts.

// connect returns how connections to a server are made: with HTTP/1.1 over https too, so that
// nothing but TLS differs from the other servers.
func (p *Plan) connect(url string) loadgen.Connect {
	if !isHTTPS(url) {
		return loadgen.Connect{}
	}
	return loadgen.Connect{TLS: p.tls, Protocol: loadgen.HTTP1}
}

func isHTTPS(url string) bool { return strings.HasPrefix(url, "https:") }

// distrusted reports whether the TLS handshake failed for lack of trust on either side, as opposed
// to an unreachable server.
func distrusted(err error) bool {
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, alert := errors.AsType[tls.AlertError](err)
	return certificate || alert
}

// secured returns the rungs of a column whose server speaks TLS: without the overload, and none if
// the workload consists of it. A note says what is left out.
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
