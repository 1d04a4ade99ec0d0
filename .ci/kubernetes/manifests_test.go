// Package kubernetes checks the manifests of docs/kubernetes against Kubernetes's own types. It is a
// module of its own, so that these are no dependency of the program.
package kubernetes

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const folder = "../../docs/kubernetes/"

// decode returns the objects of all manifests. A field that Kubernetes does not know is an error.
func decode(t *testing.T) (jobs map[string]batch.Job, services map[string]core.Service) {
	t.Helper()
	jobs, services = map[string]batch.Job{}, map[string]core.Service{}
	files, err := filepath.Glob(folder + "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests in %s: %v", folder, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, document := range strings.Split(string(text), "\n---\n") {
			var kind struct {
				Kind string `json:"kind"`
			}
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			switch kind.Kind {
			case "Job":
				var j batch.Job
				if err := yaml.UnmarshalStrict([]byte(document), &j); err != nil {
					t.Errorf("%s: %v", file, err)
				}
				jobs[j.Name] = j
			case "Service":
				var s core.Service
				if err := yaml.UnmarshalStrict([]byte(document), &s); err != nil {
					t.Errorf("%s: %v", file, err)
				}
				services[s.Name] = s
			default:
				t.Errorf("%s has a %q", file, kind.Kind)
			}
		}
	}
	return jobs, services
}

// The manifests decode strictly, and agree with each other: agents join at the Service, which is
// that of the coordinator's pods, and there are as many as it waits for.
func TestManifests(t *testing.T) {
	jobs, services := decode(t)
	if len(jobs) != 3 || len(services) != 1 {
		t.Fatalf("%d jobs and %d services, want 3 and 1", len(jobs), len(services))
	}
	args := func(job string) []string { return jobs[job].Spec.Template.Spec.Containers[0].Args }
	service := services["nodecompare"]
	for key, value := range service.Spec.Selector {
		if jobs["nodecompare"].Spec.Template.Labels[key] != value {
			t.Errorf("the Service selects %s=%s, which the coordinator has not", key, value)
		}
	}
	load := jobs["nodecompare-load"].Spec
	if load.CompletionMode == nil || *load.CompletionMode != batch.IndexedCompletion ||
		*load.Completions != *load.Parallelism {
		t.Error("the job of the load is not an indexed one that runs all of its pods at once")
	}
	if !slices.Contains(args("nodecompare"), "--agents=3") || *load.Completions != 2 {
		t.Errorf("%d agents make load beside the serving one, and the coordinator has %q", *load.Completions,
			args("nodecompare"))
	}
	join := "--join=nats://" + service.Name + ":4222"
	for _, job := range []string{"nodecompare-server", "nodecompare-load"} {
		if !slices.Contains(args(job), join) || service.Spec.Ports[0].Port != 4222 {
			t.Errorf("%s does not join at the Service: %q", job, args(job))
		}
		pod := jobs[job].Spec.Template
		affinity := pod.Spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0]
		for key, value := range affinity.LabelSelector.MatchLabels {
			if pod.Labels[key] != value {
				t.Errorf("%s is kept apart from %s=%s, and is none", job, key, value)
			}
		}
		for name, limit := range pod.Spec.Containers[0].Resources.Limits {
			if request := pod.Spec.Containers[0].Resources.Requests[name]; request.Cmp(limit) != 0 {
				t.Errorf("%s: %s is requested %v, and limited to %v", job, name, &request, &limit)
			}
		}
	}
	if !slices.Contains(args("nodecompare-server"), "--role=server") {
		t.Error("nobody serves")
	}
}
