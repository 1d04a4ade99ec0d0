package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"nodecompare/cmd/lookup"
	"nodecompare/cmd/measure"
	"nodecompare/loadgen/cpuset"
	"nodecompare/loadgen/sample"
	"nodecompare/results"
	"nodecompare/results/stat"
	"nodecompare/servers"
	"nodecompare/servers/child"
)

// BenchmarkWrkAgrees drives the servers of Node.js by our closed load and by wrk in turn, and
// reports the medians of ours over wrk's: the server's CPU time for a request, requests per second,
// and the median latency. The first two have a bar, 10%. A pair of runs beside which other programs
// were at work is left out, and fewer than five pairs are not held to the bar.
//
//	go test ./cmd -run '^$' -bench WrkAgrees -benchtime 10x -v
func BenchmarkWrkAgrees(b *testing.B) {
	if _, err := exec.LookPath("wrk"); err != nil {
		b.Skip("needs wrk: apt-get install wrk")
	}
	split, err := cpuset.Pin{Auto: true}.Choose()
	if err != nil {
		b.Fatal(err)
	}
	if !split.Pinned() {
		b.Skip(split.Note)
	}
	for _, mode := range []string{"node", "express"} {
		b.Run(mode, func(b *testing.B) { compareWithWrk(b, driven{startMode(b, mode, split.Server), split}) })
	}
}

func compareWithWrk(b *testing.B, d driven) {
	const fewest, bar, disturbed = 5, 0.10, 0.05
	d.byOurs(b)
	d.byWrk(b) // neither counts: by then Node.js has compiled what is hot
	var cpu, rps, p50 []float64
	oursFirst := false
	for b.Loop() {
		var ours, wrks figures
		if oursFirst = !oursFirst; oursFirst {
			ours = d.byOurs(b)
			wrks = d.byWrk(b)
		} else {
			wrks = d.byWrk(b)
			ours = d.byOurs(b)
		}
		b.Logf("ours %v; wrk's %v", ours, wrks)
		if max(ours.others, wrks.others) > disturbed {
			continue
		}
		cpu = append(cpu, ours.cpuUS/wrks.cpuUS)
		rps = append(rps, ours.rps/wrks.rps)
		p50 = append(p50, float64(ours.p50)/float64(wrks.p50))
	}
	b.ReportMetric(float64(len(cpu)), "pairs")
	if len(cpu) == 0 {
		b.Logf("other programs took more than %v of the CPUs beside every pair", disturbed)
		return
	}
	for _, m := range []struct {
		unit   string
		ratios []float64
		held   bool
	}{{"cpu-ratio", cpu, true}, {"rps-ratio", rps, true}, {"p50-ratio", p50, false}} {
		e := stat.Median(m.ratios)
		b.ReportMetric(e.Value, m.unit)
		b.Logf("%s %.3f (%.3f to %.3f)", m.unit, e.Value, e.Low, e.High)
		if m.held && e.N >= fewest && math.Abs(e.Value-1) > bar {
			b.Errorf("%s is further than %v from 1", m.unit, bar)
		}
	}
}

// startMode starts a mode's server on the CPUs and ends it with the benchmark.
func startMode(b *testing.B, name string, cpus cpuset.CPUs) *child.Process {
	b.Helper()
	m, err := lookup.Named("mode", name, servers.Modes)
	if err != nil {
		b.Fatal(err)
	}
	unable, err := servers.Prepare(b.Context(), []*servers.Mode{&m}, func(line string) { b.Log(line) })
	if err != nil {
		b.Fatal(err)
	}
	if len(unable) > 0 {
		b.Skip(unable[0])
	}
	c, err := m.Command(servers.NoUpstream, nil, 1)
	if err != nil {
		b.Fatal(err)
	}
	p, err := measure.Start(b.Context(), cpus, c)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Stop(b.Context()); err != nil {
			b.Error(err)
		}
	})
	return p
}

// driven is a server, with its CPUs and those of what puts load on it.
type driven struct {
	server *child.Process
	split  cpuset.Split
}

// figures are a run's: what its generator tells, and what was measured beside it.
type figures struct {
	requests, rps float64
	p50           time.Duration
	cpuUS         float64 // of the server, for each of the requests
	others        float64 // the share of the CPUs that neither server nor generator took
}

func (f figures) String() string {
	return fmt.Sprintf("%.0f req/s, p50 %v, CPU %.1f µs, others %.0f%%", f.rps,
		f.p50.Round(time.Microsecond), f.cpuUS, 100*f.others)
}

func (d driven) byOurs(b *testing.B) figures {
	b.Helper()
	c, out, _ := command(b, "load", d.server.URL+"/", "--connections=64", "--duration=2s", "--engine=loop",
		"--format=json", "--quiet")
	return d.run(b, c, out, func(out []byte) (figures, error) {
		var run results.LoadRun
		err := json.Unmarshal(out, &run)
		if err == nil && run.Errors > 0 {
			err = fmt.Errorf("%d requests failed", run.Errors)
		}
		return figures{requests: float64(run.Requests), rps: run.RateRPS,
			p50: time.Duration(run.LatencyUS.P50 * 1e3)}, err
	})
}

// wrkReport is of a run without errors: a line on those would come before that on the rate.
var wrkReport = regexp.MustCompile(`(?s) 50% +(\S+)\n.* (\d+) requests in [^\n]*\nRequests/sec: +(\S+)\n`)

func (d driven) byWrk(b *testing.B) figures {
	b.Helper()
	c := exec.CommandContext(b.Context(), "wrk", "--threads=1", "--connections=64", "--duration=2s",
		"--latency", d.server.URL+"/")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	return d.run(b, c, &out, func(out []byte) (f figures, err error) {
		m := wrkReport.FindSubmatch(out)
		if m == nil {
			return f, errors.New("this is no report of a run without errors")
		}
		var p50Err, requestsErr, rpsErr error
		f.p50, p50Err = time.ParseDuration(string(m[1]))
		f.requests, requestsErr = strconv.ParseFloat(string(m[2]), 64)
		f.rps, rpsErr = strconv.ParseFloat(string(m[3]), 64)
		return f, errors.Join(p50Err, requestsErr, rpsErr)
	})
}

// run runs a generator on its CPUs, reads its output, and adds what the CPUs did meanwhile.
func (d driven) run(b *testing.B, c *exec.Cmd, out *bytes.Buffer, read func(out []byte) (figures, error)) figures {
	b.Helper()
	server, before := d.readCPUs(b)
	if err := cpuset.Pinned(d.split.Generator, c.Start); err != nil {
		b.Fatal(err)
	}
	// A run of ours that is VOID, for what else the machine did, has its figures all the same: wrk
	// makes no such judgement.
	if err := c.Wait(); err != nil && c.ProcessState.ExitCode() != 5 {
		b.Fatalf("%v: %v\n%s", c, err, out)
	}
	serverNow, now := d.readCPUs(b)
	f, err := read(out.Bytes())
	if err != nil {
		b.Fatalf("%v: %v\n%s", c, err, out)
	}
	served, cpus := serverNow-server, now.Since(before)
	f.cpuUS = served.Seconds() * 1e6 / f.requests
	others := cpus.Busy + cpus.Stolen - served - c.ProcessState.UserTime() - c.ProcessState.SystemTime()
	// it may be below 0: ticks less exact clocks
	f.others = max(0, others.Seconds()/cpus.Elapsed.Seconds()/float64(cpus.CPUs))
	return f
}

// readCPUs reads the CPU time that the server has used, and what all CPUs did that it or the load
// may use.
func (d driven) readCPUs(b *testing.B) (time.Duration, sample.HostState) {
	b.Helper()
	used, err := sample.Subject{PID: d.server.PID}.CPUTime()
	host, hostErr := sample.ReadHost(slices.Concat(d.split.Server, d.split.Generator))
	if err := errors.Join(err, hostErr); err != nil {
		b.Fatal(err)
	}
	return used, host
}
