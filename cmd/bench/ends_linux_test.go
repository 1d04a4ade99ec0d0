package bench_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"nodecompare/cmd/bench"
	"nodecompare/thorough"
)

// A server that dies in the pilot has failed: it is said at once, it is in the record, and it
// counts.
func TestDeathInThePilotCounts(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	p := plan(t, 1, "async")
	var log bytes.Buffer
	stop := make(chan struct{})
	killer := make(chan error, 1)
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var began time.Time
		for {
			select {
			case <-stop:
				killer <- nil
				return
			case <-tick.C:
			}
			pid := childThat(t, bench.YardstickCommand, "serve")
			if pid > 0 && began.IsZero() {
				began = time.Now()
			}
			if pid > 0 && time.Since(began) > 100*time.Millisecond {
				killer <- syscall.Kill(pid, syscall.SIGKILL)
				return
			}
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lines := &bench.Lines{W: &log}
	r, err := bench.Run(ctx, p, on{step: func(int) { cancel() }, say: lines.Say}) // the trial that follows goes well
	close(stop)
	if killErr := <-killer; !errors.Is(err, context.Canceled) || killErr != nil {
		t.Fatal(err, killErr)
	}
	checkNoChildren(t)
	if len(r.PilotFailures) != 1 || !strings.Contains(r.PilotFailures[0].Reason, "was ended by signal 9") {
		t.Errorf("pilot failures: %+v", r.PilotFailures)
	}
	if err := bench.Failed(r); err == nil || !strings.Contains(err.Error(), "failed before the first round") {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "pilot, async on hello: FAILED: server async: pid ") {
		t.Errorf("progress:\n%s", log.String())
	}
}

// A server that answers the first question and then nothing but errors fails every trial, at once.
func TestServerThatAnswersNothingFails(t *testing.T) {
	thorough.Only(t)
	defer goleak.VerifyNone(t)
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) > 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer s.Close()
	p, err := own(t, bench.Options{Workloads: []string{"hello"}, Rounds: 2}, []string{"u=" + s.URL}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	for _, trial := range r.Trials {
		if !strings.Contains(trial.Failure, "no request was answered as it should be: ") ||
			!strings.Contains(trial.Failure, "500") {
			t.Errorf("trial: %q", trial.Failure)
		}
	}
	if err := bench.Failed(r); err == nil || !strings.Contains(err.Error(), "2 of 2 trials failed") {
		t.Errorf("got %v", err)
	}
}

// A server that hangs in the pilot and in a trial is not waited for in the others.
func TestServerThatHangsIsGivenUp(t *testing.T) {
	thorough.Only(t) // two timeouts of requests
	defer goleak.VerifyNone(t)
	defer bench.Impatient()()
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	p, err := own(t, bench.Options{Workloads: []string{"hello"}, Rounds: 4}, []string{"u=" + s.URL}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := bench.Run(t.Context(), p, bench.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	for i, trial := range r.Trials {
		want := "timeout"
		if i > 0 {
			want = "not tried again: it has hung on hello 2 times in a row, and every request timed out"
		}
		if !strings.Contains(trial.Failure, want) || i > 0 && trial.ElapsedS > 1 {
			t.Errorf("trial %d, %v s: %q, want %q", i, trial.ElapsedS, trial.Failure, want)
		}
	}
	if len(r.Trials) != 4 || len(r.PilotFailures) != 1 {
		t.Errorf("%d trials, pilot failures %+v", len(r.Trials), r.PilotFailures)
	}
}

// A bench of more than a day is refused before it is laid out.
func TestEndlessBenchIsRefused(t *testing.T) {
	began := time.Now()
	_, err := bench.NewPlan(bench.Options{Modes: []string{"async"}, Workloads: []string{"hello"},
		Profile: "quick", Rounds: 1 << 62})
	if err == nil || !strings.Contains(err.Error(), "24 is the most") || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
