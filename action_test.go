package main_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nodecompare/thorough"
)

// stub stands for nodecompare: it notes how it was called, writes the record that it is asked for,
// and ends with $BENCH when it benches with a baseline and with $COMPARE when it compares two
// files. A record that holds "broken" is invalid by itself.
const stub = `#!/usr/bin/env bash
echo "$(basename "$PWD") $*" >>"$LOG"
case $1 in
bench)
	for flag; do
		case $flag in
		--save=*) [ "$BENCH" = 2 ] || echo "$(cat marker)" >"${flag#*=}" ;;
		--baseline=*) status=$BENCH ;;
		esac
	done
	[ "$BENCH" != 2 ] || status=2
	exit "${status-0}" ;;
compare)
	! grep -q broken "$2" "$3" || exit 5
	[ "$2" != "$3" ] || exit 0
	case $COMPARE in 0 | 5) [ "${4-}" != --format=json ] || echo '  "replaces_old": true,' ;; esac
	exit "$COMPARE" ;;
esac
`

// The job's shell, with everything of GitHub's that it touches in a folder of the test's own.
func TestGateJob(t *testing.T) {
	for _, tool := range []string{"bash", "git"} {
		if _, err := exec.LookPath(tool); err != nil {
			thorough.Lacks(t, err)
		}
	}
	const (
		head = "work bench --modes=async --workloads=hello --profile=quick --rounds=8 --save=DIR/new.json " +
			"--engine=loop --report=DIR/report.html"
		base = "base bench --modes=async --workloads=hello --profile=quick --rounds=8 " +
			"--save=DIR/baseline.json --engine=loop --format=json"
		with = " --baseline=DIR/baseline.json"
		mine = "SERVER=mine=exec node 'server.js'\nlive=http://127.0.0.1:8080"
	)
	repository, old := origin(t)
	served := func(folder, modes, workloads, record string) string {
		return folder + " bench --modes=" + modes + " --workloads=" + workloads +
			" --profile=quick --rounds=8 --save=DIR/" + record +
			".json --server=mine=exec node 'server.js' --server=live=http://127.0.0.1:8080 --engine=loop"
	}
	for _, test := range []struct {
		name   string
		cached string // the baseline's text; "" for none
		change []string
		bench  string // exit code of a bench with a baseline
		want   []string
		output string
		says   string
		job    int
	}{
		{"a change that passes", "main", []string{"BASE_SHA=OLD"}, "0", []string{head + with},
			"code=0\nsave=false\n", "", 0},
		{"a change that regressed", "main", []string{"BASE_SHA=OLD"}, "3", []string{head + with},
			"code=3\nsave=false\n", "", 3},
		{"a change of which one cannot tell", "main", []string{"BASE_SHA=OLD"}, "4", []string{head + with},
			"code=4\nsave=false\n", "", 0},
		{"the same, and that is to fail", "main", []string{"BASE_SHA=OLD", "FAIL_ON_INCONCLUSIVE=true"},
			"4", []string{head + with}, "code=4\nsave=false\n", "", 4},
		{"an invalid measurement", "main", []string{"BASE_SHA=OLD"}, "5", []string{head + with},
			"code=5\nsave=false\n", "", 5},
		{"no baseline: the base commit is measured here", "", []string{"BASE_SHA=OLD"}, "0",
			[]string{base, head + with}, "code=0\nsave=false\n", "", 0},
		{"a baseline that is no use: the same", "broken", []string{"BASE_SHA=OLD"}, "0",
			[]string{base, head + with}, "code=0\nsave=false\n", "", 0},
		{"no such base commit", "", []string{"BASE_SHA=" + strings.Repeat("0", 40)}, "0", []string{head},
			"code=0\nsave=false\n", "::warning title=nodecompare::The base commit 0000", 0},
		{"a base commit that does not build", "",
			[]string{"BASE_SHA=OLD", "BUILD=test $(basename \"$PWD\") = work"}, "0", []string{head},
			"code=0\nsave=false\n", "::warning title=nodecompare::The base commit could not be measured", 0},
		{"the first one on main", "", []string{"SAVE=true"}, "0", []string{head}, "code=0\nsave=true\n",
			"::warning title=nodecompare::There is no baseline of this kind of machine yet", 0},
		{"main goes on", "main", []string{"SAVE=true"}, "0", []string{head + with}, "code=0\nsave=true\n", "", 0},
		{"what one cannot tell is no baseline", "main", []string{"SAVE=true"}, "4", []string{head + with},
			"code=4\nsave=false\n", "", 0},
		{"a regression is no baseline", "main", []string{"SAVE=true"}, "3", []string{head + with},
			"code=3\nsave=false\n", "", 3},
		{"main with other settings starts anew", "main", []string{"SAVE=true"}, "5", []string{head + with},
			"code=5\nsave=true\n", "", 5},
		{"a mistake in the inputs", "", []string{"SAVE=true"}, "2", []string{head}, "code=2\nsave=false\n",
			"::error title=nodecompare::Nothing was measured (exit code 2)", 2},
		{"a server of the repository's", "main", []string{"BASE_SHA=OLD", mine, "MODES=", "WORKLOADS="}, "0",
			[]string{served("work", "", "hello", "new") + " --report=DIR/report.html" + with},
			"code=0\nsave=false\n", "", 0},
		{"the same, and the base commit's", "",
			[]string{"BASE_SHA=OLD", mine, "MODES=async", "WORKLOADS=hello,db"}, "3",
			[]string{
				served("base", "async", "hello,db", "baseline") + " --format=json",
				served("work", "async", "hello,db", "new") + " --report=DIR/report.html" + with,
			},
			"code=3\nsave=false\n", "", 3},
		{"nothing of the repository's", "main", []string{"BASE_SHA=OLD", "OWN_TOOL=", "MODES=", "WORKLOADS="}, "0",
			[]string{strings.NewReplacer("modes=async", "modes=blocking,async", "=hello",
				"=hello,wait").Replace(head) + with},
			"code=0\nsave=false\n", "::warning title=nodecompare::Nothing of this repository is measured", 0},
		{"a server by a further flag", "main",
			[]string{"BASE_SHA=OLD", "OWN_TOOL=", "ARGS=--engine=loop\n--server=mine=./mine\n"}, "0",
			[]string{strings.Replace(head, "loop", "loop --server=mine=./mine", 1) + with},
			"code=0\nsave=false\n", "", 0},
		{"a baseline of the user's own", "main", []string{"BASELINE=marker"}, "0",
			[]string{head + " --baseline=marker"}, "code=0\nsave=false\n", "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, repository, test.bench)
			if test.cached != "" {
				j.write("dir/baseline.json", test.cached)
			}
			change := slices.Clone(test.change)
			for i, v := range change {
				change[i] = strings.ReplaceAll(v, "OLD", old)
			}
			out, code := j.gate("bench", change...)
			out = strings.ReplaceAll(out, old+" ", "")
			if code != 0 || !strings.Contains(out, test.says) || test.says == "" && strings.Contains(out, "::warning") {
				t.Errorf("the step ended with %d and said %q, want %q", code, out, test.says)
			}
			var benches []string
			for line := range strings.Lines(strings.ReplaceAll(j.read("log"), j.path("dir"), "DIR")) {
				if strings.Contains(line, " bench ") {
					benches = append(benches, strings.TrimSpace(line))
				}
			}
			if !slices.Equal(benches, test.want) {
				t.Errorf("benches:\n%s\nwant:\n%s", strings.Join(benches, "\n"), strings.Join(test.want, "\n"))
			}
			if got := j.read("output"); got != test.output {
				t.Errorf("outputs %q, want %q", got, test.output)
			}
			if strings.Contains(test.output, "save=true") && j.read("dir/baseline.json") != "new\n" {
				t.Errorf("the baseline to save is %q", j.read("dir/baseline.json"))
			}
			status, _, _ := strings.Cut(strings.TrimPrefix(j.read("output"), "code="), "\n")
			if _, code := j.gate("verdict", append(change, "CODE="+status)...); code != test.job {
				t.Errorf("the job ends with %d, want %d", code, test.job)
			}
		})
	}
}

// What the script reads the action sets, and what the manual's examples set the action has.
func TestActionSpeaksToTheGate(t *testing.T) {
	action, gate, manual := text(t, "action.yml"), text(t, ".ci/gate"), text(t, "docs/ci.md")
	own := map[string]bool{"GITHUB_OUTPUT": true, "GITHUB_STEP_SUMMARY": true} // the runner's
	for _, m := range regexp.MustCompile(`\$\{?([A-Z_]{3,})`).FindAllStringSubmatch(gate, -1) {
		if !own[m[1]] && !strings.Contains(action, "\n        "+m[1]+": ${{ ") {
			t.Errorf("action.yml does not set %s", m[1])
		}
	}
	inputs := 0
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(manual, -1) {
		for _, m := range regexp.MustCompile(`(?m)^ {10}([a-z-]+):`).FindAllStringSubmatch(example[1], -1) {
			inputs++
			if !strings.Contains(action, "\n  "+m[1]+":\n    description: ") {
				t.Errorf("an example of docs/ci.md has the input %s, and the action has not", m[1])
			}
		}
	}
	if inputs < 2 {
		t.Errorf("the examples of docs/ci.md have %d inputs", inputs)
	}
}

// The action builds its nodecompare with a Go of its own. What comes after it, such as the input
// "build", has the PATH that the job had before; and nothing is touched where the tool is another.
func TestActionLeavesTheJobItsGo(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		thorough.Lacks(t, err)
	}
	if action := text(t, "action.yml"); !strings.Contains(action,
		"- uses: actions/setup-go@v5\n      if: inputs.tool == ''\n") {
		t.Error("action.yml sets up a Go though a tool is given")
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, name) }
	const builds = "#!/bin/sh\necho \"$0 ${GOROOT-none}\" >>\"$LOG\"\n"
	for _, dir := range []string{"job's", "action's"} {
		if err := os.Mkdir(at(dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(at(dir), "go"), []byte(builds), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	before := at("job's") + ":" + os.Getenv("PATH")
	after := at("action's") + ":" + before // as setup-go leaves it
	run := func(step, path string, env ...string) (output, paths, built string) {
		for _, name := range []string{"output", "paths", "log"} {
			if err := os.WriteFile(at(name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		c := exec.Command("bash", "-e", "-o", "pipefail", "-c", stepOf(t, step))
		c.Env = append(os.Environ(), "PATH="+path, "GOROOT="+at("job's"), "LOG="+at("log"), "RUNNER_TEMP="+root,
			"KEY=k", "GITHUB_ACTION_PATH="+here, "GITHUB_OUTPUT="+at("output"), "GITHUB_PATH="+at("paths"))
		c.Env = append(c.Env, env...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", step, err, out)
		}
		return text(t, at("output")), text(t, at("paths")), text(t, at("log"))
	}

	remembered, _, _ := run("Remember the PATH", before)
	path := strings.TrimSuffix(strings.TrimPrefix(remembered, "path="), "\n")
	_, paths, built := run("Prepare", after, "TOOL=", "BEFORE="+path)
	for line := range strings.Lines(paths) { // the runner puts each line before the PATH
		after = strings.TrimSuffix(line, "\n") + ":" + after
	}
	if want := filepath.Join(at("action's"), "go") + " none\n"; built != want {
		t.Errorf("the tool is built by %q, with its GOROOT: want %q", built, want)
	}
	if !strings.HasPrefix(after, before+":") {
		t.Errorf("the PATH afterwards is %s: want it to begin with %s", after, before)
	}

	if _, paths, built := run("Prepare", before, "TOOL=./tool", "BEFORE="); paths+built != "" {
		t.Errorf("with a tool of the job's: PATH %q, built by %q", paths, built)
	}
}

// stepOf returns the script of a step of the action's.
func stepOf(t *testing.T, name string) string {
	t.Helper()
	_, step, _ := strings.Cut(text(t, "action.yml"), "    - name: "+name+"\n")
	step, _, _ = strings.Cut(step, "\n    - ")
	_, script, ok := strings.Cut(step, "\n      run: |\n")
	if !ok {
		t.Fatalf("action.yml has no step %q with a script", name)
	}
	return strings.ReplaceAll(script, "\n        ", "\n")
}

func text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGateKnowsItsMachine(t *testing.T) {
	repository, _ := origin(t)
	j := newJob(t, repository, "0")
	first, code := j.gate("machine")
	again, _ := j.gate("machine")
	if code != 0 || first == "" || first != again || strings.Trim(first, "0123456789\n") != "" {
		t.Errorf("got %q and %q with exit code %d", first, again, code)
	}
	if _, code := j.gate("bunch"); code != 2 {
		t.Errorf("an unknown word ended with exit code %d", code)
	}
}

// job is a copy of a repository, and what a runner would have around it.
type job struct {
	*testing.T
	root string
	env  []string
}

func newJob(t *testing.T, repository, bench string) job {
	j := job{T: t, root: t.TempDir()}
	if err := os.Mkdir(j.path("dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	j.write("tool", stub)
	if err := os.Chmod(j.path("tool"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"log", "output", "summary"} {
		j.write(name, "")
	}
	j.env = append(os.Environ(),
		"DIR="+j.path("dir"), "TOOL="+j.path("tool"), "LOG="+j.path("log"),
		"GITHUB_OUTPUT="+j.path("output"), "GITHUB_STEP_SUMMARY="+j.path("summary"),
		"OWN_TOOL=./tool", "SERVER=",
		"MODES=async", "WORKLOADS=hello", "PROFILE=quick", "ROUNDS=8", "ARGS=--engine=loop\n", "BUILD=",
		"BASELINE=", "BASE_SHA=", "SAVE=false", "FAIL_ON_INCONCLUSIVE=false",
		"BENCH="+bench, "COMPARE="+bench)
	j.env = append(j.env, noSettings...)
	if err := os.CopyFS(j.path("work"), os.DirFS(repository)); err != nil {
		t.Fatal(err)
	}
	return j
}

// origin makes a repository of two commits that fetches from itself, and returns the first commit.
func origin(t *testing.T) (dir, old string) {
	t.Helper()
	dir = t.TempDir()
	git := func(args ...string) string {
		c := exec.Command("git", args...)
		c.Dir, c.Env = dir, append(os.Environ(), noSettings...)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("git %s: %v: %s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	git("init", "-q")
	for _, marker := range []string{"old", "new"} {
		if err := os.WriteFile(filepath.Join(dir, "marker"), []byte(marker+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		git("add", "marker")
		git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", marker)
	}
	git("remote", "add", "origin", dir)
	return dir, strings.TrimSpace(git("rev-parse", "HEAD^"))
}

// noSettings has git read no settings of the user's.
var noSettings = []string{"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"}

func (j job) path(name string) string { return filepath.Join(j.root, name) }

func (j job) write(name, text string) {
	j.Helper()
	if err := os.WriteFile(j.path(name), []byte(text), 0o644); err != nil {
		j.Fatal(err)
	}
}

func (j job) read(name string) string {
	j.Helper()
	text, err := os.ReadFile(j.path(name))
	if err != nil {
		j.Fatal(err)
	}
	return string(text)
}

// gate runs the script in the checkout, with some variables set otherwise.
func (j job) gate(word string, env ...string) (out string, code int) {
	j.Helper()
	script, err := filepath.Abs(".ci/gate")
	if err != nil {
		j.Fatal(err)
	}
	c := exec.Command("bash", script, word)
	c.Dir, c.Env = j.path("work"), append(slices.Clone(j.env), env...)
	text, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(text) + string(exit.Stderr), exit.ExitCode()
	} else if err != nil {
		j.Fatal(err)
	}
	return string(text), 0
}
