package report

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/perf/benchfmt"

	"nodecompare/results"
	"nodecompare/results/unit"
)

// writeBenchfmt writes a line a trial in Go's benchmark format
// (https://go.dev/design/14313-benchmark-format) for benchstat: 'benchstat -col /mode FILE'
// compares the modes, 'benchstat OLD NEW' two records. Head lines split benchstat's tables, so they
// hold only what makes a comparison unfair, and not the tool's version.
func writeBenchfmt(out io.Writer, r *results.Record) error {
	w := benchfmt.NewWriter(out)
	for _, g := range exports {
		better := "lower"
		if !g.LessIsBetter {
			better = "higher"
		}
		if err := w.Write(&benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: g.per,
			Key: "better"}, OrigUnit: g.per, Value: better}); err != nil {
			return fmt.Errorf("write units for benchstat: %w", err)
		}
	}
	head := benchConfig(r)
	for _, t := range r.Trials {
		line := &benchfmt.Result{Config: head, Name: benchName(t), Iters: 1}
		for _, workload := range r.Settings.Workloads {
			if workload.Name != t.Workload {
				continue
			}
			for _, g := range exports {
				if v, ok := g.read(workload, t); ok {
					line.Values = append(line.Values, benchfmt.Value{Value: unit.Short(v), Unit: g.per})
				}
			}
		}
		if line.Values == nil {
			continue // failed or VOID: benchstat rejects a line without figures
		}
		if err := w.Write(line); err != nil {
			return fmt.Errorf("write a line for benchstat: %w", err)
		}
	}
	return nil
}

func benchConfig(r *results.Record) (all []benchfmt.Config) {
	for _, c := range [][2]string{
		{"goos", r.Host.OS}, {"goarch", r.Host.Arch}, {"cpu", r.Host.CPU}, {"cores", strconv.Itoa(r.Host.Cores)},
		{"profile", r.Settings.Profile}, {"engine", r.Settings.Engine},
	} {
		if value := strings.Join(strings.Fields(c[1]), " "); value != "" {
			all = append(all, benchfmt.Config{Key: c[0], Value: []byte(value), File: true})
		}
	}
	return all
}

// processors is the end of a name that benchstat takes for the number of processors.
var processors = regexp.MustCompile(`-([0-9]+)$`)

// benchName returns Hello/mode=async. The format ends a name at a space and splits it at a slash.
func benchName(t results.Trial) benchfmt.Name {
	safe := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || r == '/' || unicode.IsControl(r) {
				return '_'
			}
			return r
		}, s)
	}
	workload := []rune(safe(t.Workload))
	if len(workload) > 0 {
		workload[0] = unicode.ToUpper(workload[0])
	}
	return benchfmt.Name(string(workload) + "/mode=" + processors.ReplaceAllString(safe(t.Mode), "_$1"))
}
