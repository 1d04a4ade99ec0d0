package cmd_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nodecompare/loadgen/sample"
)

// The two limits of the async mode that docs/performance.md quotes: benchmarks, since a slow
// machine is no defect.

// BenchmarkIdleConnections reports the server's resident memory for each of 10,000 connections that
// have had a response and are idle.
func BenchmarkIdleConnections(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		p := startServer(b, "--mode=async")
		before := resident(b, p.PID)
		conns := connect(b, strings.TrimPrefix(p.URL, "http://"), n)
		for _, c := range conns {
			exchange(b, c, "/")
		}
		b.ReportMetric(float64(resident(b, p.PID)-before)/n, "B/connection")
		for _, c := range conns {
			c.Close()
		}
	}
}

// BenchmarkInFlight reports the latencies of 15,000 requests to /wait?ms=1000 that are in flight at
// once, each on a connection of its own.
func BenchmarkInFlight(b *testing.B) {
	const n = 15_000
	for b.Loop() {
		p := startServer(b, "--mode=async")
		conns := connect(b, strings.TrimPrefix(p.URL, "http://"), n)
		took := make([]time.Duration, n)
		var done sync.WaitGroup
		start := make(chan struct{})
		for i, c := range conns {
			done.Go(func() {
				<-start
				begin := time.Now()
				exchange(b, c, "/wait?ms=1000")
				took[i] = time.Since(begin)
			})
		}
		close(start)
		done.Wait()
		slices.Sort(took)
		b.ReportMetric(took[n/2].Seconds()*1000, "p50-ms")
		b.ReportMetric(took[n*99/100].Seconds()*1000, "p99-ms")
		b.ReportMetric(took[n-1].Seconds()*1000, "max-ms")
		for _, c := range conns {
			c.Close()
		}
	}
}

func connect(b *testing.B, addr string, n int) []net.Conn {
	b.Helper()
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatalf("connection %d of %d: %v", i+1, n, err)
		}
		conns[i] = c
	}
	return conns
}

// exchange sends a request on a kept connection and wants 200.
func exchange(b *testing.B, c net.Conn, target string) {
	if _, err := io.WriteString(c, "GET "+target+" HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		b.Error(err)
		return
	}
	r, err := http.ReadResponse(bufio.NewReaderSize(c, 512), nil)
	if err != nil {
		b.Error(err)
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		b.Errorf("answered %s, %v", r.Status, err)
	}
}

func resident(b *testing.B, pid int) int64 {
	b.Helper()
	w, err := sample.Watch(pid, time.Hour)
	if err != nil {
		b.Fatal(err)
	}
	window, err := w.Stop()
	if err != nil {
		b.Fatal(err)
	}
	return int64(window.RSSPeak)
}
