package results_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"nodecompare/results"
)

// node is a JSON Schema as far as schema.json uses it.
type node struct {
	Type       any    // a name, or a list with null in it
	Ref        string `json:"$ref"`
	Const      any
	Required   []string
	Properties map[string]node
	Items      *node
	Values     *node           `json:"additionalProperties"`
	Defs       map[string]node `json:"$defs"`
}

// The schema names every field of the Go types, and nothing else.
func TestSchemaIsOfTheRecord(t *testing.T) {
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := json.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	root.compare(t, root.Defs, reflect.TypeFor[results.Record](), seen)
	for name := range root.Defs {
		if !seen[name] {
			t.Errorf("$defs has %s, which no record holds", name)
		}
	}
}

// compare holds the schema of an object against its Go type, and goes on with the types of its
// fields.
func (n node) compare(t *testing.T, defs map[string]node, of reflect.Type, seen map[string]bool) {
	if seen[of.Name()] {
		return
	}
	seen[of.Name()] = true
	var fields []string
	for i := range of.NumField() {
		f := of.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields = append(fields, name)
		property, ok := n.Properties[name]
		if !ok {
			t.Errorf("the schema's %s has no %s", of.Name(), name)
			continue
		}
		if required := slices.Contains(n.Required, name); required == (options == "omitempty") {
			t.Errorf("%s.%s: required is %v in the schema, and its Go tag is %q", of.Name(), name, required,
				f.Tag.Get("json"))
		}
		property.compareValue(t, defs, of.Name()+"."+name, f.Type, options != "omitempty", seen)
	}
	for name := range n.Properties {
		if !slices.Contains(fields, name) {
			t.Errorf("the schema's %s has %s, which Go's has not", of.Name(), name)
		}
	}
}

var jsonTypes = map[reflect.Kind]string{
	reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Uint64: "integer",
	reflect.Float64: "number",
	reflect.Slice:   "array", reflect.Map: "object",
}

func (n node) compareValue(t *testing.T, defs map[string]node, where string, of reflect.Type, always bool,
	seen map[string]bool) {
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case of == reflect.TypeFor[time.Time]():
		if n.Type != "string" {
			t.Errorf("%s is %v in the schema, and a time in Go", where, n.Type)
		}
	case of.Kind() == reflect.Struct:
		if n.Ref != "#/$defs/"+of.Name() {
			t.Errorf("%s refers to %q in the schema, and is a %s in Go", where, n.Ref, of.Name())
			return
		}
		defs[of.Name()].compare(t, defs, of, seen)
	case n.Const != nil:
	default:
		var want any = jsonTypes[of.Kind()]
		if always && (of.Kind() == reflect.Slice || of.Kind() == reflect.Map) {
			want = []any{want, "null"} // that Go writes for a nil one
		}
		if !reflect.DeepEqual(n.Type, want) {
			t.Errorf("%s is %v in the schema, and %v in Go", where, n.Type, want)
		}
		switch {
		case of.Kind() == reflect.Slice && n.Items != nil:
			n.Items.compareValue(t, defs, where+"[]", of.Elem(), false, seen)
		case of.Kind() == reflect.Map && n.Values != nil:
			n.Values.compareValue(t, defs, where+"[]", of.Elem(), false, seen)
		case of.Kind() == reflect.Slice || of.Kind() == reflect.Map:
			t.Errorf("%s: the schema does not say what is in it", where)
		}
	}
}

// fill gives every field a value, and every list and map one element.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(3)
	case reflect.Uint64:
		v.SetUint(3)
	case reflect.Float64:
		v.SetFloat(0.5)
	default:
		panic("no record had a " + v.Kind().String() + " before")
	}
}

// full is a record with every field there is.
func full() *results.Record {
	r := new(results.Record)
	fill(reflect.ValueOf(r).Elem())
	r.Tool, r.SchemaVersion = results.Tool, results.SchemaVersion
	r.Settings.Engine = "auto"
	r.Selftest.Verdict, r.Selftest.Checks[0].Verdict = results.SelftestOK, results.SelftestNoisy
	for _, t := range []*results.Trial{&r.Trials[0], &r.Again[0], &r.Extra[0]} {
		t.Trust.Status, t.Voided.Status = results.Void, results.Void
		for _, g := range []*results.Rung{&t.Rungs[0], &t.Between[0]} {
			g.Load, g.Engine, g.Trust.Status, g.Voided.Status = results.Common, "loop", results.Suspect, results.Void
		}
	}
	v := &r.Verdicts[0]
	v.Detectable[0].At = results.ClosedAt(64)
	f := &v.Findings[0]
	f.Standings[0].At = results.ClosedAt(64)
	f.Row, f.Words[0].Word, f.Models[0].Name, f.Comparisons[0].At = results.RowExecution, results.Blocking,
		results.ThreadPool, results.RungKey{Load: results.Own}
	return r
}

func TestSchemaTellsARecordFromABrokenOne(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]*results.Record{
		"full": full(), "measured": sample(),
		"empty": {Tool: results.Tool, SchemaVersion: results.SchemaVersion, Settings: results.Settings{Engine: "loop"}},
	} {
		if err := schema.Validate(written(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	object := func(v any, path ...any) map[string]any {
		for _, p := range path {
			if i, ok := p.(int); ok {
				v = v.([]any)[i]
			} else {
				v = v.(map[string]any)[p.(string)]
			}
		}
		return v.(map[string]any)
	}
	for name, spoil := range map[string]func(v any){
		"another tool":           func(v any) { object(v)["tool"] = "wrk" },
		"an old version":         func(v any) { object(v)["schema_version"] = 1 },
		"no trials":              func(v any) { delete(object(v), "trials") },
		"a time that is none":    func(v any) { object(v)["started"] = "yesterday" },
		"a trial that is none":   func(v any) { object(v)["trials"] = []any{3} },
		"no round":               func(v any) { delete(object(v, "trials", 0), "round") },
		"round 0":                func(v any) { object(v, "trials", 0)["round"] = 0 },
		"an unknown load":        func(v any) { object(v, "trials", 0, "rungs", 0)["load"] = "open" },
		"fewer than no requests": func(v any) { object(v, "trials", 0, "rungs", 0)["requests"] = -1 },
		"half a thread":          func(v any) { object(v, "trials", 0, "rungs", 0, "process")["threads"] = 0.5 },
		"a status as a number":   func(v any) { object(v, "trials", 0, "rungs", 0)["codes"] = map[string]any{"OK": 1} },
		"no p99":                 func(v any) { delete(object(v, "trials", 0, "rungs", 0, "latency_us"), "p99") },
		"an unknown trust":       func(v any) { object(v, "trials", 0, "trust")["status"] = "FINE" },
		"an unknown word":        func(v any) { object(v, "verdicts", 0, "findings", 0, "words", 0)["word"] = "Fast" },
		"more than sure": func(v any) {
			object(v, "verdicts", 0, "findings", 0, "comparisons", 0)["confidence"] = 1.5
		},
		"a list of modes": func(v any) { object(v, "settings")["modes"] = "async, blocking" },
	} {
		v := written(t, full())
		spoil(v)
		if err := schema.Validate(v); err == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// written is a record as a reader of its file sees it.
func written(t *testing.T, r *results.Record) any {
	t.Helper()
	var b bytes.Buffer
	if err := results.Encode(&b, r); err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(&b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
