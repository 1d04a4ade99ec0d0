package cmd_test

import (
	"encoding/json"
	"errors"
	"flag"
	"slices"
	"testing"
	"time"

	"nodecompare/loadgen/sample"
	"nodecompare/results"
)

var memoryLoad = flag.Duration("load", 2*time.Minute, "how long BenchmarkLoadMemory's load lasts; more than a minute")

// BenchmarkLoadMemory reports the resident memory of an open load of 10,000 requests/s by vegeta,
// read each second: after the first minute, the most of all later readings, and at the end. Ten
// minutes of it are the bar that docs/performance.md quotes.
func BenchmarkLoadMemory(b *testing.B) {
	const settled = time.Minute
	if *memoryLoad <= settled {
		b.Fatalf("-load=%v: it must be more than %v", *memoryLoad, settled)
	}
	for b.Loop() {
		p := startServer(b, "--mode=async")
		c, out, errs := command(b, "load", p.URL+"/", "--engine=vegeta", "--rate=10000",
			"--duration="+memoryLoad.String(), "--format=json", "--quiet")
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		watcher, err := sample.Watch(c.Process.Pid, time.Second)
		if errors.Is(err, sample.ErrUnsupported) {
			b.Skip(err)
		}
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			b.Fatalf("%v: %s", err, errs)
		}
		w, err := watcher.Stop()
		if !errors.Is(err, sample.ErrEnded) {
			b.Fatalf("the watch on a process that has ended: %v", err)
		}
		var run results.LoadRun
		if err := json.Unmarshal(out.Bytes(), &run); err != nil {
			b.Fatalf("%v in %q", err, out)
		}
		later := w.Ticks[slices.IndexFunc(w.Ticks, func(t sample.Tick) bool { return t.At >= settled }):]
		highest := slices.MaxFunc(later, func(a, b sample.Tick) int { return int(a.RSS) - int(b.RSS) })
		const mb = 1e6
		b.ReportMetric(float64(later[0].RSS)/mb, "MB-after-1m")
		b.ReportMetric(float64(highest.RSS)/mb, "MB-most")
		b.ReportMetric(float64(later[len(later)-1].RSS)/mb, "MB-end")
		b.ReportMetric(100*float64(run.Requests)/float64(run.Requests+run.Unsent), "%sent")
		b.ReportMetric(float64(run.Errors), "errors")
		b.Logf("trust %s %q; p99 %v µs, send lag p99 %v µs, CPU a request %v µs; resident bytes each 30 s: %v",
			run.Trust.Status, run.Trust.Reasons, run.LatencyUS.P99, run.SendLagUS.P99, *run.GeneratorCPUUS,
			every(w.Ticks, 30*time.Second))
	}
}

// every gives the first reading in each of the intervals.
func every(ticks []sample.Tick, interval time.Duration) (rss []uint64) {
	for _, t := range ticks {
		if t.At >= time.Duration(len(rss))*interval {
			rss = append(rss, t.RSS)
		}
	}
	return rss
}
