package bench

import (
	"strings"
	"testing"
	"time"

	"nodecompare/cmd/hosts"
	"nodecompare/loadgen/cpuset"
	"nodecompare/results"
)

// On several hosts each rung lasts two seconds or more, nothing runs between the rungs, and no
// yardstick is in the record.
func TestPlanOnHosts(t *testing.T) {
	o := Options{Modes: []string{"blocking", "async"}, Workloads: []string{"hello", "wait", "cpu"}, Profile: "standard",
		Pin: cpuset.Pin{Auto: true}, Hosts: true}
	p := planned(t, o, plenty)
	if note := p.settings.Pin.Note; note != "server and load are on different hosts" {
		t.Errorf("it says of the CPUs: %s", note)
	}
	if !p.OnHosts() || p.settings.Yardstick != 0 || p.split.Pinned() {
		t.Errorf("yardstick %d, pinned %v", p.settings.Yardstick, p.split.Pinned())
	}
	var sum time.Duration
	for _, s := range p.slots {
		closed := 0
		for _, r := range s.rungs {
			if r.duration < hosts.Least || r.surge != nil || r.poison != nil {
				t.Errorf("%s, %d connections: %v", s.workload.Name, r.connections, r.duration)
			}
			if r.load == results.Closed {
				closed++
				step := p.workload(s.workload.Name).Ladder[closed-1]
				if step.Connections != r.connections || step.DurationS != r.duration.Seconds() {
					t.Errorf("%s, %d connections for %v: the record says %+v", s.workload.Name, r.connections,
						r.duration, step)
				}
			}
			sum += r.duration
		}
		if s.closer || s.base().connections == 0 {
			t.Errorf("%s: closer %v, base %+v", s.workload.Name, s.closer, s.base())
		}
	}
	if p.Duration() < sum {
		t.Errorf("it takes %v, and its rungs alone %v", p.Duration(), sum)
	}
}

func (p *Plan) workload(name string) (of results.Workload) {
	for _, w := range p.settings.Workloads {
		if w.Name == name {
			of = w
		}
	}
	return of
}

// What is for one machine is refused, and named.
func TestPlanOnHostsRefuses(t *testing.T) {
	for says, spoil := range map[string]func(*Options){
		"--cores":          func(o *Options) { o.Cores = []int{1, 2} },
		"--pin":            func(o *Options) { o.Pin = cpuset.Pin{Server: cpuset.CPUs{0}, Generator: cpuset.CPUs{1}} },
		"--load-threads":   func(o *Options) { o.LoadThreads = 2 },
		"is a command":     func(o *Options) { o.Servers = []Server{{Name: "mine", URL: "http://10.0.0.1:80"}} },
		"workload api":     func(o *Options) { o.Workloads = []string{"hello", "api"} },
		"workload live":    func(o *Options) { o.Workloads = []string{"live"} },
		"workload orders":  func(o *Options) { o.Workloads = []string{"orders"} },
		"workload unknown": func(o *Options) { o.Workloads = []string{"unknown"} },
	} {
		o := Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "quick", Hosts: true}
		spoil(&o)
		_, err := newPlan(o, plenty)
		if err == nil || says != "workload unknown" && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}

// What the coordinator's machine has does not bound a load that others make.
func TestPlanOnHostsOfASmallCoordinator(t *testing.T) {
	o := Options{Modes: []string{"async"}, Workloads: []string{"hello"}, Profile: "thorough", Hosts: true,
		Rate: 400_000}
	p := planned(t, o, usualBase)
	if top := p.settings.Workloads[0].Top(); top != 10_000 {
		t.Errorf("the ladder ends at %d", top)
	}
	o.Workloads = []string{overloadName}
	if _, err := newPlan(o, plenty); err == nil || !strings.Contains(err.Error(), "second load") {
		t.Errorf("an overload: %v", err)
	}
}
