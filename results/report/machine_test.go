package report_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/perf/benchfmt"

	"nodecompare/results"
	"nodecompare/results/report"
)

// rows reads CSV back: the head, and each row by column.
func rows(t *testing.T, r *results.Record) (head []string, all []map[string]string) {
	t.Helper()
	text := render(t, "csv", r, report.Options{})
	if strings.Count(text, "\r\n") != strings.Count(text, "\n") {
		t.Error("RFC 4180 ends a line with CRLF")
	}
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		all = append(all, row)
	}
	return lines[0], all
}

func TestCSVHasARowATrial(t *testing.T) {
	r := sample()
	r.Again = r.Trials[:1]
	head, all := rows(t, r)
	if len(all) != len(r.Trials)+1 {
		t.Fatalf("%d rows for %d trials and one that was made again", len(all), len(r.Trials))
	}
	for i, name := range head {
		if slices.Contains(head[:i], name) {
			t.Errorf("two columns named %s", name)
		}
	}
	if all[0]["again"] != "false" || all[len(all)-1]["again"] != "true" {
		t.Error("which trial was made again cannot be told")
	}
	for i, trial := range r.Trials {
		row := all[i]
		if row["workload"] != trial.Workload || row["mode"] != trial.Mode ||
			row["round"] != strconv.Itoa(trial.Round) || row["trust"] != trial.Trust.Status {
			t.Fatalf("row %d is not of trial %d: %v", i, i, row)
		}
		for _, rung := range trial.Rungs {
			prefix := map[string]string{results.Closed: fmt.Sprintf("closed_%d_", rung.Connections),
				results.Common: "common_", results.Own: "own_"}[rung.Load]
			want := strconv.FormatFloat(rung.LatencyUS.P99, 'f', -1, 64)
			if rung.Trust.Status == results.Void {
				want = ""
			}
			if row[prefix+"p99_us"] != want || row[prefix+"trust"] != rung.Trust.Status {
				t.Errorf("row %d: %sp99_us is %q (%s), want %q (%s)", i, prefix, row[prefix+"p99_us"],
					row[prefix+"trust"], want, rung.Trust.Status)
			}
		}
	}
}

func TestCSVKeepsOddTextInItsCell(t *testing.T) {
	r := broken()
	const odd = "it said \"no, no\",\nand; died"
	r.Trials[4].Failure = odd
	_, all := rows(t, r)
	if got := strings.ReplaceAll(all[4]["failure"], "\r\n", "\n"); got != odd {
		t.Errorf("failure is %q, want %q", got, odd)
	}
	if all[4]["closed_1_p99_us"] != "" {
		t.Error("a trial that failed shows figures")
	}
}

// benchfmt.Reader is what benchstat reads with.
func TestBenchstatReadsIt(t *testing.T) {
	r := sample()
	reader := benchfmt.NewReader(strings.NewReader(render(t, "benchfmt", r, report.Options{})), "sample.txt")
	lines := map[string]int{}
	better := benchfmt.UnitMetadataMap{}
	for reader.Scan() {
		switch x := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(x)
		case *benchfmt.UnitMetadata:
			better[x.UnitMetadataKey] = x
		case *benchfmt.Result:
			lines[string(x.Name)]++
			if x.GetConfig("goos") != "linux" || x.GetConfig("cores") != "2" {
				t.Errorf("configuration: %v", x.Config)
			}
			for _, v := range x.Values {
				if better.GetBetter(v.Unit) == 0 {
					t.Errorf("%s has no better direction", v.Unit)
				}
			}
			if n := lines["Hello/mode=async"]; string(x.Name) == "Hello/mode=async" {
				trial := r.Trials[slices.IndexFunc(r.Trials, func(t results.Trial) bool {
					return t.Workload == "hello" && t.Mode == "async" && t.Round == n
				})]
				rung, _ := trial.Rung(results.ClosedAt(64))
				if v, ok := x.Value("cpu-us/req"); !ok || v != rung.Process.CPUUSPerRequest {
					t.Errorf("round %d: %v µs of CPU a request, want %v", n, v, rung.Process.CPUUSPerRequest)
				}
			}
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	if better.GetBetter("req/s") != 1 || better.GetBetter("cpu-us/req") != -1 {
		t.Error("more requests and less CPU are better")
	}
	for _, name := range []string{"Hello/mode=blocking", "Hello/mode=async", "Cpu/mode=blocking", "Cpu/mode=async"} {
		if lines[name] != r.Settings.Rounds {
			t.Errorf("%s: %d lines, want %d: %v", name, lines[name], r.Settings.Rounds, lines)
		}
	}
}

func TestBenchfmtNamesStayNames(t *testing.T) {
	r := sample()
	rename(r, "node-20")
	if text := render(t, "benchfmt", r, report.Options{}); !strings.Contains(text, "BenchmarkHello/mode=node_20 1 ") {
		t.Errorf("a number that is taken for that of processors in:\n%s", text)
	}
	rename(r, "my server/2\n")
	text := render(t, "benchfmt", r, report.Options{})
	if !strings.Contains(text, "BenchmarkHello/mode=my_server_2_ 1 ") {
		t.Errorf("no such name in:\n%s", text)
	}
}

func TestDashboardFilesAreApart(t *testing.T) {
	type entry struct {
		Name  string
		Unit  string
		Value *float64
		Range string
		Extra string
	}
	seen := map[string]string{}
	for _, format := range []string{"github-bigger", "github-smaller"} {
		var all []entry
		if err := json.Unmarshal([]byte(render(t, format, sample(), report.Options{})), &all); err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 {
			t.Errorf("%s is empty", format)
		}
		for _, e := range all {
			if other := seen[e.Name]; other != "" {
				t.Errorf("%s is in %s and in %s: the action knows figures by their names", e.Name, other, format)
			}
			seen[e.Name] = format
			if e.Value == nil || e.Unit == "" || !strings.HasPrefix(e.Range, "± ") ||
				!strings.Contains(e.Extra, "6 rounds") && !strings.Contains(e.Extra, "5 rounds") {
				t.Errorf("incomplete: %+v", e)
			}
		}
	}
	for name, want := range map[string]string{
		"hello / async / throughput": "github-bigger", "hello / async / CPU per request": "github-smaller",
		"cpu / blocking / p99 at the common rate": "github-smaller",
	} {
		if seen[name] != want {
			t.Errorf("%s is in %q, want %s", name, seen[name], want)
		}
	}
}

// bencherSchema says what https://bencher.dev/docs/reference/bencher-metric-format says.
const bencherSchema = `{
  "type": "object",
  "additionalProperties": {
    "type": "object",
    "additionalProperties": {
      "type": "object",
      "required": ["value"],
      "properties": {"value": {"type": "number"}, "lower_value": {"type": "number"}, "upper_value": {"type": "number"}},
      "additionalProperties": false
    },
    "propertyNames": {"maxLength": 64, "pattern": "^[a-z0-9-]+$"}
  },
  "propertyNames": {"maxLength": 1024}
}`

func TestBencherTakesIt(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(bencherSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("bmf.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("bmf.json")
	if err != nil {
		t.Fatal(err)
	}
	text := render(t, "bmf", sample(), report.Options{})
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiled.Validate(value); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
	var all map[string]map[string]struct {
		Value float64  `json:"value"`
		Lower *float64 `json:"lower_value"`
		Upper *float64 `json:"upper_value"`
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	m := all["hello/async"]["throughput"]
	if m.Lower == nil || m.Upper == nil || *m.Lower > m.Value || m.Value > *m.Upper || m.Value < 80_000 ||
		m.Value > 90_000 {
		t.Errorf("throughput of hello/async: %+v", m)
	}
}

// A reader of Markdown must see the names that were given, and no table may break.
func TestMarkdownEscapesWhatIsNotItsOwn(t *testing.T) {
	r := sample()
	rename(r, "a|b*<script>")
	r.Settings.Workloads[0].Summary = "5 $ | `code` & [link]"
	for line := range strings.Lines(render(t, "markdown", r, report.Options{})) {
		if strings.HasPrefix(line, "|") {
			if n := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"); n != 4 {
				t.Errorf("%d bars in a row of 3 columns: %s", n, line)
			}
		}
		for _, raw := range []string{"<script>", "`code`", "[link]", "$ "} {
			if i := strings.Index(line, raw); i == 0 || i > 0 && line[i-1] != '\\' {
				t.Errorf("%q is not escaped: %s", raw, line)
			}
		}
	}
}
