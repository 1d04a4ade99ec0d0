package main_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// imports is the policy: which of our packages each one may import, tests excepted. A package that
// is not named here is an error too. servers and loadgen stay strangers, so that a defect in how
// one reads HTTP cannot hide in the other; what they share is the event loop.
var imports = map[string][]string{
	"":        {"cmd"},
	"cluster": {"results"},
	"cmd": {"cluster", "cmd/bench", "cmd/fileio", "cmd/hosts", "cmd/load", "cmd/lookup", "cmd/measure",
		"cmd/screen", "cmd/selftest", "cmd/sweep", "cmd/watch", "servers", "servers/child", "servers/postgres",
		"servers/trace", "servers/workload", "servers/yardstick", "loadgen", "loadgen/cpuset", "results",
		"results/foreign", "results/gate", "results/report", "results/report/summary", "results/unit"},
	"cmd/bench": {"cluster", "cmd/hosts", "cmd/lookup", "cmd/measure", "cmd/screen", "cmd/watch", "servers",
		"servers/child", "servers/postgres", "servers/workload", "servers/yardstick", "loadgen", "loadgen/cpuset",
		"loadgen/sample", "results", "results/foreign",
		"results/gate", "results/report", "results/report/html", "results/scene", "results/stat", "results/unit"},
	"cmd/fileio": {},
	"cmd/hosts": {"cluster", "cmd/lookup", "cmd/measure", "servers", "servers/child", "loadgen", "loadgen/sample",
		"results"},
	"cmd/load": {"cluster", "cmd/fileio", "cmd/hosts", "cmd/measure", "cmd/screen", "loadgen", "loadgen/sample",
		"results", "results/report"},
	"cmd/lookup":            {},
	"cmd/measure":           {"servers/child", "loadgen", "loadgen/cpuset", "loadgen/sample", "results"},
	"cmd/screen":            {},
	"cmd/screen/screentest": {},
	"cmd/selftest": {"cmd/measure", "servers/child", "servers/http1", "loadgen", "loadgen/cpuset",
		"loadgen/sample", "results"},
	"cmd/sweep": {"cluster", "cmd/hosts", "cmd/lookup", "cmd/measure", "servers", "servers/child", "servers/workload",
		"loadgen", "loadgen/cpuset", "loadgen/sample", "results", "results/unit"},
	"cmd/watch": {"cmd/measure", "servers", "servers/child", "servers/trace", "servers/workload",
		"loadgen/response", "results/scene", "results/unit"},
	"docs":            {},
	"docs/examples":   {},
	"results/foreign": {},
	"servers": {"servers/child", "servers/eventloop", "servers/http1", "servers/node",
		"servers/postgres", "servers/trace", "servers/websocket", "servers/workload"},
	"servers/cache":     {},
	"servers/child":     {},
	"servers/eventloop": {},
	"servers/http1":     {},
	"servers/node":      {"servers/cache", "servers/child"},
	"servers/postgres":  {"servers/cache", "servers/child"},
	"servers/trace":     {},
	"servers/node/app":  {},
	"servers/workload": {"servers/cache", "servers/http1", "servers/node/app", "servers/postgres",
		"servers/websocket"},
	"servers/websocket": {"servers/http1"},
	"servers/yardstick": {},
	"loadgen":           {"servers/eventloop", "loadgen/response", "loadgen/sample"},
	"loadgen/loadtest":  {},
	"loadgen/cpuset":    {},
	"loadgen/response":  {},
	"loadgen/sample":    {"loadgen/cpuset"},
	"results":           {"results/foreign", "results/scene", "results/stat", "results/unit"},
	"results/gate":      {"results", "results/stat", "results/unit"},
	"results/report": {"results", "results/gate", "results/report/html", "results/report/summary",
		"results/scene", "results/stat", "results/unit"},
	"results/report/html": {"results", "results/gate", "results/report/summary", "results/scene",
		"results/stat", "results/unit"},
	"results/report/summary": {"results", "results/gate", "results/stat", "results/unit"},
	"results/scene":          {"results/unit"},
	"results/stat":           {},
	"results/unit":           {},
	"thorough":               {},
	"thorough/browsers":      {"thorough"},
}

func TestImports(t *testing.T) {
	const module = "nodecompare"
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		allowed, known := imports[name]
		if !known {
			t.Errorf("package %q has no line in the import policy above", name)
		}
		for _, i := range p.Imports {
			if ours, ok := strings.CutPrefix(i, module+"/"); ok && !slices.Contains(allowed, ours) {
				t.Errorf("package %q imports %q, which the policy does not allow", name, ours)
			}
		}
	}
	if seen != len(imports) {
		t.Errorf("go list knows %d packages, the policy names %d", seen, len(imports))
	}
}
