package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"nodecompare/cmd/measure"
	"nodecompare/loadgen"
	"nodecompare/results"
)

// Metrics serves the figures of Seconds to Prometheus, at /metrics.
type Metrics struct {
	URL    string
	server http.Server
	ended  chan error
}

// ServeMetrics listens at an address, on 127.0.0.1 if addr has only a port. Call Close afterwards.
func ServeMetrics(ctx context.Context, addr string, s *Seconds) (*Metrics, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", measure.LoopbackAddress(addr))
	if err != nil {
		return nil, fmt.Errorf("serve metrics at %s: %w", addr, err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if _, err := io.WriteString(w, s.exposition()); err != nil {
			return // the client has left
		}
	})
	m := &Metrics{
		URL: "http://" + l.Addr().String() + "/metrics", ended: make(chan error, 1),
		server: http.Server{Handler: mux, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second},
	}
	go func() { m.ended <- m.server.Serve(l) }()
	return m, nil
}

// Close stops listening.
func (m *Metrics) Close() error {
	err := m.server.Close()
	if served := <-m.ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}

// exposition returns Prometheus's text format, version 0.0.4: counters since the beginning, and
// gauges of the last whole second. The format is written here because its libraries (client_golang,
// common/expfmt) link protobuf: 4 MB of binary, of which the servers that bench measures are a
// copy.
func (s *Seconds) exposition() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	metric := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %[1]s %[3]s\n", name, help, kind) }
	value := func(name string, v any) { fmt.Fprintf(&b, "%s %v\n", name, v) }

	metric("nodecompare_load_requests_total", "counter", "Requests that were answered or failed.")
	value("nodecompare_load_requests_total", s.all.Requests)
	metric("nodecompare_load_errors_total", "counter", "Requests that failed, by kind.")
	for _, kind := range loadgen.Kinds {
		value(fmt.Sprintf("nodecompare_load_errors_total{kind=%q}", kind), s.all.ErrorKinds[kind])
	}
	metric("nodecompare_load_in_flight", "gauge", "Requests in flight.")
	value("nodecompare_load_in_flight", s.inFlight.Load())
	metric("nodecompare_load_rate", "gauge", "Requests without error per second, in the last second.")
	value("nodecompare_load_rate", s.last.RateRPS)
	metric("nodecompare_load_latency_seconds", "summary",
		"Latency of the requests without error, from when each was due; quantiles of the last second.")
	l := s.last.LatencyUS
	if l == nil {
		l = &results.Latency{P50: math.NaN(), P90: math.NaN(), P99: math.NaN(), P999: math.NaN()}
	}
	for _, q := range []struct {
		part string
		us   float64
	}{{"0.5", l.P50}, {"0.9", l.P90}, {"0.99", l.P99}, {"0.999", l.P999}} {
		value(fmt.Sprintf("nodecompare_load_latency_seconds{quantile=%q}", q.part), q.us/1e6)
	}
	value("nodecompare_load_latency_seconds_sum", s.latencyS)
	value("nodecompare_load_latency_seconds_count", s.timed)
	return b.String()
}
