package bench

import (
	"slices"
	"strings"
	"testing"

	"nodecompare/loadgen/cpuset"
)

// onCPUs is a plan whose servers have these CPUs, and the load the one above them.
func onCPUs(servers cpuset.CPUs, o Options) (*Plan, error) {
	o.Profile, o.Rounds = "quick", 2
	steps, loops := o.Cores, o.Loops
	o.Cores, o.Loops = nil, ""
	p, err := newPlan(o, plenty)
	if err != nil {
		return nil, err
	}
	p.split, p.auto = cpuset.Split{Server: servers, Generator: cpuset.CPUs{servers[len(servers)-1] + 1}}, false
	p.steps, err = p.newCoreSteps(steps, loops)
	return p, err
}

func TestStepsOfCores(t *testing.T) {
	p, err := onCPUs(cpuset.CPUs{2, 3, 4, 5}, Options{Modes: []string{"async", "goroutine"},
		Workloads: []string{"hello", "wait", "db", "mix"}, Cores: []int{4, 1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	more := p.overCores()
	if want := 2 * 2 * 2 * 3; len(more.slots) != want { // rounds, modes, the workloads that do not wait, steps
		t.Errorf("%d trials, want %d", len(more.slots), want)
	}
	for _, s := range more.slots {
		want := map[int]string{1: "2", 2: "2-3", 4: "2-5"}[len(s.cpus)]
		if s.cpus.String() != want || !slices.Equal(more.serverCPUs(s), s.cpus) || s.loops != len(s.cpus) ||
			len(s.rungs) != 1 || s.base().connections != 64 || s.workload.Wait > 0 {
			t.Errorf("%+v", s)
		}
	}
	if d := p.steps.described(); d.Loops != "auto" || len(d.Steps) != 3 || d.Steps[2].CPUs != "2-5" {
		t.Errorf("%+v", d)
	}
	if p.Whole() <= p.Duration() {
		t.Error("the steps take no time")
	}
}

func TestLoopsOfSteps(t *testing.T) {
	p, err := onCPUs(cpuset.CPUs{0, 1}, Options{Modes: []string{"async"}, Workloads: []string{"hello"},
		Cores: []int{1, 2}, Loops: "10"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range p.overCores().slots {
		c, err := s.mode.command("none", nil, s.loops)
		if err != nil || s.loops != 10 || !slices.Contains(c.Args, "--loops=10") {
			t.Errorf("%q, %v", c.Args, err)
		}
	}
	if d := p.steps.described(); d.Loops != "10" {
		t.Errorf("%+v", d)
	}
}

func TestStepsThatCannotBe(t *testing.T) {
	hello := []string{"hello"}
	for want, o := range map[string]Options{
		"the servers have 2 (CPU 0-1)": {Workloads: hello, Cores: []int{1, 4}},
		"--cores=0: at least 1":        {Workloads: hello, Cores: []int{0, 1}},
		"2 is named twice":             {Workloads: hello, Cores: []int{1, 2, 2}},
		"give two steps or more":       {Workloads: hello, Cores: []int{2}},
		"--loops=many: give auto":      {Workloads: hello, Cores: []int{1, 2}, Loops: "many"},
		"--loops=2 is of the steps":    {Workloads: hello, Loops: "2"},
		"on none of these workloads":   {Workloads: []string{"wait", "mix", "live"}, Cores: []int{1, 2}},
	} {
		o.Modes = []string{"async"}
		if _, err := onCPUs(cpuset.CPUs{0, 1}, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want: %s", o, err, want)
		}
	}
}
