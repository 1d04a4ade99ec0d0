package bench

import (
	"fmt"
	"strings"

	"nodecompare/servers/workload"
)

// Special are the workloads that only a bench has: requests of others, under loads of their own.
func Special() []workload.Workload {
	var all []workload.Workload
	for _, b := range blasts {
		all = append(all, under(b.name, b.summary, b.innocent))
	}
	over := under(overloadName, overloadSummary, "mix")
	over.Target, over.CPU = workload.MixTarget(overloadWait, overloadCompute), overloadCompute
	return append(all, over)
}

// under is the workload with that original name under a new one.
func under(name, summary, original string) workload.Workload {
	w, err := workload.Named(original)
	if err != nil {
		panic(err) // our own tables name none that there is not
	}
	w.Name, w.Summary = name, summary
	return w
}

// workloadNamed is workload.Named with the special ones as well.
func workloadNamed(name string) (workload.Workload, error) {
	w, err := workload.Named(name)
	if err == nil {
		return w, nil
	}
	var more []string
	for _, w := range Special() {
		if w.Name == name {
			return w, nil
		}
		more = append(more, w.Name)
	}
	return w, fmt.Errorf("%w, %s", err, strings.Join(more, ", "))
}
