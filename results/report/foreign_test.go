package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"nodecompare/results"
	"nodecompare/results/report"
)

// evil is what must reach nobody who would obey it, in any text of a record.
const evil = "\x1b]0;PWNED\a\x1b[2J\r\n::error title=x::evil ##[error]x <script> `|** \u009b"

// poisoned has it behind all its text.
func poisoned(t *testing.T, r *results.Record) *results.Record {
	t.Helper()
	var text bytes.Buffer
	if err := results.Encode(&text, r); err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	changed, err := json.Marshal(poison("", all))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := results.Decode(bytes.NewReader(changed))
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func poison(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = poison(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = poison(key, v[i])
		}
	case string:
		if key != "tool" && key != "started" && key != "load" {
			return v + evil
		}
	}
	return v
}

func TestForeignTextIsObeyedByNobody(t *testing.T) {
	obeyed := regexp.MustCompile("(?m)[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f]|\r[^\n]|^\\s*::[a-z]|##\\[")
	for name, r := range map[string]*results.Record{"sample": sample(), "broken": broken(), "null": null(),
		"three": three()} {
		r := poisoned(t, r)
		for _, f := range report.Formats {
			got := render(t, f.Name, r, report.Options{})
			if found := obeyed.FindStringIndex(got); found != nil {
				t.Errorf("%s, %s: %q", name, f.Name, got[max(0, found[0]-60):min(len(got), found[1]+60)])
			}
			if f.Name == "markdown" && (strings.Contains(got, "<script") || strings.Contains(got, "|**") ||
				regexp.MustCompile("[^\\\\]`").MatchString(got)) {
				t.Errorf("%s: not escaped:\n%s", name, got)
			}
		}
	}
}

// A spreadsheet takes a cell for a formula that begins with one of these.
func TestCellsAreNoFormulas(t *testing.T) {
	r := broken()
	for i, first := range []string{"=", "+", "-", "@"} {
		r.Trials[i].Failure = first + `cmd|"/C calc"!A0`
		r.Trials[i].Mode = first + "mode"
	}
	rows, err := csv.NewReader(strings.NewReader(render(t, "csv", r, report.Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	defused := 0
	for _, row := range rows[1:] {
		for _, text := range row {
			if regexp.MustCompile(`^[=+@]|^-[^0-9]`).MatchString(text) {
				t.Errorf("the cell %q", text)
			}
			if strings.HasPrefix(text, "'") {
				defused++
			}
		}
	}
	if defused != 8 {
		t.Errorf("%d cells begin with ', want 8", defused)
	}
}
