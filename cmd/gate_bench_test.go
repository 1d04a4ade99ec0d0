package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nodecompare/results"
)

// BenchmarkFalseAlarms counts how often the gate finds one and the same program regressed, on real
// servers.
//
//	go test ./cmd -run '^$' -bench FalseAlarms -benchtime 20x -timeout 1h
func BenchmarkFalseAlarms(b *testing.B) { benchmarkGate(b, 0) }

// BenchmarkSlowDown counts how often the gate finds a program that spends 10% more CPU on each
// request.
func BenchmarkSlowDown(b *testing.B) { benchmarkGate(b, 0.10) }

// benchmarkGate benches a program against a baseline of it, b.N times, after making it slower by a
// share of its CPU per request.
func benchmarkGate(b *testing.B, slower float64) {
	dir := b.TempDir()
	program := filepath.Join(dir, "nodecompare")
	build(b, program)
	baseline := filepath.Join(dir, "baseline.json")
	args := []string{"bench", "--modes=async", "--workloads=hello", "--quiet"}
	if out, err := exec.Command(program, append(args, "--save="+baseline)...).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	if slower > 0 {
		text, err := os.ReadFile(baseline)
		if err != nil {
			b.Fatal(err)
		}
		record, err := results.Decode(bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		cpu, ok := record.Estimate("hello", "async", results.ClosedAt(record.Settings.Workloads[0].Base),
			results.CPUPerRequest)
		if !ok {
			b.Skip("no CPU time of a process is known here")
		}
		build(b, program, "-overlay="+overlay(b, dir, time.Duration(slower*cpu.Value*float64(time.Microsecond))))
	}
	outcomes := map[int]int{} // by exit code
	for b.Loop() {
		out, err := exec.Command(program, append(args, "--baseline="+baseline)...).CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			b.Fatal(err)
		}
		code := 0
		if exit != nil {
			code = exit.ExitCode()
		}
		outcomes[code]++
		b.Logf("exit code %d\n%s", code, out[max(0, len(out)-3000):])
	}
	for code, name := range map[int]string{0: "pass", 3: "regressed", 4: "inconclusive", 5: "invalid"} {
		b.ReportMetric(float64(outcomes[code]), name)
	}
}

func build(b *testing.B, program string, flags ...string) {
	b.Helper()
	c := exec.Command("go", append(append([]string{"build", "-o", program}, flags...), "nodecompare")...)
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
}

// overlay has the compiler see another servers/session.go, which works for that long on each
// request.
func overlay(b *testing.B, dir string, each time.Duration) string {
	b.Helper()
	original, err := filepath.Abs("../servers/session.go")
	if err != nil {
		b.Fatal(err)
	}
	source, err := os.ReadFile(original)
	if err != nil {
		b.Fatal(err)
	}
	const call = "s.service.Serve(&s.x)\n"
	if strings.Count(string(source), call) != 1 {
		b.Fatalf("%s does not hold %q once", original, call)
	}
	text := strings.Replace(string(source), call, fmt.Sprintf("slow(%d)\n%s", rounds(each), call), 1) + `
var burnt uint64

func slow(rounds int) {
	x := burnt
	for i := range rounds {
		x = x*6364136223846793005 + uint64(i)
	}
	burnt = x
}
`
	changed, file := filepath.Join(dir, "session.go"), filepath.Join(dir, "overlay.json")
	mapping, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(changed, []byte(text), 0o600), os.WriteFile(file, mapping, 0o600)); err != nil {
		b.Fatal(err)
	}
	return file
}

// rounds of such a loop take that long: the fastest of some tries says how long one takes.
func rounds(each time.Duration) int {
	const n = 1_000_000
	best := time.Hour
	x := uint64(time.Now().UnixNano())
	for range 20 {
		began := time.Now()
		for i := range n {
			x = x*6364136223846793005 + uint64(i)
		}
		best = min(best, time.Since(began))
	}
	if x == 0 {
		return 0 // never, but the loop's result is used
	}
	return int(float64(n) * float64(each) / float64(best))
}
